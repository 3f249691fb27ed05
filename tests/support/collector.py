"""A collector on loopback: it decodes what OpenTelemetry and Application Insights really send.

OTLP over HTTP in protobuf at `/v1/traces` and `/v1/metrics`; the ingestion protocol of Application
Insights at `/v2.1/track`, as gzipped JSON.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from support.endpoint import Answer, Asked, Endpoint, endpoint
from support.log_analytics import Row, rows

KEY = "00000000-0000-0000-0000-0000c0ffee00"
Attributes = dict[str, Any]
Labels = frozenset[tuple[str, Any]]


@dataclass(frozen=True)
class SeenSpan:
    """A span as it came. Times are in seconds."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    begun: float
    ended: float
    failed: bool
    said: str
    attributes: Attributes
    events: tuple[tuple[str, Attributes], ...]
    resource: Attributes


@dataclass(frozen=True)
class SeenPoint:
    """A value of a metric; of a histogram its sum, with how many values were below each bound."""

    name: str
    unit: str
    kind: str  # sum | gauge | histogram
    delta: bool
    start: int
    time: int
    value: float
    attributes: Attributes
    resource: Attributes
    count: int = 0
    bounds: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


class Collector:
    """What has come to an endpoint, decoded anew at each look."""

    def __init__(self, at: Endpoint) -> None:
        self._at = at

    @property
    def otlp(self) -> str:
        """The endpoint of OTLP."""
        return f"http://{self._at.host}"

    @property
    def connection_string(self) -> str:
        """That of an Application Insights that lies here."""
        return f"InstrumentationKey={KEY};IngestionEndpoint=http://{self._at.host}/"

    @property
    def answers(self) -> list[Answer]:
        """What it says to the next that send something, before it takes what comes."""
        return self._at.script

    @property
    def asked(self) -> list[Asked]:
        """The requests as they came."""
        return list(self._at.asked)

    def spans(self, **attributes: Any) -> list[SeenSpan]:
        """The spans with these attributes, dots written as underscores; in the order of start."""
        found = (span for body in self._bodies("/v1/traces") for span in _spans(body))
        wanted = {
            name.replace("aci_jobs_", "aci_jobs."): value for name, value in attributes.items()
        }
        kept = [span for span in found if wanted.items() <= span.attributes.items()]
        return sorted(kept, key=lambda span: span.begun)

    def points(self, name: str, run: str | None = None) -> list[SeenPoint]:
        """The values of a metric, of all runs or of one, in the order of their coming."""
        found = (point for body in self._bodies("/v1/metrics") for point in _points(body))
        return [
            point
            for point in found
            if point.name == name and run in (None, point.attributes.get("aci_jobs.run"))
        ]

    def total(self, name: str, run: str, **attributes: Any) -> float:
        """The sum over all who counted: of those that sum up themselves their last word."""
        wanted = {f"aci_jobs.{key}": value for key, value in attributes.items()}
        last: dict[Any, float] = {}
        for number, point in enumerate(self.points(name, run)):
            if not wanted.items() <= point.attributes.items():
                continue
            who = (point.resource["service.instance.id"], frozenset(point.attributes.items()))
            last[(*who, point.start, number if point.delta else 0)] = point.value
        return sum(last.values())

    def text(self, asked: Asked) -> str:
        """The body of a request as text, whatever its bytes."""
        return _body(asked).decode(errors="replace")

    def rows(self) -> list[Row]:
        """What came for Application Insights, as the rows of Log Analytics that it becomes."""
        bodies = self._bodies("/v2.1/track")
        return [row for body in bodies for envelope in _envelopes(body) for row in rows(envelope)]

    def _bodies(self, path: str) -> Iterator[bytes]:
        return (_body(asked) for asked in self.asked if asked.path.partition("?")[0] == path)


def _taken(asked: Asked) -> Answer:
    """The answer to who has sent something: it is taken."""
    if asked.path.startswith("/v1/"):
        return Answer(200)
    count = len(_envelopes(_body(asked)))
    text = json.dumps({"itemsReceived": count, "itemsAccepted": count, "errors": []})
    return Answer(200, text, {"Content-Type": "application/json"})


@contextmanager
def collector(port: int = 0) -> Iterator[Collector]:
    """Start one, on a free port if none is named, and stop it at the end."""
    with endpoint(port, _taken) as running:
        yield Collector(running)


def _body(asked: Asked) -> bytes:
    headers = {name.lower(): value for name, value in asked.headers.items()}
    return gzip.decompress(asked.body) if headers.get("content-encoding") == "gzip" else asked.body


def _envelopes(body: bytes) -> list[dict[str, Any]]:
    """A JSON array, or a JSON value a line."""
    text = body.decode().strip()
    if text.startswith("["):
        found: list[dict[str, Any]] = json.loads(text)
        return found
    return [json.loads(line) for line in text.splitlines()]


def _spans(body: bytes) -> Iterator[SeenSpan]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        own = _attributes(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield _seen_span(span, own)


def _seen_span(span: Span, resource: Attributes) -> SeenSpan:
    return SeenSpan(
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        begun=span.start_time_unix_nano / 1e9,
        ended=span.end_time_unix_nano / 1e9,
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        said=span.status.message,
        attributes=_attributes(span.attributes),
        events=tuple((event.name, _attributes(event.attributes)) for event in span.events),
        resource=resource,
    )


def _points(body: bytes) -> Iterator[SeenPoint]:
    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        own = _attributes(resource.resource.attributes)
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                yield from _seen_points(metric, own)


def _seen_points(metric: Metric, resource: Attributes) -> Iterator[SeenPoint]:
    kind = metric.WhichOneof("data") or ""
    data = getattr(metric, kind)
    delta = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    for point in data.data_points:
        of_histogram: Mapping[str, Any] = {}
        if kind == "histogram":
            of_histogram = {
                "count": point.count,
                "bounds": tuple(point.explicit_bounds),
                "counts": tuple(point.bucket_counts),
            }
        yield SeenPoint(
            name=metric.name,
            unit=metric.unit,
            kind=kind,
            delta=kind != "gauge" and data.aggregation_temporality == delta,
            start=point.start_time_unix_nano,
            time=point.time_unix_nano,
            value=point.sum if of_histogram else getattr(point, point.WhichOneof("value")),
            attributes=_attributes(point.attributes),
            resource=resource,
            **of_histogram,
        )


def _attributes(items: Iterable[KeyValue]) -> Attributes:
    return {item.key: getattr(item.value, str(item.value.WhichOneof("value"))) for item in items}
