"""What container groups cost: billed from the start of the image pull until they stopped."""

from datetime import datetime

from ..model import RunState, Slot, SlotStatus
from ..planning import cost

STOP_SECONDS = 30.0


def billed(slot: Slot, now: datetime) -> float:
    """Seconds that a group is billed for: from the start of its image pull until it stopped."""
    if slot.started is None:
        return 0.0
    return max(0.0, ((slot.ended or now) - slot.started).total_seconds())


def spent(state: RunState, now: datetime) -> float:
    """The money that the run has cost so far."""
    left = [slot for slot in state.slots if slot.status is not SlotStatus.GONE]
    live = sum(billed(slot, now) for slot in left)
    spot = sum(billed(slot, now) for slot in left if slot.spot)
    return _money(state, state.billed_seconds + live, state.spot_seconds + spot)


def spent_after(state: RunState, now: datetime, seconds: float) -> float:
    """The money that the run will have cost if its groups go on for so long."""
    running = [slot for slot in state.slots if slot.started and not slot.ended]
    spot = sum(slot.spot for slot in running)
    return spent(state, now) + _money(state, len(running) * seconds, spot * seconds)


def committed(state: RunState, now: datetime) -> float:
    """The money that the run will have cost if it is stopped at the next look.

    Every group that is not known to have ended runs on until then, and some seconds more until
    it has stopped; of one that was not yet seen to start, the start may be one look old.
    """
    assert state.plan
    running = [
        slot for slot in state.slots if slot.status is not SlotStatus.GONE and not slot.ended
    ]
    ahead = sum(_ahead(slot, state.plan.tick) for slot in running)
    spot = sum(_ahead(slot, state.plan.tick) for slot in running if slot.spot)
    return spent(state, now) + _money(state, ahead, spot)


def _ahead(slot: Slot, tick: float) -> float:
    return STOP_SECONDS + (tick if slot.started else 2 * tick)


def _money(state: RunState, seconds: float, spot_seconds: float) -> float:
    if state.plan is None:
        return 0.0
    return cost(state.plan.instances, state.plan.prices, seconds, spot_seconds)
