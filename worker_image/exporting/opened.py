"""Spans and measurements through OpenTelemetry's SDK, without any of its globals."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar

from opentelemetry.metrics import CallbackOptions, Meter, NoOpMeterProvider, Observation
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from ..contract.telemetry import VERSION, Metric
from . import exporters
from .destination import Destination
from .export import Attributes, Kind, Origin, Read, Span
from .instruments import INSTRUMENTS, Instrument, Shape
from .once import say_once

SCOPE = "aci-jobs"
QUEUE, BATCH = 2_048, 512  # spans that wait, and that are sent at once
KINDS = {
    Kind.SERVER: SpanKind.SERVER,
    Kind.CONSUMER: SpanKind.CONSUMER,
    Kind.INTERNAL: SpanKind.INTERNAL,
}

Measure = Callable[[float, Attributes], None]

_span: ContextVar[Span] = ContextVar("span")


class _GivenIds(IdGenerator):
    """The ids that a span has: they are known before it is made."""

    def generate_span_id(self) -> int:
        return int(_span.get().id, 16)

    def generate_trace_id(self) -> int:
        return int(_span.get().trace, 16)


class OpenTelemetryExport:
    """The export of those who have somewhere to send to."""

    def __init__(
        self, resource: Resource, processors: list[SpanProcessor], readers: list[MetricReader]
    ) -> None:
        self._over = threading.Event()
        ends: list[Callable[[], object]] = [part.shutdown for part in processors]
        ends += [part.shutdown for part in readers]
        self._ends = [threading.Thread(target=self._end, args=(e,), daemon=True) for e in ends]
        tracing = TracerProvider(
            resource=resource, sampler=ALWAYS_ON, id_generator=_GivenIds(), shutdown_on_exit=False
        )
        for processor in processors:
            tracing.add_span_processor(processor)
        self._tracer = tracing.get_tracer(SCOPE, VERSION)
        self._metering = MeterProvider(
            readers, resource, exemplar_filter=AlwaysOffExemplarFilter(), shutdown_on_exit=False
        )
        self._meter = self._metering.get_meter(SCOPE, VERSION)
        self._measures: dict[Metric, Measure] = {}
        self._lock = threading.Lock()
        for thread in self._ends:
            thread.start()

    def span(self, span: Span) -> None:
        """Hand it to the threads that send."""
        parent = None
        if span.parent:
            parent = SpanContext(
                int(span.trace, 16), int(span.parent, 16), True, TraceFlags(TraceFlags.SAMPLED)
            )
        token = _span.set(span)
        try:
            made = self._tracer.start_span(
                span.name,
                set_span_in_context(NonRecordingSpan(parent)) if parent else None,
                KINDS[span.kind],
                span.attributes,
                start_time=_nanoseconds(span.begun.timestamp()),
            )
        finally:
            _span.reset(token)
        ended = _nanoseconds(span.ended.timestamp())
        if span.failure:
            told = {
                **span.attributes,
                "exception.type": span.failure.type,
                "exception.message": span.failure.message,
                "exception.stacktrace": span.failure.traceback,
            }
            made.add_event("exception", told, ended)
        error = span.error or (span.failure.message if span.failure else "")
        if span.failure or error:
            made.set_status(Status(StatusCode.ERROR, error))
        made.end(ended)

    def measure(self, metric: Metric, value: float, attributes: Attributes) -> None:
        """Fold it into what the interval knows."""
        measure = self._measures.get(metric) or self._made(metric)
        measure(value, attributes)

    def watch(self, metric: Metric, read: Read) -> None:
        """Read it on the threads that send."""

        def observed(_: CallbackOptions) -> Iterator[Observation]:
            return (Observation(value, attributes) for value, attributes in read())

        self._meter.create_observable_counter(metric, [observed], **_words(INSTRUMENTS[metric]))

    def flush(self) -> None:
        """Send what was measured; spans go by themselves within their delay."""
        threading.Thread(target=self._flush, name="telemetry", daemon=True).start()

    def close(self, seconds: float) -> None:
        """End all threads that send, at once; those that are not done by then end with us.

        It starts no thread: an interpreter that ends may refuse to, as that of Python 3.12 does.
        """
        self._over.set()
        until = time.monotonic() + seconds
        for thread in self._ends:
            thread.join(max(0.0, until - time.monotonic()))

    def _end(self, end: Callable[[], object]) -> None:
        self._over.wait()
        _quietly(end)

    def _made(self, metric: Metric) -> Measure:
        with self._lock:
            return self._measures.setdefault(metric, _measure(self._meter, metric))

    def _flush(self) -> None:
        _quietly(self._metering.force_flush)


def opened(
    destination: Destination, origin: Origin, log: logging.Logger, *, delay: float
) -> OpenTelemetryExport:
    """An export to all places of a destination, each on threads of its own."""
    say_once(log)
    pairs = list(exporters.of(destination))
    resource = Resource(
        {
            "service.name": origin.service,
            "service.instance.id": origin.instance,
            "service.version": VERSION,
        }
    )
    processors = [
        BatchSpanProcessor(spans, QUEUE, delay * 1_000, BATCH, meter_provider=NoOpMeterProvider())
        for spans, _ in pairs
    ]
    return OpenTelemetryExport(
        resource, [*processors], [exporters.reader(metrics) for _, metrics in pairs]
    )


def _measure(meter: Meter, metric: Metric) -> Measure:
    instrument = INSTRUMENTS[metric]
    words = _words(instrument)
    match instrument.shape:
        case Shape.COUNTER:
            return meter.create_counter(metric, **words).add
        case Shape.GAUGE:
            return meter.create_gauge(metric, **words).set
        case Shape.HISTOGRAM:
            bounds = instrument.bounds
            return meter.create_histogram(
                metric, **words, explicit_bucket_boundaries_advisory=bounds
            ).record


def _words(instrument: Instrument) -> dict[str, str]:
    return {"unit": instrument.unit, "description": instrument.description}


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e6) * 1_000


def _quietly(end: Callable[[], object]) -> None:
    with suppress(Exception):  # said once already, or the process is about to end
        end()
