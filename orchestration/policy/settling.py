"""Folding the outcomes of decisions into the state."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ..model import (
    Audit,
    Close,
    Decision,
    Finish,
    Notify,
    Outcome,
    Prepare,
    Provision,
    Redrive,
    Refusal,
    Remedy,
    Remove,
    RunState,
    Seed,
    SlotStatus,
)
from .auditing import audited, restarted
from .finishing import finished
from .judging import failed, judged
from .notifying import told
from .pacing import hold, spend
from .phases import advance
from .placing import Placement
from .refusing import refused, tried
from .seeding import seeded
from .slots import counted, find, group_name, key, update, vacate

STUMBLES = 240
NOTES = 5

Pair = tuple[Decision, Outcome]


def settle(
    state: RunState, decisions: Sequence[Decision], outcomes: Sequence[Outcome], now: datetime
) -> RunState:
    """Fold the outcomes of a turn's decisions into the state, in their order."""
    pairs = list(zip(decisions, outcomes, strict=True))
    state = tried(_paced(state, pairs, now), _refusals(pairs))
    for decision, outcome in pairs:
        if outcome.error:
            state = _failed(note(state, outcome.error), decision, outcome, now)
        else:
            state = _done(state, decision, outcome, now)
    stumbled = any(outcome.error for outcome in outcomes)
    return advance(state.model_copy(update={"stumbles": state.stumbles + 1 if stumbled else 0}))


def _refusals(pairs: Sequence[Pair]) -> Iterator[Refusal]:
    for decision, outcome in pairs:
        if isinstance(decision, Provision) and outcome.refusal:
            yield outcome.refusal


def _paced(state: RunState, pairs: Sequence[Pair], now: datetime) -> RunState:
    """Heed what Azure has said of the pace."""
    said = [(decision, outcome.left) for decision, outcome in pairs if outcome.left]
    created = [left for decision, left in said if isinstance(decision, Provision)]
    deleted = [left for decision, left in said if isinstance(decision, Remove)]
    paces = {
        "creations": spend(state.creations, 0, created, now),
        "deletions": spend(state.deletions, 0, deleted, now),
    }
    return state.model_copy(update=paces)


def _failed(state: RunState, decision: Decision, outcome: Outcome, now: datetime) -> RunState:
    refusal = outcome.refusal
    if refusal is None:
        return state
    match decision:
        case Provision():
            return _not_provisioned(state, decision, outcome, now)
        case Remove():
            held = hold(state.deletions, refusal.wait, now)
            asked = without(state.deleting, decision.name)
            return state.model_copy(update={"deletions": held, "deleting": asked})
    fatal = refusal.remedy is Remedy.FATAL and not state.verdict
    return state.model_copy(update={"verdict": failed(outcome.error)}) if fatal else state


def _done(state: RunState, decision: Decision, outcome: Outcome, now: datetime) -> RunState:
    match decision:
        case Prepare():
            return _prepared(state, outcome, now)
        case Seed():
            return seeded(state, decision, now)
        case Provision() | Remove():
            return _placed(state, decision, outcome, now)
        case Redrive():
            return _redriven(state, decision, outcome)
        case Audit() | Finish():
            return _accounted(state, decision, outcome, now)
        case Notify():
            return told(state, decision)
        case Close():
            return _closed(state, outcome, now)


def _placed(
    state: RunState, decision: Provision | Remove, outcome: Outcome, now: datetime
) -> RunState:
    if isinstance(decision, Provision):
        return _provisioned(state, decision)
    return _removed(state, decision, outcome, now)


def _accounted(
    state: RunState, decision: Audit | Finish, outcome: Outcome, now: datetime
) -> RunState:
    if isinstance(decision, Audit):
        return _audited(state, decision, outcome, now)
    return finished(state, decision, outcome)


def _prepared(state: RunState, outcome: Outcome, now: datetime) -> RunState:
    state, plan = state.model_copy(update={"progressed": now}), outcome.plan
    if plan is None:  # a long listing is frozen over several turns
        return state
    return state.model_copy(update={"plan": plan, "redrives_done": plan.redrives_done})


def _provisioned(state: RunState, decision: Provision) -> RunState:
    slot = find(state, decision.ordinal, decision.attempt)
    if slot is None or slot.answered:
        return state
    state = update(state, {key(slot): {"answered": True}})
    return state.model_copy(update={"groups_used": state.groups_used + 1})


def _not_provisioned(
    state: RunState, decision: Provision, outcome: Outcome, now: datetime
) -> RunState:
    """Free the place, unless the group may be there all the same."""
    assert outcome.refusal
    place = Placement(region=decision.region, spot=decision.spot)
    state = refused(state, outcome.refusal, place, outcome.error, now)
    slot = find(state, decision.ordinal, decision.attempt)
    if slot is None or slot.answered or outcome.refusal.remedy is Remedy.AGAIN:
        return state
    freed = {"status": SlotStatus.GONE, "retired": True}
    return update(state, {key(slot): freed})


def _removed(state: RunState, decision: Remove, outcome: Outcome, now: datetime) -> RunState:
    slot = next((s for s in state.slots if group_name(state.run, s) == decision.name), None)
    if decision.reason and not decision.retire and not (slot and slot.retired):
        state = note(state, f"{decision.name}: {decision.reason}")
    if slot and outcome.group and slot.status is not SlotStatus.GONE:
        times = {"started": outcome.group.started, "ended": outcome.group.ended}
        known = {name: at for name, at in times.items() if at and not getattr(slot, name)}
        state = update(state, {key(slot): known})
    if not outcome.count:  # it was asked for; the next looks tell when it is gone
        return state
    after = vacate(state, {key(slot)}, now) if slot else state
    asked = without(state.deleting, decision.name)
    return counted(state, after).model_copy(update={"deleting": asked})


def without(asked: Mapping[str, datetime], name: str) -> dict[str, datetime]:
    """The deletions that were asked for but one."""
    return {other: at for other, at in asked.items() if other != name}


def _redriven(state: RunState, decision: Redrive, outcome: Outcome) -> RunState:
    if outcome.more:
        return state
    return restarted(state).model_copy(
        update={"redrives_done": decision.number, "reseeds": 0, "quiet": 0}
    )


def _audited(state: RunState, decision: Audit, outcome: Outcome, now: datetime) -> RunState:
    """A part of an audit is progress: of many units it takes longer than a stall."""
    after = audited(state, decision, outcome)
    moved = after.audited != state.audited
    return after.model_copy(update={"progressed": now}) if moved else after


def _closed(state: RunState, outcome: Outcome, now: datetime) -> RunState:
    """The end, or another beginning: the time of the cleanup was no stall."""
    if outcome.count:
        return state.model_copy(update={"closed": True})
    again = {"verdict": None, "quiet": 0, "progressed": now}
    return restarted(state).model_copy(update=again)


def stumble(state: RunState, error: str, now: datetime) -> RunState:
    """Note a turn that brought no answers; the rules on time apply all the same.

    What it may have asked to be deleted is asked for again at the next look: it costs money.
    """
    lost = {"stumbles": state.stumbles + 1, "deleting": {}}
    state = note(state, error).model_copy(update=lost)
    return advance(judged(state, now))


def helpless(state: RunState) -> bool:
    """Whether the cleanup has failed so often that only the sweeper can help."""
    return state.verdict is not None and state.stumbles >= STUMBLES


def note(state: RunState, text: str) -> RunState:
    """Keep what people should know, the newest few, each once."""
    if text in state.notes[-1:]:
        return state
    return state.model_copy(update={"notes": (*state.notes, text[:500])[-NOTES:]})
