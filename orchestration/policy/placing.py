"""Where the next container groups go."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, islice

from ..model import Provision, RunState, Slot, SlotStatus, Value
from .pacing import tokens
from .scaling import wanted
from .slots import active, find, key, update

GROUPS_A_TURN = 20
EXPIRY_GRACE = timedelta(hours=1)


class Placement(Value):
    """A region, at one of its two prices."""

    region: str
    spot: bool

    @property
    def key(self) -> str:
        """How the state names it."""
        return f"{self.region}/spot" if self.spot else self.region


def of_slot(slot: Slot) -> Placement:
    """Where a slot's group is."""
    return Placement(region=slot.region, spot=slot.spot)


def provisions(state: RunState, now: datetime) -> Iterator[Provision]:
    """The container groups to create now: no more than are wanted, have room, and are in pace.

    First those that were asked for without an answer: they may be there, and are then adopted.
    """
    assert state.plan
    working, most = active(state), wanted(state, now)
    asked = [slot for slot in working[:most] if not slot.answered]
    again = [(key(slot), of_slot(slot)) for slot in asked]
    new = zip(open_places(state), _rooms(state, now), strict=False)
    wishes = chain(again, islice(new, max(0, most - len(working))))
    for (ordinal, attempt), place in islice(
        wishes, min(GROUPS_A_TURN, tokens(state.creations, now))
    ):
        yield Provision(
            run=state.run,
            ordinal=ordinal,
            attempt=attempt,
            region=place.region,
            spot=place.spot,
            expires=_expiry(state, now),
            image=state.plan.image,
        )


def intended(state: RunState, decision: Provision, now: datetime) -> RunState:
    """The state that remembers a creation before it is asked for: no answer may ever come.

    One that is asked for again has its time to show from now on.
    """
    if known := find(state, decision.ordinal, decision.attempt):
        return update(state, {key(known): {"requested": now}})
    slot = Slot(
        ordinal=decision.ordinal,
        attempt=decision.attempt,
        region=decision.region,
        spot=decision.spot,
        requested=now,
    )
    others = (other for other in state.slots if other.ordinal != decision.ordinal)
    slots = sorted((*others, slot), key=lambda item: item.ordinal)
    return state.model_copy(update={"slots": tuple(slots)})


def open_places(state: RunState) -> Iterator[tuple[int, int]]:
    """Free ordinals, the lowest first, each with an attempt that no group has had."""
    assert state.plan
    taken = {slot.ordinal: slot for slot in state.slots}
    ordinal = 0
    while True:
        ordinal += 1
        slot = taken.get(ordinal)
        if slot is None:
            yield ordinal, state.plan.first_attempt
        elif slot.status is SlotStatus.GONE:
            yield ordinal, slot.attempt + 1


def lacks_room(state: RunState, now: datetime) -> bool:
    """Whether no container group is there, and none could be created anywhere.

    A look that asked for no room found none missing.
    """
    asked = state.observation is not None and bool(state.observation.rooms)
    return asked and not active(state) and next(_rooms(state, now), None) is None


def full_until(state: RunState, now: datetime) -> dict[str, datetime]:
    """The placements that are shut, and until when."""
    return {name: until for name, until in state.full.items() if now < until}


def placements(state: RunState) -> list[Placement]:
    """Where groups may go, the best first: spot wherever it can be had, then the full price."""
    assert state.plan
    kinds = (True, False) if state.plan.instances.spot else (False,)
    return [Placement(region=region, spot=spot) for spot in kinds for region in state.plan.regions]


def _rooms(state: RunState, now: datetime) -> Iterator[Placement]:
    """A placement for each further group, until all are full."""
    assert state.plan
    taken: Counter[str] = Counter()
    full = full_until(state, now)
    for place in placements(state):
        if place.key in full:
            continue
        for _ in range(_room(state, place, taken[place.region])):
            taken[place.region] += 1
            yield place


def _room(state: RunState, place: Placement, taken: int) -> int:
    """How many more groups a placement takes.

    A region that was asked and did not answer is tried; one that was not asked waits for a look.
    """
    assert state.plan
    assert state.observation
    if place.region not in state.observation.rooms:
        return 0
    room = state.observation.rooms[place.region]
    if room is None:
        return GROUPS_A_TURN
    unseen = sum(
        slot.status is SlotStatus.REQUESTED and slot.region == place.region for slot in state.slots
    )
    cores = room.spot_cores if place.spot else room.cores
    by_cores = int(cores / state.plan.instances.cpu)
    return min(room.groups - taken, by_cores) - unseen


def _expiry(state: RunState, now: datetime) -> datetime:
    assert state.plan
    end = state.started + timedelta(seconds=state.plan.limits.deadline)
    return max(end, now) + EXPIRY_GRACE
