"""What the control plane says of runs, to an export that keeps it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.states import RUN
from support.tables import table

from orchestration.model import (
    GROUP_STATES,
    Account,
    GroupView,
    Look,
    Observation,
    Phase,
    Progress,
    RunRecord,
    RunRequest,
)
from orchestration.reports import Report
from orchestration.telemetry import Telemetry
from worker_image.contract import Redaction
from worker_image.contract.telemetry import Attribute, Metric, TraceParent, run_span, start_span
from worker_image.exporting import Kind, Nowhere, Span
from worker_image.exporting.export import Attributes

NOW = datetime.now(UTC)
CALLER = TraceParent("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=False)
OWN = TraceParent(CALLER.trace, run_span(RUN))
REQUEST = {"kind": "ingest", "source": {"container": "landing"}, "sink": {"schema": "s"}}


class Kept(Nowhere):
    """An export that keeps what it is given."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.measured: list[tuple[Metric, float, Attributes]] = []
        self.flushed = 0

    def span(self, span: Span) -> None:
        self.spans.append(span)

    def measure(self, metric: Metric, value: float, attributes: Attributes) -> None:
        self.measured.append((metric, value, attributes))

    def flush(self) -> None:
        self.flushed += 1


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def telemetry(kept: Kept) -> Telemetry:
    return Telemetry(kept, share=0.25, redact=Redaction(["hunter2"]))


def record(**changes: object) -> RunRecord:
    request = RunRequest.model_validate(REQUEST)
    values = {"run": RUN, "created": NOW, "request": request, "traceparent": str(OWN)}
    return RunRecord.model_validate({**values, **changes})


def report(**changes: object) -> Report:
    values = {
        "run": RUN,
        "state": "Succeeded",
        "reason": "",
        "started": NOW,
        "round_started": NOW,
        "ended": NOW + timedelta(seconds=90),
        "units": 3,
        "account": Account(done={"ingest": 2}, dead={"ingest": 1}, missing={"ingest": 0}),
        "stages": {},
        "failures": [],
        "retries": 0,
        "groups_used": 1,
        "billed_seconds": 60,
        "cost": 0.5,
        "redrives": 0,
        "notes": [],
    }
    return Report.model_validate({**values, **changes})


def test_a_run_is_in_the_trace_of_who_asked_for_it(telemetry: Telemetry) -> None:
    assert telemetry.trace(RUN, str(CALLER)) == {"traceparent": str(OWN), "trace_share": 0.25}


def test_without_a_caller_each_run_is_a_trace_of_its_own(telemetry: Telemetry) -> None:
    one, other = (
        TraceParent.read(telemetry.trace(RUN, caller)["traceparent"]) for caller in (None, "what")
    )
    assert one
    assert other
    assert one.trace != other.trace
    assert {one.parent, other.parent} == {run_span(RUN)}


def test_nobody_is_told_by_default() -> None:
    assert Telemetry().trace(RUN, str(CALLER)) == {}


def test_the_start_is_a_child_of_the_call(kept: Kept, telemetry: Telemetry) -> None:
    with telemetry.starting(Kind.SERVER, str(CALLER), NOW) as starting:
        starting.accepted(record())
    (span,) = kept.spans
    assert (span.name, span.kind, span.trace) == ("start run", Kind.SERVER, CALLER.trace)
    assert (span.id, span.parent) == (start_span(RUN), CALLER.parent)
    assert span.attributes == {Attribute.RUN: RUN, Attribute.KIND: "ingest"}
    assert span.begun <= span.ended
    assert span.failure is None


def test_a_start_without_a_caller_is_the_root_of_the_run_s_trace(
    kept: Kept, telemetry: Telemetry
) -> None:
    with telemetry.starting(Kind.INTERNAL, None, NOW) as starting:
        starting.accepted(record())
    (span,) = kept.spans
    assert (span.trace, span.id, span.parent) == (OWN.trace, start_span(RUN), None)


def test_a_second_request_for_the_same_run_is_in_its_own_trace(
    kept: Kept, telemetry: Telemetry
) -> None:
    caller = TraceParent("b" * 32, "c" * 16)
    with telemetry.starting(Kind.SERVER, str(caller), NOW + timedelta(seconds=1)) as starting:
        starting.accepted(record())
    (span,) = kept.spans
    assert (span.trace, span.parent) == (caller.trace, caller.parent)
    assert span.id != start_span(RUN)


def test_what_is_refused_is_no_start_of_a_run(kept: Kept, telemetry: Telemetry) -> None:
    with (
        pytest.raises(ValueError, match="refused"),
        telemetry.starting(Kind.SERVER, str(CALLER), NOW),
    ):
        raise ValueError("refused")
    assert kept.spans == []


def test_a_start_that_fails_says_why_without_secrets(kept: Kept, telemetry: Telemetry) -> None:
    def fail() -> None:
        with telemetry.starting(Kind.SERVER, str(CALLER), NOW) as starting:
            starting.accepted(record())
            raise OSError("hunter2 is away")

    with pytest.raises(OSError, match="away"):
        fail()
    (span,) = kept.spans
    assert span.failure
    assert (span.failure.type, span.failure.message) == ("OSError", "*** is away")
    assert "hunter2" not in span.failure.traceback
    assert "Traceback" in span.failure.traceback


def test_an_activity_is_a_child_of_its_run(kept: Kept, telemetry: Telemetry) -> None:
    with telemetry.activity("seed", str(OWN), RUN):
        pass
    with pytest.raises(ValueError, match="hunter2"), telemetry.activity("audit", str(OWN), RUN):
        raise ValueError("hunter2")
    done, failed = kept.spans
    assert (done.name, done.kind) == ("seed", Kind.INTERNAL)
    assert (done.trace, done.parent) == (OWN.trace, run_span(RUN))
    assert done.attributes == {Attribute.RUN: RUN}
    assert done.failure is None
    assert failed.failure
    assert failed.failure.message == "***"


def test_an_activity_of_a_run_without_a_trace_is_silent(kept: Kept, telemetry: Telemetry) -> None:
    with telemetry.activity("seed", None, RUN):
        pass
    assert kept.spans == []


def group(number: int, state: str) -> GroupView:
    name = f"{RUN}-{number}"
    return GroupView(name=name, ordinal=number, attempt=1, provisioning="Succeeded", state=state)


def test_a_look_says_how_the_run_stands(kept: Kept, telemetry: Telemetry) -> None:
    look = Look(run=RUN, cost=1.5, progressed=NOW - timedelta(seconds=40))
    states = ["Running", "Running", "Pending"]
    seen = Observation(
        queued=7,
        dead=2,
        progress={"generate": Progress(units=5), "ingest": Progress(units=3)},
        groups=tuple(group(number, state) for number, state in enumerate(states)),
    )
    telemetry.seen(look, seen, NOW)
    of_run = {Attribute.RUN: RUN}
    groups = {**dict.fromkeys(GROUP_STATES, 0), "Pending": 1, "Running": 2}
    assert kept.measured == [
        (Metric.RUN_QUEUED, 7, of_run),
        (Metric.RUN_DEAD, 2, of_run),
        (Metric.RUN_COST, 1.5, of_run),
        (Metric.RUN_UNITS, 5, {**of_run, Attribute.STAGE: "generate"}),
        (Metric.RUN_UNITS, 3, {**of_run, Attribute.STAGE: "ingest"}),
        *(
            (Metric.RUN_GROUPS, count, {**of_run, Attribute.STATE: state})
            for state, count in groups.items()
        ),
        (Metric.RUN_QUIET, 40, of_run),
    ]


def test_a_run_that_is_not_to_go_on_is_not_quiet(kept: Kept, telemetry: Telemetry) -> None:
    telemetry.seen(Look(run=RUN), Observation(queued=0, dead=0), NOW)
    assert Metric.RUN_QUIET not in {metric for metric, *_ in kept.measured}


@table(
    "changes, error",
    {
        "well": ({}, ""),
        "with dead letters": ({"state": Phase.COMPLETED_WITH_FAILURES, "reason": "1 unit"}, ""),
        "badly": ({"state": Phase.FAILED, "reason": "hunter2 is wrong"}, "*** is wrong"),
        "badly, without a word": ({"state": Phase.FAILED}, "it failed"),
    },
)
def test_the_end_of_a_run(
    kept: Kept, telemetry: Telemetry, changes: dict[str, Any], error: str
) -> None:
    ended = report(**changes)
    telemetry.ended(record(), ended)
    (span,) = kept.spans
    assert (span.name, span.trace, span.id) == ("run", OWN.trace, run_span(RUN))
    assert span.parent == start_span(RUN)
    assert (span.begun, span.ended, span.error) == (NOW, ended.ended, error)
    assert span.attributes == {
        Attribute.RUN: RUN,
        Attribute.KIND: "ingest",
        Attribute.STATE: ended.state,
        Attribute.REASON: ended.reason.replace("hunter2", "***"),
        Attribute.UNITS: 3,
        Attribute.DEAD: 1,
        Attribute.ROWS: 0,
        Attribute.COST: 0.5,
    }
    assert kept.measured == [
        (Metric.RUNS_ENDED, 1, {Attribute.RUN: RUN, Attribute.STATE: ended.state}),
        (Metric.RUN_DURATION, 90, {Attribute.STATE: ended.state}),
    ]
    assert kept.flushed == 1


def test_the_end_of_a_run_without_a_trace_is_measured(kept: Kept, telemetry: Telemetry) -> None:
    telemetry.ended(record(traceparent=None), report())
    assert kept.spans == []
    assert len(kept.measured) == 2
