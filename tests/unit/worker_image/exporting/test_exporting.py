"""What goes out of a process, what is lost, and what that is allowed to cost."""

import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken
from support.collector import Collector, collector
from support.endpoint import Answer
from support.services import eventually
from support.tables import table

from worker_image.contract import Failure
from worker_image.contract.telemetry import VERSION, Attribute, Metric
from worker_image.exporting import (
    INSTRUMENTS,
    Destination,
    Export,
    Kind,
    Nowhere,
    Origin,
    Shape,
    Span,
    open_export,
)
from worker_image.exporting.opened import QUEUE

CHECKOUT = Path(__file__).parents[4]
LOG = logging.getLogger("exporting")
ORIGIN = Origin("aci-jobs-worker", "group-1")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TRACE, PARENT, OWN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "b7ad6b7169203331"
FAILURE = Failure("ValueError", "no such thing", True, "w", 1, "", "the tail of a traceback")
ABOUT = {Attribute.RUN: "r", Attribute.UNIT: 7}


def span(**changes: object) -> Span:
    members: dict[str, object] = {
        "name": "unit",
        "kind": Kind.CONSUMER,
        "trace": TRACE,
        "parent": PARENT,
        "id": OWN,
        "begun": NOW,
        "ended": NOW + timedelta(seconds=1.5),
        "attributes": ABOUT,
    }
    return Span(**{**members, **changes})  # type: ignore[arg-type]  # a table of any of them


def otlp(to: Collector) -> Export:
    return open_export(Destination(otlp_endpoint=to.otlp), ORIGIN, LOG, delay=60)


@pytest.fixture
def collected() -> Iterator[Collector]:
    with collector() as running:
        yield running


def test_a_span_goes_out_as_it_was(collected: Collector) -> None:
    export = otlp(collected)
    export.span(span())
    export.close(10)
    (seen,) = collected.spans()
    assert (seen.name, seen.kind, seen.trace, seen.id) == ("unit", "consumer", TRACE, OWN)
    assert (seen.parent, seen.begun, seen.ended) == (
        PARENT,
        NOW.timestamp(),
        NOW.timestamp() + 1.5,
    )
    assert (seen.failed, seen.events) == (False, ())
    assert seen.attributes == {"aci_jobs.run": "r", "aci_jobs.unit": 7}
    assert seen.resource == {
        "service.name": "aci-jobs-worker",
        "service.instance.id": "group-1",
        "service.version": VERSION,
    }


def test_a_span_without_a_parent_is_the_root_of_its_trace(collected: Collector) -> None:
    export = otlp(collected)
    export.span(span(parent=None))
    export.close(10)
    (seen,) = collected.spans()
    assert (seen.trace, seen.id, seen.parent) == (TRACE, OWN, "")


def test_a_failure_is_told_with_its_cause(collected: Collector) -> None:
    export = otlp(collected)
    export.span(span(failure=FAILURE))
    export.span(span(error="the deadline has passed"))
    export.close(10)
    failed, other = collected.spans()
    assert (failed.failed, failed.said) == (True, "no such thing")
    ((name, event),) = failed.events
    assert name == "exception"
    assert event == {
        **failed.attributes,
        "exception.type": "ValueError",
        "exception.message": "no such thing",
        "exception.stacktrace": "the tail of a traceback",
    }
    assert (other.failed, other.said, other.events) == (True, "the deadline has passed", ())


def test_each_metric_has_the_shape_and_unit_that_are_written_down(collected: Collector) -> None:
    export = otlp(collected)
    for metric in Metric:
        export.measure(metric, 2, {Attribute.RUN: "r"})
        export.measure(metric, 3, {Attribute.RUN: "r"})
    export.close(10)
    shapes = {
        Shape.COUNTER: ("sum", 5),
        Shape.GAUGE: ("gauge", 3),
        Shape.HISTOGRAM: ("histogram", 5),
    }
    assert set(INSTRUMENTS) == set(Metric)
    for metric, instrument in INSTRUMENTS.items():
        (point,) = collected.points(metric)
        assert (point.kind, point.value) == shapes[instrument.shape]
        assert point.unit == instrument.unit
        assert point.bounds == instrument.bounds


def test_a_counter_that_somebody_keeps_is_read_when_it_goes_out(collected: Collector) -> None:
    kept, destination = (
        {"a": 5},
        Destination(otlp_endpoint=collected.otlp, connection_string=collected.connection_string),
    )
    export = open_export(destination, ORIGIN, LOG, delay=60)
    export.watch(
        Metric.ROWS, lambda: [(rows, {Attribute.STAGE: stage}) for stage, rows in kept.items()]
    )
    kept["a"] = 7
    export.flush()
    eventually(lambda: len(collected.points(Metric.ROWS)) == 1)
    eventually(lambda: len(collected.rows()) == 1)
    kept["a"] = 9
    export.close(10)
    assert [point.value for point in collected.points(Metric.ROWS)] == [7, 9]
    assert [row.columns["Sum"] for row in collected.rows()] == [7, 2], "what has come since"
    assert {point.unit for point in collected.points(Metric.ROWS)} == {"{row}"}


def test_a_gauge_that_nobody_sets_any_more_is_not_told_again(collected: Collector) -> None:
    export = otlp(collected)
    export.measure(Metric.RUN_QUEUED, 4, {Attribute.RUN: "r"})
    export.measure(Metric.ROWS, 4, {Attribute.RUN: "r"})
    export.flush()
    eventually(lambda: len(collected.points(Metric.ROWS)) == 1)
    export.close(10)
    assert len(collected.points(Metric.ROWS)) == 2, "a counter says its sum each time"
    assert len(collected.points(Metric.RUN_QUEUED)) == 1


def test_headers_go_to_the_endpoint(collected: Collector) -> None:
    destination = Destination(otlp_endpoint=f"{collected.otlp}/", otlp_headers="x-key=a%20b,x-no=1")
    export = open_export(destination, ORIGIN, LOG, delay=60)
    export.span(span())
    export.close(10)
    (asked,) = [asked for asked in collected.asked if asked.path == "/v1/traces"]
    assert (asked.headers["x-key"], asked.headers["x-no"]) == ("a b", "1")


def test_application_insights_gets_its_own_envelopes_and_nothing_else(collected: Collector) -> None:
    destination = Destination(connection_string=collected.connection_string)
    export = open_export(destination, ORIGIN, LOG, delay=60)
    export.span(span(failure=FAILURE))
    export.span(span(kind=Kind.INTERNAL, name="run", attributes={Attribute.RUN: "r"}))
    for value in (1, 3):
        export.measure(Metric.UNIT_DURATION, value, {Attribute.RUN: "r"})
    export.close(10)
    assert {asked.path for asked in collected.asked} == {"/v2.1/track"}
    rows = {row.table: row for row in collected.rows()}
    assert len(collected.rows()) == len(rows) == 4
    request, exception = rows["AppRequests"], rows["AppExceptions"]
    assert (request.columns["Name"], request.columns["Success"]) == ("unit", False)
    assert (request.columns["OperationId"], request.columns["ParentId"]) == (TRACE, PARENT)
    assert (request.columns["Id"], request.columns["DurationMs"]) == (OWN, 1_500)
    assert request.properties == {"aci_jobs.run": "r", "aci_jobs.unit": "7"}
    assert exception.columns["ExceptionType"] == "ValueError"
    assert exception.columns["ParentId"] == OWN
    assert exception.properties == request.properties
    assert rows["AppDependencies"].columns["Name"] == "run"
    metric = rows["AppMetrics"].columns
    assert (metric["Sum"], metric["ItemCount"], metric["Min"], metric["Max"]) == (4, 2, 1, 3)
    assert {row.columns["AppRoleName"] for row in rows.values()} == {"aci-jobs-worker"}
    assert {row.columns["AppRoleInstance"] for row in rows.values()} == {"group-1"}


class Credential:
    """A managed identity that has a token."""

    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken("topsecret", int(time.time()) + 3_600)


def test_a_token_does_not_go_out_in_the_clear(
    collected: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    destination = Destination(
        connection_string=collected.connection_string, credential=Credential()
    )
    export = open_export(destination, ORIGIN, LOG, delay=60)
    export.span(span())
    export.close(10)
    assert collected.asked == []
    (said,) = caplog.messages
    assert "not permitted for non-TLS" in said
    assert "topsecret" not in caplog.text


# ------------------------------------------------------------------------------ troubles


@pytest.fixture
def away() -> str:
    """An endpoint where nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


PRELUDE = """
import logging, os, sys, time
from datetime import UTC, datetime
from worker_image.contract.telemetry import Metric
from worker_image.exporting import Destination, Kind, Origin, Span, open_export

NOW = datetime.now(UTC)
ABOUT = {"name": "unit", "kind": Kind.CONSUMER, "trace": "1" * 32, "parent": None, "attributes": {}}
SPAN = Span(**ABOUT, begun=NOW, ended=NOW)
"""


def alone(code: str) -> "subprocess.CompletedProcess[str]":
    """Run in a process of its own: threads that are not answered go on for a while."""
    return subprocess.run(
        [sys.executable, "-c", PRELUDE + code],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_that_nothing_is_taken_is_said_once(away: str) -> None:
    done = alone(
        f"""
logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout)
destination = Destination(otlp_endpoint={away!r}, otlp_headers="api-key=topsecret-of-somebody")
export = open_export(destination, Origin("a", "b"), logging.getLogger("exporting"), delay=0.01)
for _ in range(5):
    export.span(SPAN)
    export.flush()
export.close(4)
"""
    )
    (said,) = done.stdout.splitlines()
    assert said.startswith("WARNING telemetry is not taken, which is said once: ")
    assert "topsecret" not in said + done.stderr


def test_an_endpoint_that_refuses_is_no_error(
    collected: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collected.answers.append(Answer(401))
    export = otlp(collected)
    export.span(span())
    export.close(10)
    (said,) = caplog.messages
    assert "401" in said


def test_without_a_destination_there_is_no_export() -> None:
    assert isinstance(open_export(Destination(), ORIGIN, LOG, delay=1), Nowhere)


@table(
    "destination, absent",
    {
        "nobody": ("", {"opentelemetry"}),
        "OTLP": ("otlp_endpoint='http://127.0.0.1:9'", {"azure.monitor", "msrest"}),
        "Application Insights": (
            "connection_string='InstrumentationKey=00000000-0000-0000-0000-0000c0ffee00'",
            {"opentelemetry.exporter.otlp", "google.protobuf"},
        ),
    },
)
def test_only_what_is_used_is_imported(destination: str, absent: set[str]) -> None:
    code = (
        "import sys, logging\n"
        "from worker_image.telemetry import open_telemetry\n"
        "from worker_image.exporting import Destination, Origin, open_export\n"
        f"destination = Destination({destination})\n"
        "open_export(destination, Origin('a', 'b'), logging.getLogger(), delay=60)\n"
        f"print(*({absent} & set(sys.modules)))\n"
        "import os; sys.stdout.flush(); os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == ([], "")


def test_the_globals_of_open_telemetry_are_left_alone(collected: Collector) -> None:
    from opentelemetry import metrics, trace

    tracing, metering = trace.get_tracer_provider(), metrics.get_meter_provider()
    otlp(collected).close(10)
    assert trace.get_tracer_provider() is tracing
    assert metrics.get_meter_provider() is metering


@pytest.fixture
def silent() -> Iterator[str]:
    """An endpoint that takes connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("language", ["otlp", "application insights"])
@pytest.mark.parametrize("endpoint", ["silent", "away"])
def test_nobody_waits_for_an_endpoint(
    endpoint: str, language: str, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue(endpoint)
    key = "InstrumentationKey=00000000-0000-0000-0000-0000c0ffee00"
    given = {"otlp_endpoint": url}
    if language != "otlp":
        given = {"connection_string": f"{key};IngestionEndpoint={url}"}
    done = alone(
        f"""
begun, destination = time.monotonic(), Destination(**{given!r})
export = open_export(destination, Origin("a", "b"), logging.getLogger(), delay=0.01)
for _ in range(3 * {QUEUE}):
    export.span(SPAN)
export.measure(Metric.ROWS, 1, {{}})
said = time.monotonic() - begun
export.close(0.5)
print(said, time.monotonic() - begun - said)
sys.stdout.flush()
os._exit(0)
"""
    )
    said, closed = map(float, done.stdout.split())
    assert said < 20, "6,000 spans, on a busy machine"
    assert closed < 9


def test_an_interpreter_that_ends_has_its_last_words_sent(
    collected: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of Python 3.12 starts no thread any more."""
    export = otlp(collected)
    export.span(span())
    export.measure(Metric.ROWS, 1, {})

    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        if threading.current_thread() is threading.main_thread():
            raise RuntimeError("can't create new thread at interpreter shutdown")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)
    export.close(10)
    assert (len(collected.spans()), len(collected.points(Metric.ROWS))) == (1, 1)
