"""The places of a run's fleet."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from worker_image.contract import naming

from ..model import GroupView, Observation, RunState, Slot, SlotStatus
from .money import billed

Key = tuple[int, int]
"""Ordinal and attempt."""


def key(item: Slot | GroupView) -> Key:
    """What tells one container group of a run from all others, for ever."""
    return (item.ordinal, item.attempt)


def group_name(run: str, slot: Slot) -> str:
    """The name of the slot's container group."""
    return naming.container_group(run, slot.ordinal, slot.attempt)


def find(state: RunState, ordinal: int, attempt: int) -> Slot | None:
    """The slot of a group that the run knows."""
    return next((slot for slot in state.slots if key(slot) == (ordinal, attempt)), None)


def active(state: RunState) -> list[Slot]:
    """The slots whose groups work, or will: requested or live."""
    return [slot for slot in state.slots if slot.status in (SlotStatus.REQUESTED, SlotStatus.LIVE)]


def running(look: Observation) -> set[Key]:
    """The groups that run as Azure shows it."""
    return {key(view) for view in look.groups if view.state == "Running" and not view.over}


def as_seen(slot: Slot, view: GroupView) -> dict[str, Any]:
    """What a look at its group changes of a slot."""
    return {
        "status": SlotStatus.OVER if view.over else SlotStatus.LIVE,
        "region": view.region or slot.region,
        "spot": view.spot,
        "answered": True,
        "started": slot.started or view.started,
        "ended": view.ended or slot.ended if view.over else None,  # it may be run again
        "exit_code": view.exit_code,
        "retired": slot.retired or (view.over and view.exit_code == 0),
    }


def update(state: RunState, changes: Mapping[Key, Mapping[str, Any]]) -> RunState:
    """The same state with some slots changed."""
    slots = (
        slot.model_copy(update=changes[key(slot)]) if key(slot) in changes else slot
        for slot in state.slots
    )
    return state.model_copy(update={"slots": tuple(slots)})


def counted(before: RunState, state: RunState) -> RunState:
    """The state with the groups counted as losses that worked before and work no more."""
    working, ours = {key(slot) for slot in active(state)}, {key(slot): slot for slot in state.slots}
    losses = sum(
        key(slot) not in working and not ours[key(slot)].retired for slot in active(before)
    )
    return state.model_copy(update={"losses": state.losses + losses})


def vacate(state: RunState, gone: Collection[Key], now: datetime) -> RunState:
    """Free the slots whose groups no longer exist and keep what they cost."""
    left = [
        slot for slot in state.slots if key(slot) in gone and slot.status is not SlotStatus.GONE
    ]
    seconds = {key(slot): billed(slot, now) for slot in left}
    spot = sum(seconds[key(slot)] for slot in left if slot.spot)
    freed = {key(slot): {"status": SlotStatus.GONE, "ended": slot.ended or now} for slot in left}
    return update(state, freed).model_copy(
        update={
            "billed_seconds": state.billed_seconds + sum(seconds.values()),
            "spot_seconds": state.spot_seconds + spot,
        }
    )
