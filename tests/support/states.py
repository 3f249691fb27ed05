"""States, plans and looks for tests of the policy: all is quiet but what a test names."""

from typing import Any

from simulation.agenda import START, moment

from orchestration.model import (
    Control,
    GroupView,
    Kind,
    Observation,
    Plan,
    Prices,
    Progress,
    RunState,
    Slot,
    SlotStatus,
)
from worker_image.contract import naming

RUN = "r261123-120000-abcde"


def plan(units: int = 100, **changes: Any) -> Plan:
    """A generate run by two groups in one region, in pages of ten."""
    values = {
        "kind": Kind.GENERATE,
        "units": units,
        "stages": ("generate",),
        "instances": {"count": 2},
        "limits": {},
        "prices": Prices(vcpu_second=0.001, gb_second=0.0001, spot_discount=0.5),
        "window": 1_000,
        "page": 10,
        "tick": 15.0,
        "regions": ("here",),
        "part": 1_000,
    }
    return Plan.model_validate({**values, **changes})


def slot(ordinal: int = 1, attempt: int = 1, **changes: Any) -> Slot:
    """A place whose group has been at work since the start."""
    values = {
        "region": "here",
        "status": SlotStatus.LIVE,
        "requested": START,
        "answered": True,
        "started": START,
    }
    return Slot.model_validate({"ordinal": ordinal, "attempt": attempt, **values, **changes})


def asked(ordinal: int = 1, attempt: int = 1, **changes: Any) -> Slot:
    """A place whose group was asked for, and nothing was heard of it."""
    unknown = {"status": SlotStatus.REQUESTED, "answered": False, "started": None}
    return slot(ordinal, attempt, **{**unknown, **changes})


def gone(ordinal: int = 1, attempt: int = 1, **changes: Any) -> Slot:
    """A place whose group is deleted."""
    return slot(ordinal, attempt, **{"status": SlotStatus.GONE, "ended": START, **changes})


def fleet(count: int, **changes: Any) -> tuple[Slot, ...]:
    """So many groups at work."""
    return tuple(slot(ordinal, **changes) for ordinal in range(1, count + 1))


def view(ordinal: int = 1, attempt: int = 1, **changes: Any) -> GroupView:
    """A group at work as Azure shows it; its worker has just spoken."""
    values = {
        "name": name(ordinal, attempt),
        "provisioning": "Succeeded",
        "state": "Running",
        "started": START,
        "region": "here",
        "heard": START,
    }
    return GroupView.model_validate({"ordinal": ordinal, "attempt": attempt, **values, **changes})


def ended(ordinal: int = 1, attempt: int = 1, exit_code: int = 0, **changes: Any) -> GroupView:
    """A group whose container has ended."""
    values = {"state": "Succeeded" if exit_code == 0 else "Failed", "ended": moment(10)}
    return view(ordinal, attempt, exit_code=exit_code, **{**values, **changes})


def name(ordinal: int = 1, attempt: int = 1) -> str:
    """The name of a group."""
    return naming.container_group(RUN, ordinal, attempt)


def observation(queued: int = 50, done: int = 10, **changes: Any) -> Observation:
    """A look at a run in its midst; its one region has any room."""
    values = {
        "queued": queued,
        "dead": 0,
        "progress": {"generate": Progress(units=done)} if done else {},
        "rooms": {"here": None},
    }
    return Observation.model_validate({**values, **changes})


def wished(queued: int = 50, **wishes: Any) -> Observation:
    """The same look at a run of which somebody wishes something."""
    return observation(queued, control=Control(**wishes))


def state(*parts: Plan | Observation | Slot, **changes: Any) -> RunState:
    """A run in its midst, all seeded; each part goes where its type belongs."""
    values: dict[str, Any] = {"plan": plan(), "observation": observation(), "slots": ()}
    for part in parts:
        match part:
            case Plan():
                values["plan"] = part
            case Observation():
                values["observation"] = part
            case Slot():
                values["slots"] += (part,)
    values |= {"run": RUN, "started": START, "progressed": START, "observed": START, **changes}
    units = values["plan"].units if values["plan"] else 0
    return RunState.model_validate({"seeded": units, **values})
