"""The actions of a turn."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from ..model import (
    Audit,
    Close,
    Decision,
    GroupView,
    Phase,
    Prepare,
    Provision,
    Redrive,
    Remove,
    RunState,
    Seed,
    SlotStatus,
)
from .phases import pending_redrive
from .slots import group_name

GROUPS_A_TURN = 20
PAGES_A_TURN = 8
RESEEDS = 3
SOON = 1.0
EXPIRY_GRACE = timedelta(hours=1)


def decide(state: RunState, now: datetime) -> tuple[Decision, ...]:
    """The actions of this turn; they are independent and may be carried out in parallel."""
    if state.verdict:
        return _cleanup(state)
    if state.plan is None:
        return (Prepare(run=state.run),)
    if state.phase is Phase.AUDITING:
        return (_audit(state),)
    return (*_redrives(state), *_seeding(state), *_removals(state, now), *_provisions(state, now))


def _audit(state: RunState) -> Audit:
    assert state.plan
    return Audit(run=state.run, first=0, count=state.plan.units, reseed=state.reseeds < RESEEDS)


def _redrives(state: RunState) -> Iterator[Decision]:
    if state.observation and pending_redrive(state):
        number = state.redrives_done
        yield Redrive(
            run=state.run,
            number=number + 1,
            selection=state.observation.control.redrives[number],
        )


def _seeding(state: RunState) -> Iterator[Decision]:
    assert state.plan
    assert state.observation
    room = max(0, state.plan.window - state.observation.queued)
    last = min(state.plan.units, state.seeded + room)
    starts = range(state.seeded, last, state.plan.page)
    for first in islice(starts, PAGES_A_TURN):
        yield Seed(run=state.run, first=first, count=min(state.plan.page, last - first))


def _removals(state: RunState, now: datetime) -> Iterator[Decision]:
    assert state.observation
    unwanted = (view for view in state.observation.groups if _unwanted(state, view, now))
    for view in islice(unwanted, GROUPS_A_TURN):
        yield Remove(run=state.run, name=view.name)


def _unwanted(state: RunState, view: GroupView, now: datetime) -> bool:
    assert state.plan
    place = next(
        (
            slot
            for slot in state.slots
            if (slot.ordinal, slot.attempt) == (view.ordinal, view.attempt)
        ),
        None,
    )
    if view.over or place is None or place.status is SlotStatus.GONE:
        return True
    late = now - place.requested > timedelta(seconds=state.plan.limits.start_timeout)
    return view.state == "Pending" and late


def _provisions(state: RunState, now: datetime) -> Iterator[Decision]:
    assert state.plan
    # A requested group that was not seen is asked for again under its own name: the first
    # request may have been lost, or its reply.
    asked = [slot for slot in state.slots if slot.status is SlotStatus.REQUESTED]
    live = sum(slot.status is SlotStatus.LIVE for slot in state.slots)
    places = [(slot.ordinal, slot.attempt) for slot in asked] + list(_open_places(state))
    wanted = _workers_wanted(state, live + len(asked)) - live
    for ordinal, attempt in places[: max(0, min(wanted, GROUPS_A_TURN))]:
        yield Provision(
            run=state.run,
            ordinal=ordinal,
            attempt=attempt,
            region=state.plan.regions[0],
            expires=_expiry(state, now),
        )


def _workers_wanted(state: RunState, active: int) -> int:
    assert state.plan
    assert state.observation
    waiting = state.observation.queued + state.plan.units - state.seeded
    # What the active workers hold or reach at once needs no further worker: so a worker that
    # left by itself at the end of a run is not replaced.
    if waiting <= 2 * active * state.plan.instances.concurrency:
        return active
    return min(state.plan.instances.most, waiting)


def _open_places(state: RunState) -> Iterator[tuple[int, int]]:
    assert state.plan
    taken = {slot.ordinal: slot for slot in state.slots}
    for ordinal in range(1, state.plan.instances.most + 1):
        slot = taken.get(ordinal)
        if slot is None:
            yield ordinal, state.plan.first_attempt
        elif slot.status is SlotStatus.GONE:
            yield ordinal, slot.attempt + 1


def _expiry(state: RunState, now: datetime) -> datetime:
    assert state.plan
    end = state.started + timedelta(seconds=state.plan.limits.deadline)
    return max(end, now) + EXPIRY_GRACE


def _cleanup(state: RunState) -> tuple[Decision, ...]:
    seen = {view.name for view in state.observation.groups} if state.observation else set()
    unseen = {
        group_name(state.run, slot) for slot in state.slots if slot.status is not SlotStatus.GONE
    }
    left = sorted(seen | unseen)
    if left:
        return tuple(Remove(run=state.run, name=name) for name in left[:GROUPS_A_TURN])
    return (Close(state=state),)


def next_look(state: RunState, now: datetime) -> datetime:
    """When to look again: soon while there is something to push on, else at the next tick."""
    plan, seen = state.plan, state.observation
    if plan is None or seen is None:
        return now + timedelta(seconds=SOON)
    hungry = state.seeded < plan.units and seen.queued < plan.window // 2
    pushing = state.verdict or hungry or (state.quiet and state.seeded == plan.units)
    return now + timedelta(seconds=min(SOON, plan.tick) if pushing else plan.tick)
