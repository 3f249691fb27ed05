"""Folding an observation into the state."""

from datetime import datetime

from ..model import GroupView, Observation, RunState, Slot, SlotStatus
from .judging import judge
from .phases import advance
from .slots import vacate


def learn(state: RunState, observation: Observation, now: datetime) -> RunState:
    """Fold one look at the services into the state."""
    views = {(view.ordinal, view.attempt): view for view in observation.groups}
    state = _adopt(state, observation, now)
    slots = tuple(_see(slot, views.get((slot.ordinal, slot.attempt))) for slot in state.slots)
    lost = {
        (slot.ordinal, slot.attempt)
        for slot in slots
        if slot.status in (SlotStatus.LIVE, SlotStatus.OVER)
        and (slot.ordinal, slot.attempt) not in views
    }
    progressed = _progressed(state, observation)
    state = vacate(state.model_copy(update={"slots": slots}), lost, now).model_copy(
        update={
            "observation": observation,
            "progressed": now if progressed else state.progressed,
            "replaced": 0 if progressed else state.replaced,
            "quiet": state.quiet + 1 if observation.queued == 0 else 0,
        }
    )
    return advance(state.model_copy(update={"verdict": state.verdict or judge(state, now)}))


def _adopt(state: RunState, observation: Observation, now: datetime) -> RunState:
    """Take in groups whose creation was carried out but never reported."""
    known = {slot.ordinal: slot for slot in state.slots}
    first = state.plan.first_attempt if state.plan else 0
    unknown = (
        view
        for view in observation.groups
        if view.attempt >= first and _is_newer(view, known.get(view.ordinal))
    )
    new = {
        view.ordinal: Slot(ordinal=view.ordinal, attempt=view.attempt, requested=now)
        for view in unknown
    }
    return state.model_copy(
        update={
            "slots": tuple(slot for _, slot in sorted((known | new).items())),
            "groups_used": state.groups_used + len(new),
        }
    )


def _is_newer(view: GroupView, slot: Slot | None) -> bool:
    return slot is None or (slot.status is SlotStatus.GONE and view.attempt > slot.attempt)


def _see(slot: Slot, view: GroupView | None) -> Slot:
    if view is None or slot.status is SlotStatus.GONE:
        return slot
    return slot.model_copy(
        update={
            "status": SlotStatus.OVER if view.over else SlotStatus.LIVE,
            "started": view.started or slot.started,
            "ended": view.ended or slot.ended,
            "exit_code": view.exit_code,
            "retired": view.over and view.exit_code == 0,
        }
    )


def _progressed(state: RunState, seen: Observation) -> bool:
    before = state.observation
    if before is None:
        return True
    return (seen.progress, seen.queued, seen.dead) != (before.progress, before.queued, before.dead)
