"""Where a run stands, derived from its state."""

from ..model import Phase, RunState

QUIET = 2


def advance(state: RunState) -> RunState:
    """The same state in the phase that it has reached."""
    return state.model_copy(update={"phase": _phase(state)})


def _phase(state: RunState) -> Phase:
    plan, seen = state.plan, state.observation
    if state.closed and state.verdict:
        return state.verdict.phase
    if state.verdict:
        return Phase.CLEANING
    if plan is None or seen is None:
        return Phase.PLANNING
    if seen.control.paused:
        return Phase.PAUSED
    if state.seeded < plan.units:
        return Phase.RUNNING if seen.progress else Phase.SEEDING
    if pending_redrive(state):
        return Phase.DRAINING
    if state.finishing:
        return Phase.FINISHING
    # Counts of a queue are approximate: it is empty when it looked so twice. An audit that has
    # begun goes on, whatever it puts back on the queue.
    return Phase.AUDITING if state.audited or state.quiet >= QUIET else Phase.DRAINING


def pending_redrive(state: RunState) -> bool:
    """Whether somebody wishes a redrive that has not been carried out."""
    seen = state.observation
    return seen is not None and len(seen.control.redrives) > state.redrives_done
