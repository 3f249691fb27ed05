"""A plan tells what a start would do, and does nothing."""

import json
from typing import Any

import pytest
from support.runs import DATASET, Ground

from command_line.client import RefusedError
from orchestration.rounds import PREFIX
from worker_image.generator import compile_dataset, parse

pytestmark = pytest.mark.long

NOTES = {
    "version": 1,
    "dataset": "notes",
    "records": {"note": {"fields": {"text": {"choice": ["a"], "null": 0.5}}}},
}


def plan(ground: Ground, request: dict[str, Any]) -> dict[str, Any]:
    return ground.client.call("POST", "/plan", request)


def everything(ground: Ground) -> set[str]:
    """Every container, blob and queue that there is."""
    containers = [container.name for container in ground.blobs.list_containers()]
    blobs = [
        f"{name}/{path}"
        for name in containers
        for path in ground.blobs.get_container_client(name).list_blob_names()
        if not path.startswith(PREFIX)  # timers come round meanwhile
    ]
    return {*containers, *blobs, *(queue.name for queue in ground.queues.list_queues())}


def test_a_pipeline_is_planned_and_nothing_is_created(ground: Ground) -> None:
    limits = {"cost": 0.000001, "deadline": 61}
    request = ground.pipeline(units=5_000, limits=limits, documents={"container": "never-made"})
    before = everything(ground)
    found = plan(ground, request)
    assert everything(ground) == before
    assert (found["kind"], found["units"], found["groups"]) == ("pipeline", 5_000, 2)
    assert found["messages"] == {"generate": 5_000, "ingest": 5_000}
    assert found["billed_seconds"] >= 2 * 60 * found["minutes"]
    assert found["cost"] > 0.000001
    assert [warning.split(" ")[1] for warning in found["warnings"]] == ["cost", "deadline"]
    assert any("rows a second" in assumed for assumed in found["assumptions"])
    assert found["data"]["rows"] > 5_000
    lines = compile_dataset(parse(DATASET), 7).unit(0).documents[0].content.splitlines()
    made = [json.loads(line) for line in lines]
    for name, rows in found["rows"].items():
        assert (
            rows
            == [
                {key: value for key, value in row.items() if key != "type"}
                for row in made
                if row["type"] == name
            ][: len(rows)]
        )
        assert rows


def test_documents_are_counted(ground: Ground) -> None:
    container = ground.schema.replace("_", "-")
    for number in range(3):
        ground.store(container, f"in/{number}.ndjson", b"x" * 100)
    ground.store(container, "elsewhere", b"x")
    source = {"container": container, "prefix": "in/"}
    request = {"kind": "ingest", "source": source, "sink": {"schema": ground.schema}}
    found = plan(ground, request)
    assert found["documents"] == {"count": 3, "bytes": 300, "at_least": False}
    assert (found["units"], found["messages"]) == (3, {"ingest": 3})
    assert (found["groups"], found["warnings"]) == (3, [])


@pytest.mark.parametrize(
    "change",
    [
        {"units": 0},
        {"colour": "red"},
        {"dataset": "nobody-stored-this"},
        {"units": 9_999_999},
        {"dataset": NOTES, "documents": {"format": "csv"}},
    ],
)
def test_what_a_start_refuses_a_plan_refuses_alike(ground: Ground, change: dict[str, Any]) -> None:
    problems = []
    for path in ("/plan", "/runs"):
        with pytest.raises(RefusedError) as caught:
            ground.client.call("POST", path, ground.pipeline(**change))
        problems.append(caught.value.problem)
    assert problems[0] == problems[1]
    assert problems[0]["status"] == 400


def test_documents_in_a_container_that_is_not_there_are_no_plan(ground: Ground) -> None:
    source = {"container": "nowhere-at-all"}
    with pytest.raises(RefusedError, match=r"source\.container: there is no container"):
        plan(ground, {"kind": "ingest", "source": source, "sink": {"schema": "s"}})
