"""Runs from the HTTP start to the rows: what ends well, and what is refused."""

import csv
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from support.runs import CONTAINER, DATASET, Ground, generated, until

from command_line.client import RefusedError
from local_host.checks import check_run
from orchestration.model import Observation
from worker_image.contract import naming


def test_a_pipeline_run_succeeds_and_every_figure_is_in_the_services(ground: Ground) -> None:
    run = ground.client.start(ground.pipeline(units=30))
    shown = ground.finish(run)
    assert shown["state"] == "Succeeded"
    checks = check_run(run, 30, ground.schema, CONTAINER, ground.settings)
    assert len(checks) == 7
    assert [check for check in checks if not check.holds] == []
    report = shown["report"]
    assert report["stages"]["ingest"]["rows"] == ground.count("customer") + ground.count("order")
    assert report["stages"]["ingest"]["records"] == report["stages"]["generate"]["records"]
    assert report["account"]["done"] == {"generate": 30, "ingest": 30}
    assert report["cost"] > 0
    assert ground.processes(run) == []


def test_every_message_twice_gives_the_same_documents_and_rows(ground: Ground) -> None:
    once = ground.client.start(ground.pipeline(units=12))
    expected = ground.manifest(ground.finish(once)["run"])
    rows = {table: ground.count(table) for table in ("customer", "order")}

    twin = Ground(ground.app, f"{ground.schema}_twice")
    run = twin.client.start(twin.pipeline(units=12))
    queue = ground.queues.get_queue_client(naming.work_queue(run))
    until(lambda: _seeded(queue, 12))
    for message in queue.peek_messages(max_messages=32):
        queue.send_message(message.content, time_to_live=-1)
    assert twin.finish(run)["state"] == "Succeeded"

    found = twin.manifest(run)
    assert {unit: line["checksum"] for unit, line in found.items()} == {
        unit: line["checksum"] for unit, line in expected.items()
    }
    for unit, line in found.items():
        assert _content(ground, line) == _content(ground, expected[unit])
    assert {table: twin.count(table) for table in rows} == rows
    assert twin.count("aci_jobs_ledger") == 12


def _seeded(queue: Any, units: int) -> bool:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return int(queue.get_queue_properties().approximate_message_count) == units
    except ResourceNotFoundError:
        return False


def _content(ground: Ground, line: dict[str, Any]) -> bytes:
    container, path = line["document"].split("/", 1)
    content: bytes = ground.blobs.get_blob_client(container, path).download_blob().readall()
    return content


def test_a_generate_run_fills_a_lake_with_a_list_from_storage(ground: Ground) -> None:
    ground.store("lists", "colours.csv", b"colour,share\nred,3\nblue,1\n")
    colour = {"choice": {"of": "lists/colours.csv", "column": "colour", "weights": "share"}}
    dataset = {
        "version": 1,
        "dataset": "lake",
        "records": {
            "size": {"shared": True, "count": 3, "fields": {"id": {"key": {"start": 1}}}},
            "shirt": {"count": 50, "fields": {"size_id": {"ref": "size.id"}, "colour": colour}},
        },
    }
    documents = {"prefix": "lake", "format": "csv", "compression": "none"}
    request = {"kind": "generate", "dataset": dataset, "units": 4, "documents": documents}
    shown = ground.finish(ground.client.start(request))
    assert shown["state"] == "Succeeded"
    assert shown["report"]["stages"]["generate"]["records"] == {"size": 3, "shirt": 200}
    lines = {unit: line["document"] for unit, line in ground.manifest(shown["run"]).items()}
    folder = f"{CONTAINER}/lake/{shown['run']}"
    assert lines == {unit: f"{folder}/*/{unit:07d}.csv" for unit in range(4)}
    shirts = [
        row
        for unit in range(4)
        for row in csv.DictReader(
            _content(ground, {"document": f"{folder}/shirt/{unit:07d}.csv"}).decode().splitlines()
        )
    ]
    assert len(shirts) == 200
    colours = Counter(row["colour"] for row in shirts)
    assert colours["red"] > colours["blue"] > 20
    assert colours.total() == 200


def test_a_list_that_is_not_there_refuses_the_run(ground: Ground) -> None:
    fields = {"x": {"choice": {"of": "lists/nowhere.csv", "column": "x"}}}
    dataset = {"version": 1, "dataset": "d", "records": {"row": {"count": 1, "fields": fields}}}
    with pytest.raises(RefusedError, match=r"dataset\.records\.row\.fields\.x\.choice"):
        ground.client.start({"kind": "generate", "dataset": dataset, "units": 1})


def test_cancel_deletes_every_group_at_the_next_look(ground: Ground) -> None:
    run = ground.client.start(ground.pipeline(units=1_000))
    ground.wait(run, generated(5))
    assert len(ground.groups(run)) == 2
    ground.client.call("POST", f"/runs/{run}/cancel", {"reason": "enough"})
    shown = ground.finish(run)
    assert shown["state"] == "Cancelled"
    assert shown["report"]["reason"] == "enough"
    assert ground.groups(run) == []
    assert ground.processes(run) == []
    assert _looks_at_the_wish_before_all_deletions(ground, run) == 1


def _looks_at_the_wish_before_all_deletions(ground: Ground, run: str) -> int:
    """How long a deletion takes is up to Azure; when it is asked for is up to us."""
    looks, groups = 0, 2
    for event in (event for one in ground.executions(run) for event in one.history):
        if '"queued"' in (event.get("Result") or ""):
            looks += Observation.model_validate_json(event["Result"]).control.cancel
        groups -= event.get("Name") == "remove"
        if not groups:
            return looks
    raise AssertionError(f"{groups} groups were never deleted")


def test_a_terminated_run_is_swept(ground: Ground) -> None:
    run = ground.client.start(ground.pipeline(units=1_000))
    ground.wait(run, generated(1))
    ground.terminate(run)
    until(lambda: ground.client.show(run)["state"] == "Terminated")
    assert ground.groups(run), "terminate runs no cleanup of its own"

    def swept() -> bool:
        ground.trigger("sweep_orphans")
        return not ground.groups(run) and ground.client.show(run)["state"] == "Failed"

    until(swept)
    assert ground.processes(run) == []
    assert "ended from outside" in ground.client.show(run)["report"]["reason"]


def test_one_idempotency_key_is_one_run(ground: Ground) -> None:
    key, request = f"key-{ground.schema}", ground.pipeline(units=2)
    before = set(_runs(ground))
    with ThreadPoolExecutor(4) as pool:
        runs = set(pool.map(lambda _: ground.client.start(request, key), range(4)))
    assert len(runs) == 1
    assert set(_runs(ground)) - before == runs
    assert ground.finish(runs.pop())["state"] == "Succeeded"
    planned = {**request, "expected": {"cost": 0.5}}  # a plan says something else each time
    assert ground.client.start(planned, key) in set(_runs(ground)) - before
    with pytest.raises(RefusedError, match="another request") as caught:
        ground.client.start(ground.pipeline(units=3), key)
    assert caught.value.status == 409


def _runs(ground: Ground) -> list[str]:
    return [run["run"] for run in ground.client.call("GET", "/runs")["runs"]]


BROKEN_DATASET = {**DATASET, "records": {"customer": {"count": -1, "fields": {}}}}


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"units": 0}, 400, "units"),
        ({"kind": "paint"}, 400, "kind"),
        ({"colour": "red"}, 400, "colour"),
        ({"dataset": "nobody-stored-this"}, 400, "dataset"),
        ({"dataset": BROKEN_DATASET}, 400, "dataset.records.customer.count"),
        ({"instances": {"count": 1_000}}, 400, "instances.count"),
        ({"units": 9_999_999}, 400, "dataset"),
    ],
)
def test_a_faulty_request_creates_nothing(
    ground: Ground, change: dict[str, Any], status: int, field: str
) -> None:
    before = (_runs(ground), [queue.name for queue in ground.queues.list_queues()])
    with pytest.raises(RefusedError) as caught:
        ground.client.start(ground.pipeline(**change))
    assert caught.value.status == status
    problem = caught.value.problem
    assert set(problem) == {"type", "title", "status", "detail", "errors"}
    assert field in [error["field"] for error in problem["errors"]]
    assert all(error["reason"] for error in problem["errors"])
    assert (_runs(ground), [queue.name for queue in ground.queues.list_queues()]) == before


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", "runs", b"{not json", 400),
        ("POST", "runs", b"[]", 400),
        ("POST", "runs", b" " * 100_001, 413),
        ("GET", "runs/r990101-000000-aaaaa", None, 404),
        ("GET", "runs/..%2fsecrets", None, 404),
        ("POST", "runs/r990101-000000-aaaaa/cancel", None, 404),
        ("POST", "runs/r990101-000000-aaaaa/redrive", None, 404),
        ("GET", "runs/r990101-000000-aaaaa/dead-letters", None, 404),
    ],
)
def test_a_refusal_has_one_shape(
    ground: Ground, method: str, path: str, content: bytes | None, status: int
) -> None:
    answer = httpx.request(
        method,
        f"{ground.app.url}/api/{path}",
        content=content,
        headers={"x-functions-key": ground.app.key},
    )
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert set(answer.json()) == {"type", "title", "status", "detail", "errors"}


def test_without_a_key_nothing_is_answered(ground: Ground) -> None:
    assert httpx.get(f"{ground.app.url}/api/runs").status_code == 401
