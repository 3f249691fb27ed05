"""Which events of a run are to be told of while it goes on; its end is told when it is closed."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from ..model import Event, Notify, RunState
from .money import spent
from .placing import lacks_room
from .scaling import wanted


def notices(state: RunState, now: datetime) -> Iterator[Notify]:
    """The events that have come about and were not told of; none where nobody listens.

    One whose answer is lost is told of again, under the same name. Once the verdict is known the
    end is what there is to tell.
    """
    if state.plan is None or state.plan.notify is None or state.verdict:
        return
    for event, holds in EVENTS.items():
        if event not in state.told and holds(state, now):
            yield Notify(event=event, at=now, state=state)


def told(state: RunState, decision: Notify) -> RunState:
    """The state that remembers what was told of."""
    return state.model_copy(update={"told": (*state.told, decision.event)})


def _many_dead_letters(state: RunState, _: datetime) -> bool:
    assert state.plan
    assert state.plan.notify
    most = state.plan.notify.dead_letters
    return most is not None and state.observation is not None and state.observation.dead >= most


def _costly(state: RunState, now: datetime) -> bool:
    assert state.plan
    assert state.plan.notify
    most = state.plan.notify.cost
    return most is not None and spent(state, now) >= most


def _stalled(state: RunState, now: datetime) -> bool:
    assert state.plan
    assert state.plan.notify
    seconds = state.plan.notify.stalled or state.plan.limits.patience / 2
    return now - state.progressed > timedelta(seconds=seconds)


def _waits_for_room(state: RunState, now: datetime) -> bool:
    return lacks_room(state, now) and wanted(state, now) > 0


EVENTS: Mapping[Event, Callable[[RunState, datetime], bool]] = {
    Event.DEAD_LETTERS: _many_dead_letters,
    Event.COST: _costly,
    Event.STALLED: _stalled,
    Event.WAITING: _waits_for_room,
}
