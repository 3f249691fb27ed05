"""Folding the outcomes of decisions into the state."""

from collections.abc import Sequence
from datetime import datetime

from ..model import (
    Account,
    Audit,
    Close,
    Decision,
    Outcome,
    Phase,
    Prepare,
    Provision,
    Redrive,
    Remedy,
    Remove,
    RunState,
    Seed,
    Slot,
    Verdict,
)
from .deciding import RESEEDS
from .judging import failed, judge
from .phases import advance
from .slots import group_name, vacate

STUMBLES = 240
NOTES = 5


def settle(
    state: RunState, decisions: Sequence[Decision], outcomes: Sequence[Outcome], now: datetime
) -> RunState:
    """Fold the outcomes of a turn's decisions into the state, in their order."""
    errors = False
    for decision, outcome in zip(decisions, outcomes, strict=True):
        if outcome.error:
            state = note(state, outcome.error)
        if outcome.refusal and outcome.refusal.remedy is Remedy.FATAL:
            state = state.model_copy(update={"verdict": state.verdict or failed(outcome.error)})
        elif not outcome.error:
            state = _settle_one(state, decision, outcome, now)
        errors |= bool(outcome.error)
    return advance(state.model_copy(update={"stumbles": state.stumbles + 1 if errors else 0}))


def _settle_one(state: RunState, decision: Decision, outcome: Outcome, now: datetime) -> RunState:
    match decision:
        case Prepare():
            return _settle_prepare(state, outcome)
        case Seed():
            return _settle_seed(state, decision)
        case Provision():
            return _settle_provision(state, decision, now)
        case Remove():
            return _settle_remove(state, decision, outcome, now)
        case Redrive():
            return state.model_copy(update={"redrives_done": decision.number, "reseeds": 0})
        case Audit():
            return _settle_audit(state, decision, outcome)
        case Close():
            closed = {"closed": True} if outcome.count else {"verdict": None, "quiet": 0}
            return state.model_copy(update=closed)


def _settle_prepare(state: RunState, outcome: Outcome) -> RunState:
    plan = outcome.plan
    if plan is None:  # a long listing is frozen over several turns
        return state
    return state.model_copy(
        update={
            "plan": plan,
            "seeded": plan.units if plan.resumed else 0,
            "redrives_done": plan.redrives_done,
        }
    )


def _settle_seed(state: RunState, decision: Seed) -> RunState:
    # A page counts only if all pages before it do.
    if decision.first != state.seeded:
        return state
    return state.model_copy(update={"seeded": state.seeded + decision.count, "quiet": 0})


def _settle_provision(state: RunState, decision: Provision, now: datetime) -> RunState:
    before = next((slot for slot in state.slots if slot.ordinal == decision.ordinal), None)
    if before and before.attempt == decision.attempt:
        return state
    slot = Slot(ordinal=decision.ordinal, attempt=decision.attempt, requested=now)
    others = (other for other in state.slots if other.ordinal != decision.ordinal)
    replaced = before is not None and not before.retired
    return state.model_copy(
        update={
            "slots": tuple(sorted((*others, slot), key=lambda item: item.ordinal)),
            "groups_used": state.groups_used + 1,
            "replaced": state.replaced + replaced,
        }
    )


def _settle_remove(state: RunState, decision: Remove, outcome: Outcome, now: datetime) -> RunState:
    if not outcome.count:
        return state
    gone = [
        (slot.ordinal, slot.attempt)
        for slot in state.slots
        if group_name(state.run, slot) == decision.name
    ]
    return vacate(state, gone, now)


def _settle_audit(state: RunState, decision: Audit, outcome: Outcome) -> RunState:
    account = outcome.account
    assert account
    missing = sum(account.missing.values())
    if not missing:
        return state.model_copy(update={"account": account, "verdict": _verdict_of(account)})
    if not decision.reseed:
        verdict = failed(f"{missing} units are missing after {RESEEDS} reseeds: {account.sample}")
        return state.model_copy(update={"account": account, "verdict": verdict})
    fewer = state.account is None or missing < sum(state.account.missing.values())
    reseeds = 1 if fewer else state.reseeds + 1
    return state.model_copy(update={"account": account, "reseeds": reseeds, "quiet": 0})


def _verdict_of(account: Account) -> Verdict:
    dead = sum(account.dead.values())
    if dead:
        return Verdict(phase=Phase.COMPLETED_WITH_FAILURES, reason=f"{dead} units are dead letters")
    return Verdict(phase=Phase.SUCCEEDED)


def stumble(state: RunState, error: str, now: datetime) -> RunState:
    """Note a turn that could not even observe; the rules on time apply all the same."""
    state = note(state, error).model_copy(update={"stumbles": state.stumbles + 1})
    return advance(state.model_copy(update={"verdict": state.verdict or judge(state, now)}))


def helpless(state: RunState) -> bool:
    """Whether the cleanup has failed so often that only the sweeper can help."""
    return state.verdict is not None and state.stumbles >= STUMBLES


def note(state: RunState, text: str) -> RunState:
    """Keep what people should know, the newest few, each once."""
    if text in state.notes[-1:]:
        return state
    return state.model_copy(update={"notes": (*state.notes, text[:500])[-NOTES:]})
