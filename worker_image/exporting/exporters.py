"""The exporters of a destination, each imported where it is used."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry.sdk.metrics import _Gauge as Gauge
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace.export import SpanExporter

from ..contract.telemetry import headers
from .destination import Destination

INTERVAL = 60.0  # seconds from one export of measurements to the next
PATIENCE = 10.0  # seconds for one request
RETRIES = 3

# What the exporter for Application Insights would do besides: tell Microsoft of itself, ask
# Microsoft how to behave, and send a measurement for each batch that says nothing of ours.
NOTHING_ELSE = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED",
)


def of(destination: Destination) -> Iterator[tuple[SpanExporter, MetricExporter]]:
    """The exporters of spans and of measurements, for each place."""
    if destination.otlp_endpoint:
        yield _otlp(destination.otlp_endpoint, headers(destination.otlp_headers))
    if destination.connection_string:
        yield _application_insights(destination)


def reader(exporter: MetricExporter) -> PeriodicExportingMetricReader:
    """What collects for an exporter, in the temporality that it prefers.

    A gauge is sent if it was set in the interval, and forgotten: a run that has ended is not
    told of any more.
    """
    preferred = exporter._preferred_temporality or {}
    exporter._preferred_temporality = {**preferred, Gauge: AggregationTemporality.DELTA}
    return PeriodicExportingMetricReader(exporter, INTERVAL * 1_000)


def _otlp(endpoint: str, given: Mapping[str, str]) -> tuple[SpanExporter, MetricExporter]:
    from opentelemetry.exporter.otlp.proto.http import Compression  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415
        OTLPMetricExporter,
    )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    options: dict[str, Any] = {
        "headers": dict(given),
        "timeout": PATIENCE,
        "compression": Compression.Gzip,
    }
    base = endpoint.rstrip("/")
    return (
        OTLPSpanExporter(f"{base}/v1/traces", **options),
        OTLPMetricExporter(f"{base}/v1/metrics", **options),
    )


def _application_insights(destination: Destination) -> tuple[SpanExporter, MetricExporter]:
    for name in NOTHING_ELSE:
        os.environ.setdefault(name, "true")
    from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

    options: dict[str, Any] = {
        "connection_string": destination.connection_string,
        "credential": destination.credential,
        "disable_offline_storage": True,  # a container's disk goes with it
        "timeout": PATIENCE,
        "retry_total": RETRIES,
    }
    return AzureMonitorTraceExporter(**options), AzureMonitorMetricExporter(**options)
