"""The telemetry of four runs, as it lies in the tables.

A pipeline that went well, a run that failed, one that goes on and stands still, and one that nobody
has heard of since.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

from support.telemetry_rows import failure, line, metric, of_app, of_unit
from support.workspace import Row
from worker_image.contract import telemetry
from worker_image.contract.telemetry import Attribute, Metric, Span, TraceParent, run_span

A = Attribute

GOOD, BAD, LIVE, LOST = "r-good", "r-bad", "r-live", "r-lost"


@cache
def now() -> datetime:
    """One moment for all rows, when the first is made: queries reckon from their own."""
    return datetime.now(UTC).replace(tzinfo=None)


def ago(minutes: float) -> datetime:
    return now() - timedelta(minutes=minutes)


def trace_of(run: str) -> TraceParent:
    return TraceParent(run_span(f"trace of {run}") * 2, run_span(run))


def gauges(run: str, minutes: float, **values: float) -> Iterator[tuple[str, Row]]:
    for name, value in values.items():
        yield metric(ago(minutes), Metric[f"RUN_{name}"], [value], {A.RUN: run})


def of_stage(run: str, stage: str, **more: str) -> dict[Attribute, str | float]:
    return {A.RUN: run, A.STAGE: stage, **{Attribute[name]: value for name, value in more.items()}}


def work(
    run: str,
    minutes: float,
    stage: str,
    written: int,
    seconds: list[float],
    outcome: str = "done",
) -> Iterator[tuple[str, Row]]:
    """What a worker measured in an interval."""
    about = of_stage(run, stage)
    yield metric(ago(minutes), Metric.ROWS, [written], about, telemetry.WORKER)
    how = {**about, A.OUTCOME: outcome}
    yield metric(ago(minutes), Metric.UNIT_DURATION, seconds, how, telemetry.WORKER)


def end(run: str, minutes: float, state: str, **account: str | float) -> Iterator[tuple[str, Row]]:
    """The end of a run that took half an hour."""
    about = {
        A.RUN: run,
        **{Attribute[name]: value for name, value in account.items()},
        A.STATE: state,
    }
    trace = TraceParent(trace_of(run).trace, f"start of {run}")
    yield metric(ago(minutes), Metric.RUNS_ENDED, [1], {A.RUN: run, A.STATE: state})
    yield of_app(ago(minutes + 30), Span.RUN, 1_800, trace, about, span=run_span(run))


def unit(
    run: str, minutes: float, number: int, seconds: float, outcome: str, **more: str | float
) -> tuple[str, Row]:
    about = {
        **of_stage(run, "ingest", OUTCOME=outcome),
        A.UNIT: number,
        A.DELIVERY: 1,
        **{Attribute[name]: value for name, value in more.items()},
    }
    return of_unit(
        ago(minutes), seconds, trace_of(run), about, span=f"unit {number}", worker=f"{run}-01"
    )


def the_good_run() -> Iterator[tuple[str, Row]]:
    for minutes in (48, 33):
        yield from work(GOOD, minutes, "generate", 7_000, [1.0, 3.0])
        yield from work(GOOD, minutes, "ingest", 7_000, [2.0, 4.0])
        yield from gauges(GOOD, minutes, QUEUED=minutes, DEAD=0, COST=0.5 - minutes / 100, QUIET=1)
        for stage, done in (("generate", 4), ("ingest", 3), ("finish", 1)):
            yield metric(ago(minutes), Metric.RUN_UNITS, [done], of_stage(GOOD, stage))
        for state, groups in (("Running", 3), ("Pending", 1)):
            about = {A.RUN: GOOD, A.STATE: state}
            yield metric(ago(minutes), Metric.RUN_GROUPS, [groups], about)
    yield unit(GOOD, 48, 1, 2.0, "done", ROWS=3_500, BYTES=90_000)
    yield unit(GOOD, 48, 2, 4.0, "done", ROWS=3_500, BYTES=90_000)
    yield from end(GOOD, 30, "Succeeded", KIND="pipeline", UNITS=4, REASON="")


def the_bad_run() -> Iterator[tuple[str, Row]]:
    yield from gauges(BAD, 12, QUEUED=0, DEAD=3, COST=0.2, QUIET=5)
    for error, number in (("aaa", 4), ("aaa", 5), ("bbb", 6)):
        about = of_stage(BAD, "ingest", ERROR=error)
        yield metric(ago(10), Metric.DEAD_LETTERS, [1], about, telemetry.WORKER)
        yield unit(BAD, 10, number, 1.0, "dead", ERROR=error)
        words = f"of {error}"
        yield failure(ago(10), telemetry.WORKER, f"unit {number}", about, "DataError", words)
    trace = trace_of(BAD)
    yield of_app(
        ago(40),
        Span.START,
        0.2,
        TraceParent(trace.trace, "caller"),
        {A.RUN: BAD},
        span=f"start of {BAD}",
    )
    yield of_app(ago(9), "audit", 2, trace, {A.RUN: BAD}, span="audit", failed=True)
    yield failure(ago(9), telemetry.APP, "audit", {A.RUN: BAD}, "HttpResponseError", "it is away")
    yield line(ago(9), 3, level="ERROR", run=BAD, activity="audit", message="audit failed")
    yield line(ago(8), 2, level="WARNING", run=BAD, worker="g-01", message="an orphan")
    yield metric(ago(7), Metric.ORPHANS, [1, 1], {A.RUN: BAD})
    yield from end(BAD, 8, "Failed", KIND="ingest", UNITS=90, REASON="no progress")


def the_live_run() -> Iterator[tuple[str, Row]]:
    for minutes, quiet in ((25, 60), (14, 900), (2, 1_620)):
        yield from gauges(LIVE, minutes, QUEUED=40, DEAD=0, COST=80, QUIET=quiet)
    for minutes, done in ((25, 2), (14, 8), (2, 8)):
        yield metric(ago(minutes), Metric.RUN_UNITS, [done], of_stage(LIVE, "command"))


def the_lost_run() -> Iterator[tuple[str, Row]]:
    yield from gauges(LOST, 20, QUEUED=0, DEAD=0, COST=0.1, QUIET=10)


def the_app() -> Iterator[tuple[str, Row]]:
    yield line(ago(6), 3, level="ERROR", message="sweep failed", operation="sweep")
    yield line(ago(5), 3, level="ERROR", message="sweep failed", operation="sweep")
    yield "AppTraces", {"TimeGenerated": ago(5), "SeverityLevel": 3, "Message": "of the host"}
    yield "AppRequests", {"TimeGenerated": ago(3), "Name": "sweep_orphans", "AppRoleName": "site"}


def rows() -> Iterator[tuple[str, Row]]:
    """All of it."""
    for part in (the_good_run, the_bad_run, the_live_run, the_lost_run, the_app):
        yield from part()
