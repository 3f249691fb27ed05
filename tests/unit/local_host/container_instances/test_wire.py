"""ARM's JSON of groups and operations."""

import json
from typing import Any

from local_host.container_instances import wire
from local_host.container_instances.faults import Fault, Kind
from local_host.container_instances.limits import Usage
from local_host.container_instances.model import Address, Group, view
from local_host.container_instances.shim import Event, Run, State

SECRETS = {
    "imageRegistryCredentials": [{"server": "r", "username": "u", "password": "do-not-tell"}],
    "diagnostics": {"logAnalytics": {"workspaceId": "w", "workspaceKey": "do-not-tell"}},
}
CONTAINER: dict[str, Any] = {
    "name": "worker",
    "properties": {
        "image": "i",
        "resources": {"requests": {"cpu": 1.0, "memoryInGB": 1.0}},
        "environmentVariables": [{"name": "A", "secureValue": "do-not-tell"}],
    },
}
BODY = {"location": "eastus", "properties": {"containers": [CONTAINER], **SECRETS}}
GROUP = Group(Address("S", "RG", "g"), BODY, operation="op", begun=0, ready=0)
STATE = State(
    shim=1,
    process=2,
    phase="running",
    run=Run(86_400.5),
    previous=Run(0, 1, 2),
    restarts=1,
    events=(Event("Started", "Started container", 0, 86_400.5, count=2),),
)


def shown(state: State | None, **options: bool) -> wire.JSON:
    return wire.group_json(GROUP, view(GROUP, {"worker": state}, 100), **options)


def test_a_group() -> None:
    group = shown(STATE)
    assert group["id"] == wire.resource_id(GROUP)
    assert group["id"].startswith("/subscriptions/S/resourceGroups/RG/providers/Microsoft.Cont")
    properties = group["properties"]
    assert properties["restartPolicy"] == "Always"
    assert properties["instanceView"] == {"events": [], "state": "Running"}
    instance = properties["containers"][0]["properties"]["instanceView"]
    assert instance["restartCount"] == 1
    assert instance["currentState"] == {
        "state": "Running",
        "startTime": "1970-01-02T00:00:00.500Z",
        "detailStatus": "",
    }
    assert instance["previousState"]["exitCode"] == 2
    assert instance["previousState"]["detailStatus"] == "Error"
    assert instance["events"][-1]["count"] == 2


def test_no_secret_is_shown_and_nothing_else_is_lost() -> None:
    group = shown(STATE)
    assert "do-not-tell" not in json.dumps(group)
    properties = group["properties"]
    assert properties["containers"][0]["properties"]["environmentVariables"] == [{"name": "A"}]
    assert properties["imageRegistryCredentials"] == [{"server": "r", "username": "u"}]
    assert "do-not-tell" in json.dumps(GROUP.body)  # the original is whole


def test_listings_have_no_instance_views() -> None:
    assert "instanceView" not in json.dumps(shown(STATE, instances=False))


def test_a_container_that_has_not_started_has_no_instance_view() -> None:
    assert "instanceView" not in shown(None)["properties"]["containers"][0]["properties"]


def test_an_operation() -> None:
    going = wire.operation_json(GROUP, view(GROUP, {"worker": None}, 100))
    assert going["status"] == "Pending"
    assert [event["name"] for event in going["properties"]["events"]] == ["Pulling", "Pulled"]
    assert "error" not in going
    fault = Fault(kind=Kind.FAILED_OPERATION, code="Code", message="Why")
    failed = Group(Address("S", "RG", "g"), BODY, "op", begun=0, ready=0, faults=(fault,))
    answer = wire.operation_json(failed, view(failed, {"worker": STATE}, 100))
    assert (answer["status"], answer["error"]) == ("Failed", {"code": "Code", "message": "Why"})


def test_usages_are_rounded_up() -> None:
    (usage,) = wire.usages_json([Usage("StandardCores", 2.1, 10)])["value"]
    assert (usage["currentValue"], usage["limit"]) == (3, 10)
