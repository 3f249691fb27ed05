"""The states that follow from processes, faults and time."""

from dataclasses import replace
from typing import Any

import pytest

from local_host.container_instances.errors import ArmError
from local_host.container_instances.faults import Fault, Kind
from local_host.container_instances.model import Address, Group, View, deploys, harms, view
from local_host.container_instances.shim import Run, State


def body(**properties: Any) -> dict[str, Any]:
    requests = {"cpu": 1.0, "memoryInGB": 1.0}
    container = {
        "name": "worker",
        "properties": {"image": "i", "resources": {"requests": requests}},
    }
    return {
        "location": "eastus",
        "tags": {},
        "properties": {"containers": [container], "restartPolicy": "Never", **properties},
    }


GROUP = Group(Address("S", "RG", "g"), body(), operation="1", begun=100, ready=110)
RUNNING = State(1, 2, "running", Run(111))
WAITING = State(1, None, "waiting", Run(111, 112, 1))
ENDED = State(1, None, "terminated", Run(111, 112, 0))
FAILED = State(1, None, "terminated", Run(111, 112, 2))


def seen(state: State | None, now: float = 120, **changes: Any) -> View:
    return view(replace(GROUP, **changes), {"worker": state}, now)


@pytest.mark.parametrize(
    ("state", "wish", "provisioning", "expected"),
    [
        (None, "run", "Pending", "Pending"),
        (RUNNING, "run", "Succeeded", "Running"),
        (WAITING, "run", "Succeeded", "Running"),
        (ENDED, "run", "Succeeded", "Succeeded"),
        (FAILED, "run", "Succeeded", "Failed"),
        (None, "stop", "Succeeded", "Stopped"),
        (RUNNING, "stop", "Succeeded", "Running"),
        (FAILED, "stop", "Succeeded", "Stopped"),
    ],
)
def test_states_without_faults(
    state: State | None, wish: str, provisioning: str, expected: str
) -> None:
    found = seen(state, wish=wish)
    assert (found.provisioning, found.state, found.failure) == (provisioning, expected, None)


@pytest.mark.parametrize(
    ("kind", "state", "early", "late"),
    [
        (Kind.NO_CAPACITY, None, ("Pending", "Pending"), ("Failed", "Failed")),
        (Kind.BAD_IMAGE, None, ("Pending", "Pending"), ("Failed", "Failed")),
        (Kind.STUCK_PENDING, None, ("Pending", "Pending"), ("Failed", "Failed")),
        (Kind.FAILED_OPERATION, RUNNING, ("Succeeded", "Running"), ("Failed", "Running")),
    ],
)
def test_states_with_faults(
    kind: Kind, state: State | None, early: tuple[str, str], late: tuple[str, str]
) -> None:
    fault = Fault(kind=kind, seconds=10)
    for now, expected in ((109, early), (110, late)):
        found = seen(state, now, faults=(fault,))
        assert (found.provisioning, found.state) == expected
    assert replace(GROUP, faults=(fault,)).never_starts == (kind != Kind.FAILED_OPERATION)


@pytest.mark.parametrize(
    ("now", "faults", "names"),
    [
        (104, (), []),
        (105, (), ["Pulling"]),
        (110, (), ["Pulling", "Pulled"]),
        (110, (Kind.BAD_IMAGE,), ["Pulling", "Failed", "BackOff"]),
        (110, (Kind.STUCK_PENDING,), []),
    ],
)
def test_events_of_the_pull(now: float, faults: tuple[Kind, ...], names: list[str]) -> None:
    found = seen(None, now, faults=tuple(Fault(kind=kind) for kind in faults))
    assert [event.name for event in found.container_events["worker"]] == names


@pytest.mark.parametrize(("now", "count"), [(105, 1), (109, 1), (110, 2), (120, 3), (140, 4)])
def test_each_wait_for_a_pull_is_twice_the_one_before(now: float, count: int) -> None:
    found = seen(None, now, faults=(Fault(kind=Kind.BAD_IMAGE),))
    assert [event.count for event in found.container_events["worker"]] == [count] * 3


@pytest.mark.parametrize("state", [ENDED, FAILED])
def test_a_stale_state(state: State) -> None:
    assert seen(state, faults=(Fault(kind=Kind.STALE_STATE),)).state == "Running"


def test_all_containers_together() -> None:
    two = body()
    two["properties"]["containers"].append({**two["properties"]["containers"][0], "name": "b"})
    group = replace(GROUP, body=two)
    for states, expected in (
        ((None, RUNNING), "Running"),
        ((None, None), "Pending"),
        ((None, ENDED), "Running"),
        ((ENDED, RUNNING), "Running"),
        ((ENDED, ENDED), "Succeeded"),
        ((ENDED, FAILED), "Failed"),
    ):
        assert view(group, dict(zip(("worker", "b"), states, strict=True)), 120).state == expected


@pytest.mark.parametrize(
    ("state", "now", "expected"),
    [
        (RUNNING, 115.9, []),
        (RUNNING, 116, [Kind.CRASH]),
        (RUNNING, 121, [Kind.CRASH, Kind.EVICT]),
        (replace(RUNNING, restarts=1), 121, []),
        (ENDED, 121, []),
    ],
)
def test_harm_comes_once_and_in_time(state: State, now: float, expected: list[Kind]) -> None:
    faults = (
        Fault(kind=Kind.CRASH, seconds=5),
        Fault(kind=Kind.EVICT, seconds=10),
        Fault(kind=Kind.SLOW_DELETE),
    )
    assert harms(replace(GROUP, faults=faults), state, now) == expected


SIZE = {"requests": {"cpu": 2.0, "memoryInGB": 1.0}}
BIGGER = [{"name": "worker", "properties": {"image": "i", "resources": SIZE}}]


@pytest.mark.parametrize(
    ("state", "changes", "asked", "expected"),
    [
        (RUNNING, {}, body(), False),
        (RUNNING, {}, {**body(), "tags": {"a": "b"}}, False),
        (RUNNING, {}, body(sku="Dedicated"), True),
        (RUNNING, {}, body(restartPolicy="Always"), "InvalidContainerGroupUpdate"),
        (RUNNING, {}, body(containers=BIGGER), "InvalidContainerGroupUpdate"),
        (ENDED, {}, body(), True),
        (ENDED, {}, body(containers=BIGGER), True),
        (None, {}, body(), False),
        (None, {}, body(sku="Dedicated"), "ContainerGroupTransitioning"),
        (RUNNING, {"wish": "delete"}, body(), "ContainerGroupTransitioning"),
        (RUNNING, {"wish": "stop"}, body(), "ContainerGroupTransitioning"),
        (ENDED, {"wish": "stop"}, body(), True),
        (RUNNING, {"faults": (Fault(kind=Kind.FAILED_OPERATION),)}, body(), True),
    ],
)
def test_what_a_put_does(
    state: State | None, changes: dict[str, Any], asked: dict[str, Any], expected: bool | str
) -> None:
    def answer() -> bool | str:
        try:
            return deploys(replace(GROUP, **changes), seen(state, **changes), asked)
        except ArmError as error:
            return error.code

    assert answer() == expected
