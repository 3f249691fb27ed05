"""Container groups and the states that follow from their processes, their faults and the time.

All times are seconds since the epoch.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from local_host.container_instances.definition import Definition, parse
from local_host.container_instances.errors import refusal
from local_host.container_instances.faults import Fault, Kind
from local_host.container_instances.shim import Event, State

Provisioning = Literal["Pending", "Succeeded", "Failed"]
GroupState = Literal["Pending", "Running", "Stopped", "Succeeded", "Failed"]
States = Mapping[str, State | None]  # by container; None: not started
_NEVER_STARTED = (Kind.NO_CAPACITY, Kind.BAD_IMAGE, Kind.STUCK_PENDING)


class Address(NamedTuple):
    """Where a group is."""

    subscription: str
    resource_group: str
    name: str

    @property
    def key(self) -> "Address":
        """The same place written in one way: ARM ignores case."""
        return Address(*(part.lower() for part in self))


@dataclass(frozen=True)
class Group:
    """A container group and its latest deployment, which `operation` names."""

    address: Address
    body: dict[str, Any]  # as it was PUT, with its secrets
    operation: str
    begun: float
    ready: float  # when the images are pulled and the containers may start
    faults: tuple[Fault, ...] = ()
    wish: Literal["run", "stop", "delete"] = "run"
    gone: float = 0  # the earliest time at which a deleted group may disappear

    @property
    def name(self) -> str:
        """The name within the resource group."""
        return self.address.name

    @cached_property
    def definition(self) -> Definition:
        """The validated body."""
        return parse(self.body)

    @property
    def never_starts(self) -> bool:
        """Whether a fault keeps the containers from starting."""
        return any(fault.kind in _NEVER_STARTED for fault in self.faults)

    def failure(self, now: float) -> Fault | None:
        """The fault that has failed this deployment by now."""
        return next((fault for fault in self.faults if now >= self._fails_at(fault)), None)

    def _fails_at(self, fault: Fault) -> float:
        if fault.kind in (Kind.NO_CAPACITY, Kind.FAILED_OPERATION):
            return self.ready
        if fault.kind in (Kind.BAD_IMAGE, Kind.STUCK_PENDING):
            return self.begun + fault.seconds
        return float("inf")


@dataclass(frozen=True)
class View:
    """What Azure says of a group."""

    provisioning: Provisioning
    state: GroupState
    failure: Fault | None
    events: tuple[Event, ...]  # of the group
    containers: States
    container_events: Mapping[str, tuple[Event, ...]]

    @property
    def over(self) -> bool:
        """Whether a PUT deploys the group anew."""
        return self.state in ("Succeeded", "Failed", "Stopped") or self.provisioning == "Failed"


def view(group: Group, states: States, now: float) -> View:
    """The state of a group that follows from those of its processes."""
    failure = group.failure(now)
    return View(
        provisioning=_provisioning(group, states, failure),
        state=_state(group, states, failure),
        failure=failure,
        events=_failure_events(group, failure),
        containers=states,
        container_events={
            container.name: _events(group, container.image, states[container.name], now)
            for container in group.definition.containers
        },
    )


def _provisioning(group: Group, states: States, failure: Fault | None) -> Provisioning:
    if failure:
        return "Failed"
    return "Succeeded" if group.wish == "stop" or all(states.values()) else "Pending"


def _state(group: Group, states: States, failure: Fault | None) -> GroupState:
    started = [state for state in states.values() if state]
    if failure and group.never_starts:
        return "Failed"
    stale = any(fault.kind == Kind.STALE_STATE for fault in group.faults)
    ended = all(state.phase == "terminated" for state in started) and not stale
    if group.wish == "stop" and ended:
        return "Stopped"
    if not started:
        return "Pending"
    if not ended or len(started) < len(states):
        return "Running"
    return "Failed" if any(state.run.exit_code for state in started) else "Succeeded"


def _failure_events(group: Group, failure: Fault | None) -> tuple[Event, ...]:
    if failure is None or failure.kind != Kind.NO_CAPACITY:
        return ()
    return (Event(failure.code, failure.message, group.ready, group.ready, type="Warning"),)


def _events(group: Group, image: str, state: State | None, now: float) -> tuple[Event, ...]:
    kinds = {fault.kind for fault in group.faults}
    pulling = (group.begun + group.ready) / 2
    if kinds & {Kind.NO_CAPACITY, Kind.STUCK_PENDING} or now < pulling:
        return ()
    if Kind.BAD_IMAGE in kinds:
        return _vain_pulls(image, pulling, group.ready, now)
    events = [Event("Pulling", f'pulling image "{image}"', pulling, pulling)]
    if now >= group.ready:
        pulled = f'Successfully pulled image "{image}"'
        events.append(Event("Pulled", pulled, group.ready, group.ready))
    return (*events, *(state.events if state else ()))


def _vain_pulls(image: str, first: float, second: float, now: float) -> tuple[Event, ...]:
    """Pulls that fail: from the second on, each comes after twice the wait of the one before."""
    waits = (now - first) / max(second - first, 0.001)
    count = 1 + int(math.log2(1 + waits))
    return (
        Event("Pulling", f'pulling image "{image}"', first, now, count),
        Event("Failed", f'Failed to pull image "{image}"', first, now, count, type="Warning"),
        Event("BackOff", f'Back-off pulling image "{image}"', first, now, count, type="Warning"),
    )


def harms(group: Group, state: State, now: float) -> list[Kind]:
    """What happens to a running container by now; only its first run is harmed."""
    return [
        fault.kind
        for fault in group.faults
        if fault.kind in (Kind.CRASH, Kind.EVICT)
        and state.phase == "running"
        and not state.restarts
        and now >= state.run.started + fault.seconds
    ]


def check_settled(group: Group, seen: View) -> None:
    """Refuse what a group cannot take while it is being stopped or deleted.

    Raises:
        ArmError: 409.
    """
    if group.wish == "delete" or (group.wish == "stop" and not seen.over):
        raise refusal("ContainerGroupTransitioning", group=group.name)


def deploys(group: Group, seen: View, body: dict[str, Any]) -> bool:
    """Whether a PUT of `body` on a group that exists runs it anew; tags alone never do.

    Raises:
        ArmError: 409 while the group is in transition, 400 for what no update may change.
    """
    check_settled(group, seen)
    if seen.over:
        return True
    if body | {"tags": None} == group.body | {"tags": None}:
        return False
    if seen.provisioning == "Pending":
        raise refusal("ContainerGroupTransitioning", group=group.name)
    if parse(body).fixed() != group.definition.fixed():
        raise refusal("InvalidContainerGroupUpdate", group=group.name)
    return True
