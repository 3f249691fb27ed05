"""What the control plane says of itself: the spans of runs and of their activities, and how runs
stand.
"""

import logging
import os
import platform
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from azure.core.credentials import TokenCredential

from worker_image.contract import Failure, Redaction, telemetry
from worker_image.contract.telemetry import Attribute, Metric, TraceParent, run_span, start_span
from worker_image.exporting import Destination, Export, Kind, Nowhere, Origin, Span, open_export
from worker_image.exporting.export import Attributes

from . import logs
from .model import GROUP_STATES, Look, Observation, Phase, RunRecord
from .reports import Report
from .settings import Settings

log = logging.getLogger(__name__)

DELAY = 1.0  # seconds that a span waits for others: an app that nobody calls may be frozen
PATIENCE = 3.0  # seconds at the end of the process


class Starting:
    """A run that is being started."""

    def __init__(self) -> None:
        self.record: RunRecord | None = None

    def accepted(self, record: RunRecord) -> RunRecord:
        """The record that is kept of it."""
        self.record = record
        return record


class Telemetry:
    """Says it to an export, without secrets; safe to use from any thread.

    Without an export nobody is told, and no run has a trace. The caller's wish to be in a trace
    or not does not count: the host of the app says no where it has no telemetry of its own.
    """

    def __init__(
        self,
        export: Export | None = None,
        *,
        share: float = 0.0,
        redact: Redaction = Redaction(()),  # noqa: B008 - it never changes
    ) -> None:
        self._export = export or Nowhere()
        self._traced = export is not None
        self._share = share
        self._redact = redact

    def trace(self, run: str, caller: str | None) -> dict[str, Any]:
        """What a new run's record keeps of its trace: that of the caller, or a new one."""
        if not self._traced:
            return {}
        trace = TraceParent(_trace(caller), run_span(run))
        return {"traceparent": str(trace), "trace_share": self._share}

    @contextmanager
    def starting(self, kind: Kind, caller: str | None, now: datetime) -> Iterator[Starting]:
        """The span of a start, once its run is accepted.

        Another request for a run that was accepted before `now` has a span with an id of its own.
        """
        begun, starting, failure = datetime.now(UTC), Starting(), None
        try:
            yield starting
        except Exception as error:
            failure = self._failure(error)
            raise
        finally:
            if starting.record:
                span = Span(
                    name=telemetry.Span.START,
                    kind=kind,
                    trace=_trace(caller),
                    parent=None,
                    begun=begun,
                    ended=datetime.now(UTC),
                    attributes={},
                    failure=failure,
                )
                first = starting.record.created == now
                self._started(starting.record, span, TraceParent.read(caller), first=first)

    @contextmanager
    def activity(self, name: str, traceparent: str | None, run: object) -> Iterator[None]:
        """The span of an activity, below that of its run."""
        begun, failure = datetime.now(UTC), None
        try:
            yield
        except Exception as error:
            failure = self._failure(error)
            raise
        finally:
            if trace := TraceParent.read(traceparent):
                self._export.span(
                    Span(
                        name=name,
                        kind=Kind.INTERNAL,
                        trace=trace.trace,
                        parent=trace.parent,
                        begun=begun,
                        ended=datetime.now(UTC),
                        attributes={Attribute.RUN: str(run)},
                        failure=failure,
                    )
                )

    def seen(self, look: Look, seen: Observation, now: datetime) -> None:
        """How a run stands."""
        measure = self._export.measure
        about: Attributes = {Attribute.RUN: look.run}
        measure(Metric.RUN_QUEUED, seen.queued, about)
        measure(Metric.RUN_DEAD, seen.dead, about)
        measure(Metric.RUN_COST, look.cost, about)
        for stage, progress in seen.progress.items():
            measure(Metric.RUN_UNITS, progress.units, {**about, Attribute.STAGE: stage})
        # Also of states that no group is in: a gauge says its last value until there is another.
        groups = Counter(group.state for group in seen.groups)
        for state in (*GROUP_STATES, *sorted(groups.keys() - set(GROUP_STATES))):
            measure(Metric.RUN_GROUPS, groups[state], {**about, Attribute.STATE: state})
        if look.progressed:
            quiet = (now - look.progressed).total_seconds()
            measure(Metric.RUN_QUIET, max(0.0, quiet), about)

    def ended(self, record: RunRecord, report: Report) -> None:
        """The end of a run, with its own span; a run that is closed twice is told of twice."""
        of_state: Attributes = {Attribute.STATE: report.state.value}
        self._export.measure(Metric.RUNS_ENDED, 1, {Attribute.RUN: record.run, **of_state})
        self._export.measure(Metric.RUN_DURATION, report.seconds, of_state)
        if trace := TraceParent.read(record.traceparent):
            failed = report.state is Phase.FAILED
            self._export.span(
                Span(
                    name=telemetry.Span.RUN,
                    kind=Kind.INTERNAL,
                    trace=trace.trace,
                    id=trace.parent,
                    parent=start_span(record.run),
                    begun=record.created,
                    ended=report.ended,
                    attributes=_account(record, report, self._redact),
                    error=self._redact(report.reason) or "it failed" if failed else "",
                )
            )
        self._export.flush()

    def orphan(self, run: str) -> None:
        """A container group that the sweep has deleted."""
        self._export.measure(Metric.ORPHANS, 1, {Attribute.RUN: run})

    def close(self) -> None:
        """Send the rest, within `PATIENCE`. Once only."""
        self._export.close(PATIENCE)

    def _started(
        self, record: RunRecord, start: Span, caller: TraceParent | None, *, first: bool
    ) -> None:
        own = TraceParent.read(record.traceparent)
        if own is None:
            return
        if first:
            start = replace(start, trace=own.trace, id=start_span(record.run))
        attributes: Attributes = {
            Attribute.RUN: record.run,
            Attribute.KIND: record.request.kind.value,
        }
        parent = caller.parent if caller else None
        self._export.span(replace(start, attributes=attributes, parent=parent))

    def _failure(self, error: Exception) -> Failure:
        found = Failure.of(error, permanent=False, worker="", delivery=1, at="")
        message, traceback = self._redact(found.message), self._redact(found.traceback)
        return replace(found, message=message, traceback=traceback)


def _trace(caller: str | None) -> str:
    given = TraceParent.read(caller)
    return given.trace if given else secrets.token_hex(16)


def open_telemetry(settings: Settings, credential: TokenCredential) -> Telemetry:
    """The telemetry that the settings ask for, or one that says nothing."""
    emulated = settings.storage_connection_string.get_secret_value()
    destination = Destination(
        connection_string=settings.applicationinsights_connection_string.get_secret_value(),
        otlp_endpoint=settings.otlp_endpoint,
        otlp_headers=settings.otlp_headers.get_secret_value(),
        credential=None if emulated else credential,  # an emulator knows no identities
    )
    if not destination:
        return Telemetry()
    origin = Origin(telemetry.APP, f"{platform.node()}-{os.getpid()}")
    return Telemetry(
        open_export(destination, origin, log, delay=DELAY),
        share=settings.trace_share,
        redact=logs.redaction(settings),
    )


def _account(record: RunRecord, report: Report, redact: Redaction) -> Attributes:
    """What a run's own span tells of it."""
    dead = report.account.dead if report.account else {}
    last = list(report.stages.values())[-1:]
    return {
        Attribute.RUN: record.run,
        Attribute.KIND: record.request.kind.value,
        Attribute.STATE: report.state.value,
        Attribute.REASON: redact(report.reason),
        Attribute.UNITS: report.units,
        Attribute.DEAD: sum(dead.values()),
        Attribute.ROWS: sum(stage.rows for stage in last),
        Attribute.COST: round(report.cost, 6),
    }
