"""What the real SDK sees of a group from PUT to 404."""

import copy
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.containerinstance.models import Resource
from support.container_instances import (
    LOCATION,
    RESOURCE_GROUP,
    StandIn,
    code_of,
    container_group,
    stand_in,
    until,
)

FOREVER = "import time; print('up', flush=True); time.sleep(600)"


def current(group: Any) -> Any:
    return group.containers[0].instance_view.current_state


def test_create_is_a_long_running_operation(state: Path) -> None:
    with stand_in(state, provisioning_seconds=2) as machine:
        groups = machine.client.container_groups
        poller = groups.begin_create_or_update(RESOURCE_GROUP, "new", container_group(FOREVER))
        assert poller.status() in ("Pending", "InProgress")
        pending = machine.get("new")
        assert (pending.provisioning_state, pending.instance_view.state) == ("Pending", "Pending")
        assert pending.containers[0].instance_view is None
        made: Any = poller.result(timeout=60)
        assert (made.provisioning_state, made.instance_view.state) == ("Succeeded", "Running")
        assert current(made).state == "Running"
        events = [event.name for event in made.containers[0].instance_view.events]
        assert events == ["Pulling", "Pulled", "Started"]


def test_create_answers_201_with_the_budget_that_is_left(machine: StandIn, name: str) -> None:
    status, headers = machine.put(name, container_group(FOREVER))
    assert status == 201
    assert "/operations/" in headers["Azure-AsyncOperation"]
    budget = "x-ms-ratelimit-remaining-subscription-resource-requests-"
    five_minutes, hour = int(headers[f"{budget}pt5m"]), int(headers[f"{budget}pt1h"])
    assert 0 <= five_minutes < 100
    assert hour == five_minutes + 200
    machine.delete(name)


def test_put_of_the_same_live_group_changes_nothing(machine: StandIn, name: str) -> None:
    group = container_group(FOREVER, secrets={"KEY": "secret"})
    machine.run(name, group)
    process = machine.process_of(name)
    status, headers = machine.put(name, group)
    assert status == 200
    assert "Azure-AsyncOperation" not in headers
    assert machine.process_of(name) == process
    machine.delete(name)


def test_put_on_a_terminated_group_runs_it_again(machine: StandIn, name: str) -> None:
    group = container_group("print('once')")
    first = current(machine.run(name, group, "Succeeded"))
    status, headers = machine.put(name, group)
    assert status == 200
    assert "Azure-AsyncOperation" in headers
    second = until(lambda: _later(current(machine.wait(name, "Succeeded")), first.start_time))
    assert second.exit_code == 0
    machine.delete(name)


def _later(state: Any, than: Any) -> Any:
    return state if state.start_time > than else None


def test_put_of_another_command_replaces_the_process(machine: StandIn, name: str) -> None:
    machine.run(name, container_group(FOREVER))
    old = machine.process_of(name)
    status, _ = machine.put(name, container_group(FOREVER + "  # changed"))
    assert status == 200
    until(lambda: machine.processes().get(name, [{}])[0].get("process") not in (old, None))
    machine.delete(name)


@pytest.mark.parametrize("change", [{"cpu": 1.0}, {"restart_policy": "Always"}])
def test_put_must_not_change_size_or_policy(
    machine: StandIn, name: str, change: dict[str, Any]
) -> None:
    machine.run(name, container_group(FOREVER))
    with pytest.raises(HttpResponseError) as refused:
        machine.put(name, container_group(FOREVER, **change))
    assert refused.value.status_code == 400
    assert code_of(refused.value) == "InvalidContainerGroupUpdate"
    machine.delete(name)


def test_tags_are_updated_on_the_live_group(machine: StandIn, name: str) -> None:
    group = container_group(FOREVER, tags={"run": "1"})
    machine.run(name, group)
    process = machine.process_of(name)
    retagged = copy.deepcopy(group)
    retagged.tags = {"run": "2"}
    machine.put(name, retagged)
    assert machine.get(name).tags == {"run": "2"}
    groups = machine.client.container_groups
    assert groups.update(RESOURCE_GROUP, name, Resource(tags={"run": "3"})).tags == {"run": "3"}
    assert machine.process_of(name) == process
    machine.delete(name)


def test_stop_and_start(machine: StandIn, name: str) -> None:
    machine.run(name, container_group(FOREVER))
    groups = machine.client.container_groups
    groups.stop(RESOURCE_GROUP, name)
    stopped = machine.wait(name, "Stopped")
    assert current(stopped).exit_code == 143
    assert "Killing" in [event.name for event in stopped.containers[0].instance_view.events]
    assert name not in machine.processes()
    groups.begin_start(RESOURCE_GROUP, name).result(timeout=60)
    assert machine.get(name).instance_view.state == "Running"
    groups.begin_start(RESOURCE_GROUP, name).result(timeout=60)  # runs already
    machine.delete(name)


def test_restart_runs_a_new_process(machine: StandIn, name: str) -> None:
    machine.run(name, container_group(FOREVER))
    old = machine.process_of(name)
    machine.client.container_groups.begin_restart(RESOURCE_GROUP, name).result(timeout=60)
    until(lambda: machine.processes().get(name, [{}])[0].get("process") not in (old, None))
    assert len(list(machine.state.glob(f"groups/*/*/{name}/*/worker"))) == 1
    machine.delete(name)


def test_stop_of_a_group_that_has_ended_changes_nothing(machine: StandIn, name: str) -> None:
    machine.run(name, container_group("pass"), "Succeeded")
    machine.client.container_groups.stop(RESOURCE_GROUP, name)
    assert machine.get(name).instance_view.state == "Succeeded"
    machine.delete(name)


def test_delete_of_a_live_group_is_accepted_then_done(state: Path) -> None:
    until_told = (
        "import os, signal; os.mkfifo('end')\n"
        "signal.signal(15, lambda *_: exit(int(open('end').read())))\n"
    )
    with stand_in(state, grace_seconds=60) as machine:
        machine.run("slow", container_group(until_told + FOREVER))
        until(lambda: machine.log("slow"))
        begin: Any = machine.client.container_groups.begin_delete
        status = begin(
            RESOURCE_GROUP, "slow", polling=False, cls=lambda r, *_: r.http_response.status_code
        )
        assert status.result() == 202
        assert machine.get("slow").name == "slow"  # its process still ends
        with pytest.raises(HttpResponseError) as refused:
            machine.put("slow", container_group(FOREVER))
        assert code_of(refused.value) == "ContainerGroupTransitioning"
        (home,) = state.glob("groups/*/*/slow/*/worker/home")
        (home / "end").write_text("0")
        until(lambda: machine.gone("slow"))
        assert "slow" not in machine.processes()


def test_delete_of_what_never_ran_or_never_was(machine: StandIn, name: str) -> None:
    machine.fault("stuck_pending", group=name)
    machine.put(name, container_group(FOREVER))
    begin: Any = machine.client.container_groups.begin_delete
    for expected in (200, 204):
        status = begin(
            RESOURCE_GROUP, name, polling=False, cls=lambda r, *_: r.http_response.status_code
        )
        assert status.result() == expected
    with pytest.raises(ResourceNotFoundError) as missing:
        machine.get(name)
    assert code_of(missing.value) == "ResourceNotFound"


def test_lists_come_in_pages_without_instance_views(state: Path) -> None:
    with stand_in(state, provisioning_seconds=60, page_size=2) as machine:
        names = [f"group-{number}" for number in range(5)]
        for each in names:
            machine.put(each, container_group(FOREVER, cpu=0.5))
        groups = machine.client.container_groups
        for listed in (list(groups.list_by_resource_group(RESOURCE_GROUP)), list(groups.list())):
            assert [group.name for group in listed] == names
            assert all(group.instance_view is None for group in listed)
            assert all(group.provisioning_state == "Pending" for group in listed)
        assert list(groups.list_by_resource_group("another")) == []
        listed_usages: Any = machine.client.location.list_usage(LOCATION)
        usages = {item.name.value: (item.current_value, item.limit) for item in listed_usages}
        assert usages["ContainerGroups"] == (5, 100)
        assert usages["StandardCores"] == (3, 100)  # 2.5 cores
