"""Sinks that a request may name, and what a worker is told to reach them. No service is called."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from support.composed import KEY, URL, services
from support.tables import table

from orchestration import sinks
from orchestration.activities.fleet import worker_environment
from orchestration.model import RunRecord, RunRequest
from orchestration.problems import Invalid, InvalidRequestError
from orchestration.starting import accept, validated
from worker_image.contract import naming

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ingest(sink: Any, **instances: int) -> dict[str, Any]:
    source = {"container": "landing", "record_type": "thing"}
    return {"kind": "ingest", "source": source, "sink": sink, "instances": instances}


def request(url: str) -> RunRequest:
    return RunRequest.model_validate(http(url))


def http(url: str) -> dict[str, Any]:
    return ingest({"kind": "http", "url": url})


def environment(request: dict[str, Any]) -> dict[str, str]:
    run = naming.run_id(NOW, "abcde")
    record = RunRecord(run=run, created=NOW, request=RunRequest.model_validate(request))
    told = worker_environment(services(), "w1", record).variables()
    assert {item.name for item in told if item.secret} >= {
        item.name for item in told if "secret" in item.value
    }
    return {item.name: item.value for item in told}


# ------------------------------------------------------------------------------ the hosts


@pytest.mark.parametrize("url", ["https://a.example/rows", "http://b.example:8080/rows"])
def test_a_sink_at_a_listed_host_is_accepted(url: str) -> None:
    assert validated(services(), request(url)).sink == request(url).sink


@table(
    "url, listed, reason",
    {
        "another host": ("https://c.example/", "a.example", "https to c.example:443 is not"),
        "in the clear": ("http://a.example/", "a.example", "http to a.example:80 is not"),
        "no host is listed": ("https://a.example/", "", "https to a.example:443 is not"),
    },
)
def test_a_sink_at_another_host_is_refused_before_anything_is_created(
    url: str, listed: str, reason: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        accept(services(http_hosts=listed), request(url), key=None, now=NOW)
    [fault] = caught.value.faults
    assert (fault.field, reason in fault.reason) == ("sink.url", True)
    assert "ACI_JOBS_HTTP_HOSTS" in fault.reason


def test_other_sinks_need_no_host() -> None:
    for sink in ({"schema": "s"}, {"kind": "sqlite", "options": {}}):
        assert list(sinks.faults(RunRequest.model_validate(ingest(sink)), "")) == []
    refused = list(sinks.faults(RunRequest.model_validate(http("https://a.example")), "b.example"))
    assert [type(fault) for fault in refused] == [Invalid]


def test_a_setting_that_lists_no_hosts_is_named() -> None:
    with pytest.raises(ValidationError, match=r"http_hosts\n.*'https://a\.example': host or"):
        services(http_hosts="b.example,https://a.example")


# ------------------------------------------------------------------------------ the worker


@table(
    "request_, told",
    {
        "PostgreSQL": (ingest({"schema": "s"}), {"POSTGRESQL_URL": URL}),
        "HTTP": (
            http("https://a.example/"),
            {"SINK_SECRET": KEY, "HTTP_HOSTS": "a.example,b.example:8080"},
        ),
        "another": (ingest({"kind": "sqlite"}), {"SINK_SECRET": KEY}),
        "none": ({"kind": "generate", "dataset": {}, "units": 1}, {}),
    },
)
def test_a_worker_is_told_of_its_sink_and_of_no_other(
    request_: dict[str, Any], told: dict[str, str]
) -> None:
    found = environment(request_)
    of_sinks = [f"ACI_JOBS_{name}" for name in ("POSTGRESQL_URL", "SINK_SECRET", "HTTP_HOSTS")]
    assert {name: found[name] for name in of_sinks if name in found} == {
        f"ACI_JOBS_{name}": value for name, value in told.items()
    }


@table(
    "limit, instances, expected",
    {
        "no limit": (None, {"count": 3, "concurrency": 8}, 8),
        "shared by all groups that there may be": (10, {"count": 3, "concurrency": 8}, 3),
        "shared by as many as scaling allows": (10, {"max": 5, "backlog": 9, "concurrency": 8}, 2),
        "no more than units are worked on": (1000, {"count": 3, "concurrency": 8}, 8),
        "one for each": (3, {"count": 3, "concurrency": 8}, 1),
    },
)
def test_a_run_has_no_more_connections_than_it_may(
    limit: int | None, instances: dict[str, int], expected: int
) -> None:
    for sink in ({"schema": "s"}, {"kind": "http", "url": "https://a.example"}, {"kind": "other"}):
        request = ingest({**sink, "connections": limit}, **instances)
        assert environment(request)["ACI_JOBS_CONNECTIONS"] == str(expected)
