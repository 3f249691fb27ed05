"""The last step of a run: what is left to do in the target once every unit is accounted for."""

from ..model import Finish, Finished, Outcome, Phase, RunState, Verdict
from . import auditing
from .judging import failed
from .phases import QUIET

RESEEDS = 3


def finish(state: RunState) -> Finish:
    """A look at the step: its message is sent at first, and again if the queue stays empty."""
    assert state.finishing
    sent = state.finishing.sent
    lost = state.quiet >= QUIET and sent <= RESEEDS
    return Finish(run=state.run, seed=not sent or lost, afresh=not sent)


def finished(state: RunState, decision: Finish, outcome: Outcome) -> RunState:
    """The state after a look; once the step has ended, with the verdict on the whole run."""
    step = state.finishing
    if step is None:
        return state
    if ended := outcome.finished:
        known = step.model_copy(update={"ended": ended})
        verdict = state.verdict or _verdict(state, ended)
        return state.model_copy(update={"finishing": known, "verdict": verdict})
    if decision.seed:
        sent = step.model_copy(update={"sent": step.sent + 1})
        return state.model_copy(update={"finishing": sent, "quiet": 0})
    if state.quiet < QUIET or state.verdict:
        return state
    reason = f"the finishing step has neither receipt nor dead letter after {RESEEDS} reseeds"
    return state.model_copy(update={"verdict": failed(reason)})


def _verdict(state: RunState, ended: Finished) -> Verdict:
    """As the account says; a step that failed is a failure beside its dead letters."""
    assert state.account
    found = auditing.verdict(state.account)
    if not ended.error:
        return found
    reasons = (found.reason, f"the finishing step failed: {ended.error}")
    reason = "; ".join(filter(None, reasons))
    return Verdict(phase=Phase.COMPLETED_WITH_FAILURES, reason=reason)
