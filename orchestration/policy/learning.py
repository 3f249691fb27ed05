"""Folding an observation into the state."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from worker_image.contract import ExitCode

from ..model import GroupView, Observation, Refusal, RunState, Slot, SlotStatus
from .easing import eased
from .judging import judged
from .phases import advance
from .placing import lacks_room, of_slot
from .refusing import EVICTION_SECONDS, refused, shut, tried
from .slots import Key, active, as_seen, counted, key, running, update, vacate

# A group that was created and is not listed yet may be on its way into the list.
UNSEEN_GRACE = timedelta(minutes=2)
# How much of the measured speed the newest look is worth.
NEWEST = 0.3
# With these a worker ends by itself; any other end of a spot group passes for an eviction.
OWN_WORDS = frozenset(ExitCode)


def learn(state: RunState, observation: Observation, now: datetime) -> RunState:
    """Fold one look at the services into the state."""
    before, state = state, _adopt(state, observation, now)
    views = {key(view): view for view in observation.groups}
    state = _understand_ends(before, _see(state, views), views, now)
    state = counted(before, _free_lost(state, views, now))
    news = {
        "observation": observation,
        "observed": now,
        "deleting": _still_shown(state, observation),
        "speed": _speed(before, observation, now),
        "quiet": state.quiet + 1 if observation.queued == 0 else 0,
        "refusals": {} if _any_starts(before, observation) else state.refusals,
    }
    state = eased(state.model_copy(update=news), before.observation, now)
    if _progressed(before.observation, observation):
        state = state.model_copy(update={"progressed": now, "losses": 0})
    elif _waits(state, now):
        state = state.model_copy(update={"progressed": now})
    return advance(judged(state, now))


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
    slots = tuple(slot for _, slot in sorted((known | new).items()))
    return state.model_copy(update={"slots": slots})


def _is_newer(view: GroupView, slot: Slot | None) -> bool:
    return slot is None or (slot.status is SlotStatus.GONE and view.attempt > slot.attempt)


def _see(state: RunState, views: Mapping[Key, GroupView]) -> RunState:
    """The slots as their groups look, of which one that was never answered is one more used."""
    here = (slot for slot in state.slots if slot.status is not SlotStatus.GONE)
    present = [slot for slot in here if key(slot) in views]
    used = state.groups_used + sum(not slot.answered for slot in present)
    state = update(state, {key(slot): as_seen(slot, views[key(slot)]) for slot in present})
    return state.model_copy(update={"groups_used": used})


def _free_lost(state: RunState, views: Mapping[Key, GroupView], now: datetime) -> RunState:
    lost = _lost(state, views, now)
    # What was never answered, and is not there, never was: no loss.
    unmade = {key(slot) for slot in state.slots if not slot.answered} & lost
    return vacate(update(state, {k: {"retired": True} for k in unmade}), lost, now)


def _lost(state: RunState, views: Mapping[Key, GroupView], now: datetime) -> set[Key]:
    """The groups that were there and are no longer, or never came to be."""
    return {
        key(slot)
        for slot in state.slots
        if key(slot) not in views
        and (slot.status is not SlotStatus.REQUESTED or now - slot.requested > UNSEEN_GRACE)
    }


def _still_shown(state: RunState, look: Observation) -> dict[str, datetime]:
    """The deletions of groups that still show; of all others a long run keeps nothing."""
    shown = {view.name for view in look.groups}
    return {name: at for name, at in state.deleting.items() if name in shown}


def _understand_ends(
    before: RunState, state: RunState, views: Mapping[Key, GroupView], now: datetime
) -> RunState:
    """Learn from each group that was at work at the last look and is over at this one."""
    worked = {key(slot) for slot in active(before)}
    ended = [slot for slot in state.slots if slot.status is SlotStatus.OVER and key(slot) in worked]
    refusals = {key(slot): view.refusal for slot in ended if (view := views[key(slot)]).refusal}
    state = tried(state, filter(None, refusals.values()))
    for slot in ended:
        if refusal := refusals.get(key(slot)):  # it had been accepted, and failed later: no loss
            words = _words(views[key(slot)], refusal)
            state = refused(state, refusal, of_slot(slot), words, now)
            state = update(state, {key(slot): {"retired": True}})
        elif slot.spot and not slot.retired and slot.exit_code not in OWN_WORDS:
            state = shut(state, of_slot(slot), EVICTION_SECONDS, now)
    return state


def _words(view: GroupView, refusal: Refusal) -> str:
    return f"{view.name}: {refusal.code}: {view.detail}"


def _progressed(before: Observation | None, look: Observation) -> bool:
    """Whether the workers have done anything; the count of a queue may waver by itself.

    The finishing step takes hours and shows nothing but that a worker is at it still.
    """
    return before is None or _signs(look) != _signs(before)


def _signs(look: Observation) -> tuple[object, ...]:
    return look.progress, look.dead, look.finishing


def _any_starts(before: RunState, look: Observation) -> bool:
    """Whether a container group runs that did not at the look before."""
    return bool(running(look) - (running(before.observation) if before.observation else set()))


def _waits(state: RunState, now: datetime) -> bool:
    """Whether nothing can go on and nothing is wrong: the run is paused, or nowhere is room."""
    if state.plan is None or state.observation is None:
        return False
    return state.observation.control.paused or lacks_room(state, now)


def _speed(before: RunState, look: Observation, now: datetime) -> float | None:
    """Units of all stages per running group and second, the newest look counted with the others."""
    if before.observation is None or before.observed is None:
        return None
    seconds = (now - before.observed).total_seconds()
    count = len(running(before.observation))
    done = _units(look) - _units(before.observation)
    if seconds <= 0 or not count or done < 0:
        return before.speed
    newest = done / (seconds * count)
    return newest if before.speed is None else (1 - NEWEST) * before.speed + NEWEST * newest


def _units(look: Observation) -> int:
    return sum(progress.units for progress in look.progress.values())
