"""Each fault as the real SDK reports it."""

import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ServiceRequestError,
    ServiceResponseError,
)
from support.container_instances import (
    LOCATION,
    RESOURCE_GROUP,
    StandIn,
    code_of,
    container_group,
    retry_after,
    sdk_client,
    stand_in,
    until,
)

FOREVER = "import time; time.sleep(600)"


@pytest.mark.parametrize(
    ("fault", "error", "answer"),
    [
        ({"kind": "refuse"}, HttpResponseError, (500, "InternalServerError")),
        (
            {"kind": "refuse", "status": 403, "code": "AuthorizationFailed"},
            HttpResponseError,
            (403, "AuthorizationFailed"),
        ),
        ({"kind": "quota"}, ResourceExistsError, (409, "ContainerGroupQuotaReached")),
        ({"kind": "transitioning"}, ResourceExistsError, (409, "ContainerGroupTransitioning")),
        ({"kind": "throttle", "seconds": 7}, HttpResponseError, (429, "TooManyRequests")),
    ],
)
def test_refusals(
    machine: StandIn,
    name: str,
    fault: dict[str, Any],
    error: type[HttpResponseError],
    answer: tuple[int, str],
) -> None:
    machine.fault(**fault, group=name)
    with pytest.raises(error) as refused:
        machine.put(name, container_group(FOREVER))
    assert (refused.value.status_code, code_of(refused.value)) == answer
    assert retry_after(refused.value) == ("7" if fault["kind"] == "throttle" else None)
    assert machine.gone(name)
    assert machine.admin("GET", "faults") == []  # spent


def test_a_fault_meets_only_its_operation_and_group(machine: StandIn, name: str) -> None:
    machine.fault("refuse", operation="get", group="other-*")
    machine.fault("refuse", operation="delete", group=name, count=2)
    machine.put(name, container_group(FOREVER))
    machine.get(name)
    for _ in range(2):
        with pytest.raises(HttpResponseError):
            machine.client.container_groups.begin_delete(RESOURCE_GROUP, name, polling=False)
    machine.delete(name)
    assert [fault["left"] for fault in machine.admin("GET", "faults")] == [1]


@pytest.mark.parametrize("operation", ["get", "delete", "list", "usages", "logs"])
def test_any_operation_may_be_throttled(machine: StandIn, name: str, operation: str) -> None:
    machine.run(name, container_group(FOREVER))
    groups, location = machine.client.container_groups, machine.client.location
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: machine.get(name),
        "delete": lambda: groups.begin_delete(RESOURCE_GROUP, name, polling=False),
        "list": lambda: list(groups.list_by_resource_group(RESOURCE_GROUP)),
        "usages": lambda: list(location.list_usage(LOCATION)),
        "logs": lambda: machine.log(name),
    }
    machine.fault("throttle", operation=operation, seconds=11)
    with pytest.raises(HttpResponseError) as refused:
        calls[operation]()
    assert (refused.value.status_code, retry_after(refused.value)) == (429, "11")
    machine.delete(name)


def test_delay(machine: StandIn, name: str) -> None:
    machine.fault("delay", operation="usages", seconds=0.3)
    begun = time.monotonic()
    list(machine.client.location.list_usage(LOCATION))
    assert time.monotonic() - begun >= 0.3


def test_a_lost_reply_leaves_a_live_group(machine: StandIn, name: str) -> None:
    machine.fault("lose_reply", group=name)
    with pytest.raises(ServiceResponseError):
        machine.put(name, container_group(FOREVER))
    machine.wait(name, "Running")
    machine.delete(name)


def test_no_capacity_fails_the_operation_and_runs_nothing(machine: StandIn, name: str) -> None:
    machine.fault("no_capacity", group=name)
    groups = machine.client.container_groups
    poller = groups.begin_create_or_update(RESOURCE_GROUP, name, container_group(FOREVER))
    with pytest.raises(HttpResponseError) as failed:
        poller.result(timeout=10)
    assert (failed.value.status_code, code_of(failed.value)) == (200, "InsufficientCapacity")
    group = machine.get(name)
    assert (group.provisioning_state, group.instance_view.state) == ("Failed", "Failed")
    assert [event.name for event in group.instance_view.events] == ["InsufficientCapacity"]
    assert group.containers[0].instance_view is None
    assert name not in machine.processes()
    groups.begin_start(RESOURCE_GROUP, name).result(timeout=10)
    machine.wait(name, "Running")  # a fault is met once
    machine.delete(name)


def test_a_failed_operation_does_not_stop_the_group(machine: StandIn, name: str) -> None:
    machine.fault("failed_operation", group=name, code="RegistryErrorResponse")
    machine.run(name, container_group(FOREVER))
    group = until(lambda: (g := machine.get(name)).provisioning_state == "Failed" and g)
    assert group.instance_view.state == "Running"
    assert machine.process_of(name)
    machine.delete(name)


def test_a_bad_image_waits_until_it_fails(machine: StandIn, name: str) -> None:
    machine.fault("bad_image", group=name)
    machine.put(name, container_group(FOREVER))
    view = until(lambda: machine.container(name))
    assert view.current_state.state == "Waiting"
    assert [event.name for event in view.events] == ["Pulling", "Failed", "BackOff"]
    assert {event.type for event in view.events[1:]} == {"Warning"}
    until(lambda: all(event.count >= 3 for event in machine.container(name).events))
    assert machine.get(name).instance_view.state == "Pending"
    machine.delete(name)
    machine.fault("bad_image", group=name, seconds=0.1)
    machine.put(name, container_group(FOREVER))
    assert machine.wait(name, "Failed").provisioning_state == "Failed"
    machine.delete(name)


def test_stuck_pending(machine: StandIn, name: str) -> None:
    machine.fault("stuck_pending", group=name)
    machine.put(name, container_group(FOREVER))
    assert machine.get(name).instance_view.state == "Pending"
    machine.delete(name)
    machine.fault("stuck_pending", group=name, seconds=0.1)
    machine.put(name, container_group(FOREVER))
    assert machine.wait(name, "Failed").containers[0].instance_view is None
    machine.delete(name)


def test_crash(machine: StandIn, name: str) -> None:
    machine.fault("crash", group=name, seconds=0.1)
    machine.run(name, container_group(FOREVER), "Failed")
    assert machine.container(name).current_state.exit_code == 137
    machine.delete(name)


def test_a_group_may_say_running_after_its_container_has_ended(machine: StandIn, name: str) -> None:
    machine.fault("stale_state", group=name)
    machine.put(name, container_group("pass"))
    until(lambda: (v := machine.container(name)) and v.current_state.state == "Terminated")
    assert machine.get(name).instance_view.state == "Running"
    machine.delete(name)


def test_an_evicted_group_is_run_again_whatever_its_policy(machine: StandIn, name: str) -> None:
    machine.fault("evict", group=name, seconds=0.1)
    machine.put(name, container_group(FOREVER, priority="Spot"))
    view = until(lambda: (v := machine.container(name)) and v.restart_count == 1 and v)
    assert view.current_state.state == "Running"
    assert view.previous_state.exit_code == 137
    assert machine.get(name).priority == "Spot"
    machine.delete(name)


def test_a_slow_delete_shows_the_group_after_its_processes_are_gone(
    machine: StandIn, name: str
) -> None:
    machine.fault("slow_delete", group=name, seconds=0.5)
    machine.run(name, container_group(FOREVER))
    begun = time.monotonic()
    machine.delete(name)
    assert time.monotonic() - begun >= 0.5


@pytest.mark.parametrize("fault", [{"kind": "unknown"}, {"kind": "delay", "second": 1}, {}, []])
def test_a_wrong_fault_is_refused(machine: StandIn, fault: object) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        machine.admin("POST", "faults", fault)
    refused.value.close()
    assert refused.value.code == 400


def test_a_stand_in_that_is_down(state: Path) -> None:
    with stand_in(state) as machine:
        machine.terminate()
        with sdk_client(machine.url) as client, pytest.raises(ServiceRequestError):
            client.container_groups.get(RESOURCE_GROUP, "any")
