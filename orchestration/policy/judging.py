"""Whether a run must end before its work is done: one small rule for each reason."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ..model import Phase, RunLimits, RunState, Verdict
from .money import spent


def judge(state: RunState, now: datetime) -> Verdict | None:
    """Whether the run must end before its work is done, and how."""
    return next((verdict for rule in RULES if (verdict := rule(state, now))), None)


def _cancelled(state: RunState, _: datetime) -> Verdict | None:
    control = state.observation.control if state.observation else None
    if control and control.cancel:
        return Verdict(phase=Phase.CANCELLED, reason=control.reason or "cancelled on request")
    return None


def _past_deadline(state: RunState, now: datetime) -> Verdict | None:
    if state.plan and now - state.started > timedelta(seconds=state.plan.limits.deadline):
        return failed(f"the deadline of {state.plan.limits.deadline:.0f} s has passed")
    return None


def _too_many_failures(state: RunState, _: datetime) -> Verdict | None:
    tolerated = state.plan.limits.tolerated_failures if state.plan else None
    dead = state.observation.dead if state.observation else 0
    if tolerated is not None and dead > tolerated:
        return failed(f"{dead} units failed and {tolerated} are tolerated")
    return None


def _too_expensive(state: RunState, now: datetime) -> Verdict | None:
    cap = state.plan.limits.cost if state.plan else None
    if cap is not None and spent(state, now) >= cap:
        return failed(f"the cost cap of {cap} is reached")
    return None


def _stalled(state: RunState, now: datetime) -> Verdict | None:
    limits = state.plan.limits if state.plan else RunLimits()
    if now - state.progressed > timedelta(seconds=limits.stall_timeout):
        return failed(f"no progress for {limits.stall_timeout:.0f} s{_last_note(state)}")
    return None


def _dying_workers(state: RunState, _: datetime) -> Verdict | None:
    if state.plan and state.replaced > state.plan.limits.replacements:
        codes = sorted({slot.exit_code for slot in state.slots if slot.exit_code is not None})
        return failed(
            f"{state.replaced} container groups in a row ended without any progress, "
            f"exit codes {codes}{_last_note(state)}"
        )
    return None


RULES: tuple[Callable[[RunState, datetime], Verdict | None], ...] = (
    _cancelled,
    _too_many_failures,
    _too_expensive,
    _past_deadline,
    _dying_workers,
    _stalled,
)


def failed(reason: str) -> Verdict:
    """The verdict of a run that was stopped."""
    return Verdict(phase=Phase.FAILED, reason=reason)


def _last_note(state: RunState) -> str:
    return f"; last: {state.notes[-1]}" if state.notes else ""
