"""The logs of workers on Azurite, over the API's operations."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.activities import keep, pipeline
from support.calls import called

from orchestration.services import Services, logs
from worker_image.contract import naming

BEGUN = datetime(2026, 11, 25, 12, tzinfo=UTC)


def line(second: float, message: str, **members: Any) -> bytes:
    time = (BEGUN + timedelta(seconds=second)).isoformat()
    return json.dumps({"time": time, "level": "INFO", "message": message, **members}).encode()


def ship(services: Services, run: str, worker: str, *lines: bytes) -> None:
    """A worker appends lines to its log."""
    blob = services.records._runs.get_blob_client(naming.log(run, worker))
    if not blob.exists():
        blob.create_append_blob()
    blob.append_block(b"".join(each + b"\n" for each in lines))


def page(services: Services, run: str, status: int = 200, **query: Any) -> Any:
    answer = called(services, "show_logs", {"run": run}, **query)
    assert answer.status_code == status, answer.get_body()
    return json.loads(answer.get_body())


def said(found: Any) -> list[str]:
    return [each["message"] for each in found["lines"]]


@pytest.fixture
def two(services: Services, run: str) -> str:
    """A run of two workers that have spoken in turn."""
    keep(services, run, pipeline(units=10))
    ship(services, run, "a", line(1, "one"), line(3, "three", stage="ingest", unit=4))
    ship(services, run, "b", line(2, "two"), line(4, "four", level="ERROR", error="Traceback"))
    return run


def test_logs_of_all_workers_are_merged(services: Services, two: str) -> None:
    found = page(services, two)
    assert said(found) == ["one", "two", "three", "four"]
    assert set(found["workers"]) == {"a", "b"}
    assert found["more"] is False
    assert said(page(services, two, last=2)) == ["three", "four"]
    assert page(services, two, last=2)["more"] is True


def test_filters_go_together(services: Services, two: str) -> None:
    assert said(page(services, two, worker="b")) == ["two", "four"]
    assert said(page(services, two, stage="ingest", unit=4)) == ["three"]
    assert said(page(services, two, level="WARNING")) == ["four"]
    assert said(page(services, two, contains="TRACE", worker="a")) == []
    assert page(services, two, 400, level="LOUD")["errors"][0]["field"] == "query.level"
    assert page(services, two, 400, after="nonsense")["errors"][0]["field"] == "query.after"


def test_a_log_is_followed_without_a_gap_or_a_line_twice(services: Services, two: str) -> None:
    after = page(services, two)["next"]
    assert said(page(services, two, after=after)) == []
    ship(services, two, "a", line(6, "six"), line(5, "late"))
    ship(services, two, "c", line(5.5, "another worker"))
    seen = []
    while (found := page(services, two, after=after, last=1))["lines"]:
        seen += said(found)
        after = found["next"]
    assert sorted(seen) == ["another worker", "late", "six"]
    assert seen.index("six") < seen.index("late"), "in the order of its log"


def test_lines_of_one_unit_are_found_in_large_logs_within_bounds(
    services: Services, two: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = [line(10 + n / 100, "x" * 400, unit=7) for n in range(2_000)]
    ship(services, two, "a", *noise)
    found = page(services, two, unit=4)
    assert (said(found), found["more"]) == (["three"], False)
    monkeypatch.setattr(logs, "MOST_BYTES", 400_000)
    bounded = page(services, two, unit=4)
    assert (said(bounded), bounded["more"]) == ([], True), "it says where it has stopped"


def test_of_very_many_logs_those_that_were_written_last_are_read(
    services: Services, two: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MOST_LOGS", 1)
    newest = page(services, two)["workers"][0]
    found = page(services, two)
    assert {each["worker"] for each in found["lines"]} == {newest}
    assert found["more"] is True


def test_lines_of_any_kind_are_shown(services: Services, two: str) -> None:
    ship(services, two, "b", b"Killed", b"\xff{", b"", b'{"level":', b"[1, 2]")
    assert said(page(services, two, worker="b"))[2:] == ["Killed", "\ufffd{", '{"level":', "[1, 2]"]


def test_the_log_of_one_worker_with_the_output_of_its_container(
    services: Services, two: str
) -> None:
    services.records.write(naming.platform_log(two, "a"), "x" * 70_000 + "out of memory")
    services.records.write(naming.platform_log(two, "gone"), "never began")

    def log(worker: str) -> tuple[int, Any]:
        answer = called(services, "show_log", {"run": two, "worker": worker}, last=1)
        return answer.status_code, json.loads(answer.get_body())

    status, found = log("a")
    assert (status, said(found), found["more"]) == (200, ["three"], True)
    assert found["platform"].endswith("out of memory")
    assert len(found["platform"]) == logs.PLATFORM_BYTES
    assert log("b")[1]["platform"] is None
    assert log("gone")[1]["platform"] == "never began"
    assert log("gone")[1]["lines"] == []
    assert log("nobody")[0] == 404
    assert log("../a")[0] == 404


def test_a_run_that_has_said_nothing_yet(services: Services, run: str) -> None:
    keep(services, run, pipeline(units=10))
    found = page(services, run)
    assert (found["lines"], found["workers"], found["more"]) == ([], [], False)
    ship(services, run, "a", line(1, "first"))
    assert said(page(services, run, after=found["next"])) == ["first"]
    assert page(services, naming.run_id(BEGUN, "zzzzz"), 404)["status"] == 404
