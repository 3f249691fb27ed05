"""Which container groups are deleted now, and why."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from ..model import GroupView, Remove, RunState, Slot, SlotStatus
from .pacing import tokens
from .placing import GROUPS_A_TURN
from .scaling import wanted
from .slots import active, find, group_name, key, update

# A deletion that was asked for is waited for; lost on the way, it is asked for again.
ASK_AGAIN = timedelta(minutes=1)


def removals(state: RunState, now: datetime) -> Iterator[Remove]:
    """Groups that are over, or should be: lost, late, silent, too old, or more than are wanted."""
    assert state.observation
    surplus = {key(slot) for slot in _surplus(state, now)}
    waited_for = _under_way(state, now)
    unwanted = (
        Remove(run=state.run, name=view.name, retire=key(view) in surplus, reason=why)
        for view in state.observation.groups
        if view.name not in waited_for
        and ((why := why_unwanted(state, view, now)) or key(view) in surplus)
    )
    yield from islice(unwanted, min(GROUPS_A_TURN, tokens(state.deletions, now)))


def all_removals(state: RunState, now: datetime) -> Iterator[Remove]:
    """Every group of the run that was ever seen or asked for, until it is proven to be gone.

    None is a loss: the run may go on after all, for a redrive.
    """
    names = sorted(left(state) - _under_way(state, now))
    for name in names[: min(GROUPS_A_TURN, tokens(state.deletions, now))]:
        yield Remove(run=state.run, name=name, retire=True)


def intended(state: RunState, decision: Remove, now: datetime) -> RunState:
    """The state that remembers a deletion before it is asked for."""
    ours = (slot for slot in state.slots if group_name(state.run, slot) == decision.name)
    if decision.retire:
        state = update(state, {key(slot): {"retired": True} for slot in ours})
    return state.model_copy(update={"deleting": {**state.deleting, decision.name: now}})


def left(state: RunState) -> set[str]:
    """The names of all groups that may exist."""
    seen = {view.name for view in state.observation.groups} if state.observation else set()
    return seen | {
        group_name(state.run, slot) for slot in state.slots if slot.status is not SlotStatus.GONE
    }


def _under_way(state: RunState, now: datetime) -> set[str]:
    """The groups that go on to be deleted; one that shows no more is to be proven to be gone."""
    shown = {view.name for view in state.observation.groups} if state.observation else set()
    return {
        name for name in shown & state.deleting.keys() if now - state.deleting[name] <= ASK_AGAIN
    }


def _surplus(state: RunState, now: datetime) -> list[Slot]:
    """The active slots beyond those that are wanted, the youngest places first."""
    most = wanted(state, now)
    return sorted(active(state), key=lambda slot: slot.ordinal)[most:]


def why_unwanted(state: RunState, view: GroupView, now: datetime) -> str:
    """Why a group must go; empty if it may stay."""
    slot = find(state, view.ordinal, view.attempt)
    if slot is None or slot.status is SlotStatus.GONE:
        return "it belongs to no place of the fleet"
    return next((why for rule in RULES if (why := rule(state, slot, view, now))), "")


def _is_over(_: RunState, __: Slot, view: GroupView, ___: datetime) -> str:
    return f"it has ended, exit code {view.exit_code}{_detail(view)}" if view.over else ""


def _starts_too_late(state: RunState, slot: Slot, view: GroupView, now: datetime) -> str:
    assert state.plan
    limit = state.plan.limits.start_timeout
    never_ran = view.state == "Pending" and view.heard is None
    if never_ran and now - slot.requested > timedelta(seconds=limit):
        return f"not running after {limit:.0f} s{_detail(view)}"
    return ""


def _is_silent(state: RunState, slot: Slot, view: GroupView, now: datetime) -> str:
    assert state.plan
    limits = state.plan.limits
    # One that has never spoken may have spent its time to start on pulling the image.
    last = view.heard or slot.requested + timedelta(seconds=limits.start_timeout)
    if now - last > timedelta(seconds=limits.silence_timeout):
        return f"no word from its worker for {limits.silence_timeout:.0f} s{_detail(view)}"
    return ""


def _runs_too_long(state: RunState, slot: Slot, _: GroupView, now: datetime) -> str:
    assert state.plan
    limit = state.plan.limits.run_timeout
    if slot.started and now - slot.started > timedelta(seconds=limit):
        return f"it has run for {limit:.0f} s"
    return ""


def _detail(view: GroupView) -> str:
    return f" ({view.detail})" if view.detail else ""


RULES: tuple[Callable[[RunState, Slot, GroupView, datetime], str], ...] = (
    _is_over,
    _starts_too_late,
    _is_silent,
    _runs_too_long,
)
