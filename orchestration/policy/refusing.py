"""What follows when Azure refuses a container group."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ..model import Refusal, Remedy, RunState
from .judging import failed
from .pacing import hold
from .placing import Placement

ROOM_SECONDS = 60.0
REGION_SECONDS = 300.0
EVICTION_SECONDS = 600.0


def tried(state: RunState, refusals: Iterable[Refusal]) -> RunState:
    """The state that counts the refusals of a turn: many of a code at once were one try."""
    counts = {code: state.refusals.get(code, 0) + 1 for code in {item.code for item in refusals}}
    return state.model_copy(update={"refusals": {**state.refusals, **counts}})


def refused(
    state: RunState, refusal: Refusal, place: Placement, error: str, now: datetime
) -> RunState:
    """The state after a refusal that was `tried`: ask again some times, then do what helps."""
    if refusal.remedy is Remedy.AGAIN or state.refusals[refusal.code] <= refusal.tries:
        return state.model_copy(update={"creations": hold(state.creations, refusal.wait, now)})
    match refusal.remedy:
        case Remedy.ROOM:
            return shut(state, place, max(refusal.wait, ROOM_SECONDS), now)
        case Remedy.REGION:
            return shut(state, place, max(refusal.wait, REGION_SECONDS), now)
        case Remedy.FATAL:
            return state.model_copy(update={"verdict": state.verdict or failed(error)})


def shut(state: RunState, place: Placement, seconds: float, now: datetime) -> RunState:
    """Create nothing in a placement for so long, or for longer if it is shut already."""
    until = max(now + timedelta(seconds=seconds), state.full.get(place.key, now))
    return state.model_copy(update={"full": {**state.full, place.key: until}})
