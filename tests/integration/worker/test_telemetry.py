"""What a worker tells of its deliveries, by how they end."""

import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from support.collector import Collector, SeenSpan, collector
from support.services import eventually
from support.tables import table
from support.worker import CONTENT, Bench, Plain

from local_host.services.ports import HOST
from worker_image.contract import CommandPayload, ExitCode, Limits, Message, Stage
from worker_image.contract.telemetry import Attribute, Metric, TraceParent
from worker_image.errors import PermanentError, TargetBusyError
from worker_image.exporting import Destination, Origin, open_export
from worker_image.logs import Shipment
from worker_image.telemetry import Telemetry
from worker_image.worker import Worker

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TOLD = str(TraceParent(TRACE, PARENT))
NOT_TOLD = str(TraceParent(TRACE, PARENT, sampled=False))
SECRET = "hunter2-is-not-told"
DONE = CommandPayload(("true",), "{}", {}, {"0": "success", "1": "dead_letter"}).members()


@pytest.fixture
def collected() -> Iterator[Collector]:
    with collector() as running:
        yield running


def worker(
    bench: Bench,
    collected: Collector,
    stage: Plain,
    end_process: Callable[[int], object] = os._exit,
    **changes: Any,
) -> Worker:
    """A worker that tells the collector."""
    destination = Destination(otlp_endpoint=collected.otlp)
    export = open_export(destination, Origin("w", "w1"), logging.getLogger("w"), delay=60)
    workplace = bench.workplace(stage, telemetry=Telemetry(bench.run, export))
    return Worker(bench.environment(**changes), workplace, Shipment(), end_process)


def drain(bench: Bench, collected: Collector, stage: Plain, **changes: Any) -> list[SeenSpan]:
    """Run such a worker to its end; its spans."""
    assert worker(bench, collected, stage, **changes).run() is ExitCode.OK
    return collected.spans()


def failing(error: Exception, times: int = 1) -> Plain:
    """Work that fails in the first tries of a unit."""
    left = [error] * times

    def work(_: Message) -> None:
        if left:
            raise left.pop()

    return Plain(work)


def test_a_unit_is_told_with_what_it_brought(bench: Bench, collected: Collector) -> None:
    bench.seed(bench.message(3, traceparent=TOLD), bench.message(4, traceparent=NOT_TOLD))
    (span,) = drain(bench, collected, Plain())
    assert (span.name, span.kind, span.trace, span.parent) == ("unit", "consumer", TRACE, PARENT)
    assert (span.failed, span.events) == (False, ())
    assert span.attributes == {
        Attribute.RUN: bench.run,
        Attribute.STAGE: "generate",
        Attribute.UNIT: 3,
        Attribute.OUTCOME: "done",
        Attribute.DELIVERY: 1,
        Attribute.ROWS: 1,
        Attribute.BYTES: len(CONTENT),
        Attribute.DOCUMENT: f"documents/{bench.run}/0000003",
    }
    assert 0 < span.ended - span.begun < 20
    assert collected.total(Metric.ROWS, bench.run, stage="generate") == 2
    assert collected.total(Metric.DOCUMENT_SIZE, bench.run) == 2 * len(CONTENT)
    (duration,) = collected.points(Metric.UNIT_DURATION, bench.run)
    assert duration.count == 2
    assert duration.attributes[Attribute.OUTCOME] == "done"


@table(
    "error, outcomes, told",
    {
        "it is tried again": (OSError("again"), {"retried": 1, "done": 1}, ["retried"]),
        "it is given up": (PermanentError("never"), {"dead": 1}, ["dead"]),
        "the target turns it away, no fault of the unit": (
            TargetBusyError("later"),
            {"turned_away": 1, "done": 1},
            [],
        ),
    },
)
def test_what_fails_is_told_though_no_share_is(
    bench: Bench,
    collected: Collector,
    error: Exception,
    outcomes: dict[str, int],
    told: list[str],
) -> None:
    bench.seed(bench.message(traceparent=NOT_TOLD))
    spans = drain(bench, collected, failing(error), idle_seconds=0.5)
    assert [span.attributes[Attribute.OUTCOME] for span in spans] == told
    for span in spans:
        assert span.failed
        ((_, event),) = span.events
        assert event["exception.type"] == type(error).__name__
        assert event["exception.message"] == str(error)
        assert "in work" in event["exception.stacktrace"]
    points = collected.points(Metric.UNIT_DURATION, bench.run)
    assert {point.attributes[Attribute.OUTCOME]: point.count for point in points} == outcomes
    dead = collected.total(Metric.DEAD_LETTERS, bench.run, stage="generate")
    assert dead == outcomes.get("dead", 0)


def test_a_unit_that_is_turned_away_says_why_if_it_is_in_the_share(
    bench: Bench, collected: Collector
) -> None:
    bench.seed(bench.message(traceparent=TOLD))
    stage = failing(TargetBusyError("too many connections"))
    first, _ = drain(bench, collected, stage, idle_seconds=0.5)
    assert first.attributes[Attribute.OUTCOME] == "turned_away"
    assert first.attributes[Attribute.REASON] == "too many connections"
    assert not first.failed


def test_a_dead_letter_is_counted_by_its_error_even_if_nobody_can_read_it(
    bench: Bench, collected: Collector
) -> None:
    bench.seed("not a message", bench.message(traceparent=None))
    spans = drain(bench, collected, failing(PermanentError("never")))
    assert spans == [], "a message of no trace is in none"
    stages = {letter.error.fingerprint for letter in bench.dead_letters()}
    points = collected.points(Metric.DEAD_LETTERS, bench.run)
    by_stage = {point.attributes[Attribute.STAGE]: point for point in points}
    assert set(by_stage) == {"undecodable", "generate"}
    assert by_stage["generate"].attributes[Attribute.ERROR] in stages


def test_a_unit_that_has_had_its_time_is_told_before_the_process_ends(
    bench: Bench, collected: Collector
) -> None:
    over, seen = threading.Event(), list[SeenSpan]()
    stage = Plain(lambda _: over.wait(30))

    def end_process(_: int) -> None:
        seen.extend(collected.spans())
        over.set()

    limits = Limits(attempts=1, timeout_seconds=0.2)
    bench.seed(bench.message(limits=limits, traceparent=NOT_TOLD))
    worker(bench, collected, stage, end_process).run()
    (span,) = seen
    assert span.attributes[Attribute.OUTCOME] == "dead"
    ((_, event),) = span.events
    assert event["exception.type"] == "UnitTimeout"


def test_no_secret_is_told(bench: Bench, collected: Collector) -> None:
    secrets = {"sink_secret": SECRET, "otlp_headers": f"authorization=Bearer%20{SECRET}-2"}
    words = f"raise SystemExit('{SECRET} and {SECRET}-2')"
    payload = {**DONE, "program": ["python", "-c", words], "text": json.dumps(SECRET)}
    bench.seed(
        bench.message(
            stage=Stage.COMMAND, payload=payload, limits=Limits(attempts=1), traceparent=TOLD
        )
    )
    code, printed = bench.run_process(
        otlp_endpoint=collected.otlp,
        applicationinsights_connection_string=collected.connection_string,
        **secrets,
    )
    assert code == ExitCode.OK, printed
    (span,) = collected.spans()
    assert "*** and ***" in span.said
    assert SECRET not in printed
    for asked in collected.asked:
        assert SECRET not in collected.text(asked)
    assert {row.table for row in collected.rows()} == {"AppRequests", "AppExceptions", "AppMetrics"}


@pytest.mark.parametrize("answers", [True, False])
def test_a_worker_that_is_asked_to_leave_tells_what_it_knows_and_waits_for_nobody(
    bench: Bench, collected: Collector, *, answers: bool
) -> None:
    bench.seed(bench.message(stage=Stage.COMMAND, payload=DONE, traceparent=TOLD))
    with closing(socket.create_server((HOST, 0))) as listener:
        silent = f"http://{HOST}:{listener.getsockname()[1]}"
        endpoint = collected.otlp if answers else silent
        with bench.process(idle_seconds=60, otlp_endpoint=endpoint) as process:
            eventually(lambda: bench.queued() == 0)
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            printed, _ = process.communicate(timeout=60)
            assert time.monotonic() - begun < 25
    assert process.returncode == ExitCode.OK, printed
    assert len(collected.spans()) == answers
