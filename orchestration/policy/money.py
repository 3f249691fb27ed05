"""What container groups cost: billed from the start of the image pull until they stopped."""

from datetime import datetime

from ..model import RunState, Slot, SlotStatus
from ..planning import cost


def billed(slot: Slot, now: datetime) -> float:
    """Seconds that a group is billed for: from the start of its image pull until it stopped."""
    if slot.started is None:
        return 0.0
    return max(0.0, ((slot.ended or now) - slot.started).total_seconds())


def spent(state: RunState, now: datetime) -> float:
    """The money that the run has cost so far."""
    if state.plan is None:
        return 0.0
    live = sum(billed(slot, now) for slot in state.slots if slot.status is not SlotStatus.GONE)
    return cost(state.plan.instances, state.plan.prices, state.billed_seconds + live)
