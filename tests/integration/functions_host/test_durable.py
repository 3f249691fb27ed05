"""Orchestrations in a real host, through the SDK's client and through the webhooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from support.functions_host import FunctionsHost

from local_host.loopback import request

HOOKS = "/runtime/webhooks/durabletask"


@pytest.fixture
def instance_id() -> str:
    return uuid4().hex


@pytest.fixture
def client(api: httpx.Client, instance_id: str) -> Callable[..., httpx.Response]:
    """Call a method of the SDK's client, inside the app, for this test's instance."""

    def call(operation: str, payload: Any = None, **query: str) -> httpx.Response:
        path = f"/api/client/{operation}/{instance_id}"
        return api.post(path, json=payload, params=query)

    return call


@pytest.fixture
def hooks(host: FunctionsHost) -> Callable[..., httpx.Response]:
    """Call the management API with its key."""

    def call(method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"x-functions-key": host.system_key} | options.pop("headers", {})
        return request(method, host.base_url + HOOKS + path, headers=headers, **options)

    return call


Call = Callable[..., httpx.Response]


def start(api: httpx.Client, name: str, instance_id: str, payload: Any = None) -> httpx.Response:
    return api.post(f"/api/start/{name}/{instance_id}", json=payload)


def test_the_answer_to_a_start_leads_to_the_result(api: httpx.Client, host: FunctionsHost) -> None:
    answer = api.post("/api/start/one_activity", json=21)
    assert (answer.status_code, answer.headers["Location"]) == (
        202,
        answer.json()["statusQueryGetUri"],
    )
    host.wait_for_status(answer.json()["id"], "Completed")
    status = httpx.get(answer.headers["Location"])
    assert (status.status_code, status.json()["output"]) == (200, 42)


def test_a_tour_of_the_patterns(api: httpx.Client, host: FunctionsHost, instance_id: str) -> None:
    start(api, "tour", instance_id, {"round": 1, "rounds": 3})
    status = host.wait_for_status(instance_id, "Completed", "Failed")
    assert status["output"] == {"sums": [3, 3, 3], "child": 6}
    assert (status["customStatus"], status["name"]) == ({"round": 3}, "tour")
    assert status["input"] == '{"round": 3, "rounds": 3}'


def test_the_history_can_be_asked_for(
    api: httpx.Client, host: FunctionsHost, instance_id: str
) -> None:
    start(api, "one_activity", instance_id, 4)
    host.wait_for_status(instance_id, "Completed")
    query = {"showHistory": "true", "showHistoryOutput": "true", "showInput": "false"}
    status = host.status(instance_id, **query)
    assert status["input"] is None
    assert [(entry["EventType"], entry.get("Result")) for entry in status["historyEvents"]] == [
        ("ExecutionStarted", None),
        ("TaskCompleted", "8"),
        ("ExecutionCompleted", "8"),
    ]


def test_retries_go_on_until_one_succeeds(
    api: httpx.Client, host: FunctionsHost, instance_id: str
) -> None:
    start(api, "persistent", instance_id)
    assert host.wait_for_status(instance_id, "Completed", "Failed")["output"] == 3


def test_a_failure_names_its_cause_and_can_be_a_500(
    api: httpx.Client, host: FunctionsHost, instance_id: str, hooks: Call
) -> None:
    start(api, "failing", instance_id)
    status = host.wait_for_status(instance_id, "Failed")
    assert "Activity function 'refuse' failed: ValueError: no such thing" in status["output"]
    strict = {"returnInternalServerErrorOnFailure": "true"}
    assert hooks("GET", f"/instances/{instance_id}", params=strict).status_code == 500
    assert hooks("GET", f"/instances/{instance_id}").status_code == 200


def test_an_unfinished_instance_is_not_started_twice(
    api: httpx.Client, host: FunctionsHost, instance_id: str, client: Call, hooks: Call
) -> None:
    assert start(api, "wait_for_go", instance_id).status_code == 202
    again = start(api, "wait_for_go", instance_id)
    assert (again.status_code, "already running" in again.text) == (409, True)
    assert hooks("POST", f"/orchestrators/wait_for_go/{instance_id}").status_code == 409
    client("suspend")
    host.wait_for_status(instance_id, "Suspended")
    assert hooks("POST", f"/orchestrators/wait_for_go/{instance_id}").status_code == 409
    client("terminate")
    host.wait_for_status(instance_id, "Terminated")
    assert start(api, "one_activity", instance_id, 1).status_code == 202
    assert host.wait_for_status(instance_id, "Completed")["output"] == 2


def test_an_event_from_the_client_is_text_and_from_outside_it_is_json(
    api: httpx.Client, host: FunctionsHost, instance_id: str, client: Call, hooks: Call
) -> None:
    start(api, "wait_for_go", instance_id)
    client("raise", {"n": 1}, event="go")
    assert host.wait_for_status(instance_id, "Completed")["output"] == '{"n": 1}'
    start(api, "wait_for_go", instance_id)
    hooks("POST", f"/instances/{instance_id}/raiseEvent/go", json={"n": 1})
    assert host.wait_for_status(instance_id, "Completed")["output"] == {"n": 1}


def test_terminate_gives_the_reason(
    api: httpx.Client, host: FunctionsHost, instance_id: str, client: Call
) -> None:
    start(api, "wait_for_go", instance_id)
    client("terminate")
    assert host.wait_for_status(instance_id, "Terminated")["output"] == "enough"


def test_a_suspended_instance_goes_on_where_it_was(
    api: httpx.Client, host: FunctionsHost, instance_id: str, client: Call
) -> None:
    start(api, "wait_for_go", instance_id)
    client("suspend")
    host.wait_for_status(instance_id, "Suspended")
    client("raise", 7, event="go")
    client("resume")
    assert host.wait_for_status(instance_id, "Completed")["output"] == "7"


def test_the_client_reads_status_lists_and_purges(
    api: httpx.Client, host: FunctionsHost, instance_id: str, client: Call
) -> None:
    start(api, "one_activity", instance_id, 1)
    host.wait_for_status(instance_id, "Completed")
    status = client("status").json()
    assert (status["_output"], len(status["historyEvents"])) == (2, 3)
    assert [item["_instance_id"] for item in client("list").json()] == [instance_id]
    assert client("purge").json() == {"_instances_deleted": 1}
    assert client("purge").json() == {"_instances_deleted": 0}
    assert client("status").json()["_runtime_status"] is None


def test_a_running_instance_is_not_purged(
    api: httpx.Client, instance_id: str, client: Call, hooks: Call
) -> None:
    start(api, "wait_for_go", instance_id)
    assert hooks("DELETE", f"/instances/{instance_id}").status_code == 412
    client("terminate")


def test_a_purge_by_filter_takes_finished_instances_only(
    api: httpx.Client, host: FunctionsHost, instance_id: str, client: Call, hooks: Call
) -> None:
    start(api, "one_activity", f"{instance_id}-done", 1)
    host.wait_for_status(f"{instance_id}-done", "Completed")
    start(api, "wait_for_go", instance_id)
    host.wait_for_status(instance_id, "Running")
    assert client("purge_all").json()["_instances_deleted"] >= 1
    assert hooks("GET", f"/instances/{instance_id}-done").status_code == 404
    running = {"createdTimeFrom": "2020-01-01", "runtimeStatus": "Running"}
    assert hooks("DELETE", "/instances", params=running).status_code == 404
    assert hooks("GET", f"/instances/{instance_id}").status_code == 202
    assert (
        hooks("DELETE", "/instances", params={"createdTimeFrom": "2999-01-01"}).status_code == 404
    )
    client("terminate")


def test_a_list_comes_in_pages_and_by_filter(
    api: httpx.Client, host: FunctionsHost, instance_id: str, hooks: Call
) -> None:
    names = [f"{instance_id}-{n}" for n in range(3)]
    for name in names:
        start(api, "one_activity", name, 1)
    for name in names:
        host.wait_for_status(name, "Completed")
    query = {"instanceIdPrefix": instance_id, "top": "2", "runtimeStatus": "Completed,Failed"}
    first = hooks("GET", "/instances", params=query)
    token = {"x-ms-continuation-token": first.headers["x-ms-continuation-token"]}
    second = hooks("GET", "/instances/", params=query, headers=token)
    pages = [[item["instanceId"] for item in page.json()] for page in (first, second)]
    assert pages == [names[:2], names[2:]]
    assert "x-ms-continuation-token" not in second.headers
    assert hooks("GET", "/instances", params=query | {"runtimeStatus": "Failed"}).json() == []
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert hooks("GET", "/instances", params=query | {"createdTimeFrom": tomorrow}).json() == []


def test_an_unknown_orchestrator_is_refused_with_the_reason(
    api: httpx.Client, instance_id: str, hooks: Call
) -> None:
    answer = hooks("POST", "/orchestrators/nothing")
    assert answer.status_code == 400
    assert "'nothing' doesn't exist" in answer.json()["ExceptionMessage"]
    assert "'nothing' doesn't exist" in start(api, "nothing", instance_id).text


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("POST", "/orchestrators/one_activity", {"content": "{"}, 400),
        ("POST", "/orchestrators/one_activity/@no", {}, 400),
        ("GET", "/orchestrators/one_activity", {}, 405),
        ("GET", "/instances/nobody", {}, 404),
        ("GET", "/instances?createdTimeFrom=never", {}, 400),
        ("GET", "/instances?runtimeStatus=Dozing", {}, 400),
        ("GET", "/instances?top=many", {}, 400),
        ("DELETE", "/instances", {}, 400),
        ("POST", "/instances/nobody/raiseEvent/go", {"json": 1}, 404),
        ("POST", "/instances/nobody/terminate", {}, 404),
        ("POST", "/instances/nobody/rewind", {}, 501),
        ("POST", "/instances/nobody/anything", {}, 404),
        ("POST", "/instances/{running}/anything", {}, 404),
        ("POST", "/instances/{running}/raiseEvent/go", {"content": "{}"}, 400),
        (
            "POST",
            "/instances/{running}/raiseEvent/go",
            {"content": "{", "headers": {"Content-Type": "application/json"}},
            400,
        ),
        ("POST", "/instances/{finished}/raiseEvent/go", {"json": 1}, 410),
        ("POST", "/instances/{finished}/suspend", {}, 410),
    ],
)
def test_bad_requests(
    instances: dict[str, str],
    hooks: Call,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
) -> None:
    assert hooks(method, path.format(**instances), **options).status_code == status


@pytest.fixture(scope="module")
def instances(host: FunctionsHost) -> dict[str, str]:
    """An instance that runs and one that is finished."""
    ids = {"running": uuid4().hex, "finished": uuid4().hex}
    for instance_id in ids.values():
        httpx.post(f"{host.rpc_url}/orchestrators/wait_for_go/{instance_id}")
    httpx.post(f"{host.rpc_url}/instances/{ids['finished']}/terminate")
    host.wait_for_status(ids["finished"], "Terminated")
    return ids
