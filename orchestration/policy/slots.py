"""The places of a run's fleet."""

from collections.abc import Collection
from datetime import datetime

from worker_image.contract import naming

from ..model import RunState, Slot, SlotStatus
from .money import billed


def group_name(run: str, slot: Slot) -> str:
    """The name of the slot's container group."""
    return naming.container_group(run, slot.ordinal, slot.attempt)


def vacate(state: RunState, gone: Collection[tuple[int, int]], now: datetime) -> RunState:
    """Free the slots whose groups no longer exist and keep what they cost."""
    left = {slot for slot in state.slots if slot.status is not SlotStatus.GONE}
    vacated = {
        slot: slot.model_copy(update={"status": SlotStatus.GONE, "ended": slot.ended or now})
        for slot in left
        if (slot.ordinal, slot.attempt) in gone
    }
    return state.model_copy(
        update={
            "slots": tuple(vacated.get(slot, slot) for slot in state.slots),
            "billed_seconds": state.billed_seconds
            + sum(billed(slot, now) for slot in vacated.values()),
        }
    )
