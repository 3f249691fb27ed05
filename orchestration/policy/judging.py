"""Whether a run must end before its work is done: one small rule for each reason."""

from collections.abc import Callable
from datetime import datetime, timedelta

from worker_image.contract import ExitCode

from ..model import Phase, RunState, SlotStatus, Verdict
from .money import committed
from .phases import pending_redrive

# A fault of the configuration is the same for every worker: a few of them prove it.
MISCONFIGURED = 3
NO_PLAN_SECONDS = 1_800.0


def judged(state: RunState, now: datetime) -> RunState:
    """The same state with the verdict that a rule demands, if one does.

    What an audit under way has found is forgotten: it goes over everything again at the end.
    """
    if state.verdict or not (found := judge(state, now)):
        return state
    return state.model_copy(update={"verdict": found, "audited": 0, "auditing": None})


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


def _tells(state: RunState) -> bool:
    """Whether the dead letters tell of units: none is to be set aside, none is of the last step."""
    return not (state.finishing or pending_redrive(state))


def _too_many_failures(state: RunState, _: datetime) -> Verdict | None:
    if state.plan is None or state.observation is None or not _tells(state):
        return None
    dead, limits, units = state.observation.dead, state.plan.limits, state.plan.units
    if limits.tolerated_failures is not None and dead > limits.tolerated_failures:
        return failed(f"{dead} units failed and {limits.tolerated_failures} are tolerated")
    if limits.tolerated_percent is not None and 100 * dead > limits.tolerated_percent * units:
        allowed = f"{limits.tolerated_percent:g} % are tolerated"
        return failed(f"{dead} of {units} units failed and {allowed}")
    return None


def _repeated_error(state: RunState, _: datetime) -> Verdict | None:
    """The circuit breaker: one error on a large share of the first units that have ended."""
    if state.plan is None or state.observation is None or not _tells(state):
        return None
    if not state.observation.errors:
        return None
    limits, seen = state.plan.limits, state.observation
    last = seen.progress.get(state.plan.stages[-1])
    ended = max(limits.repeated_error_units, seen.dead + (last.units if last else 0))
    worst = max(seen.errors, key=lambda error: error.units)
    percent = limits.repeated_error_percent
    if percent is not None and 100 * worst.units >= percent * ended:
        return failed(f"{worst.units} of the first units failed alike: {worst.error}")
    return None


def _too_expensive(state: RunState, now: datetime) -> Verdict | None:
    cap = state.plan.limits.cost if state.plan else None
    if cap is not None and committed(state, now) >= cap:
        return failed(f"the cost cap of {cap:g} is reached")
    return None


def _stalled(state: RunState, now: datetime) -> Verdict | None:
    patience = state.plan.limits.patience if state.plan else NO_PLAN_SECONDS
    if now - state.progressed > timedelta(seconds=patience):
        return failed(f"no progress for {patience:.0f} s{likely_cause(state)}")
    return None


def _dying_workers(state: RunState, _: datetime) -> Verdict | None:
    if state.plan is None:
        return None
    over = (slot for slot in state.slots if slot.status in (SlotStatus.OVER, SlotStatus.GONE))
    ended = [slot for slot in over if not slot.retired]
    codes = sorted({slot.exit_code for slot in ended if slot.exit_code is not None})
    bound = state.plan.limits.replacements
    if codes == [ExitCode.CONFIGURATION]:
        bound = min(bound, MISCONFIGURED)
    if state.losses > bound:
        return failed(
            f"{state.losses} container groups in a row ended without any progress, "
            f"exit codes {codes}{_last_note(state)}"
        )
    return None


RULES: tuple[Callable[[RunState, datetime], Verdict | None], ...] = (
    _cancelled,
    _too_many_failures,
    _repeated_error,
    _too_expensive,
    _past_deadline,
    _dying_workers,
    _stalled,
)


def failed(reason: str) -> Verdict:
    """The verdict of a run that was stopped."""
    return Verdict(phase=Phase.FAILED, reason=reason)


def likely_cause(state: RunState) -> str:
    """What may keep a run from any progress, to be put behind that; empty if nobody knows."""
    words = state.observation.pushback if state.observation else ""
    return f"; the target says: {words}" if words else _last_note(state)


def _last_note(state: RunState) -> str:
    return f"; last: {state.notes[-1]}" if state.notes else ""
