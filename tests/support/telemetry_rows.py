"""Rows of telemetry as Application Insights keeps them, in the names that the product has."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from support.workspace import Row
from worker_image.contract import telemetry
from worker_image.contract.telemetry import Attribute, Metric, Span, TraceParent

About = Mapping[Attribute, str | float]


def metric(
    at: datetime, name: Metric, values: list[float], about: About, role: str = telemetry.APP
) -> tuple[str, Row]:
    """The values of one interval of export."""
    return "AppMetrics", {
        "TimeGenerated": at,
        "AppRoleName": role,
        "Name": name.value,
        "Sum": sum(values),
        "Min": min(values),
        "Max": max(values),
        "ItemCount": len(values),
        "Properties": _properties(about),
    }


def of_app(
    at: datetime,
    name: str,
    seconds: float,
    trace: TraceParent,
    about: About,
    *,
    span: str,
    failed: bool = False,
) -> tuple[str, Row]:
    """A span of the control plane."""
    table = "AppRequests" if name == Span.START else "AppDependencies"
    return table, _span(at, name, seconds, trace, about, span, failed) | {
        "AppRoleName": telemetry.APP
    }


def of_unit(
    at: datetime, seconds: float, trace: TraceParent, about: About, *, span: str, worker: str
) -> tuple[str, Row]:
    """The span of one delivery."""
    failed = about[Attribute.OUTCOME] in {"dead", "retried"}
    return "AppRequests", _span(at, Span.UNIT, seconds, trace, about, span, failed) | {
        "AppRoleName": telemetry.WORKER,
        "AppRoleInstance": worker,
    }


def failure(
    at: datetime, role: str, span: str, about: About, kind: str, words: str
) -> tuple[str, Row]:
    """The exception that a span ended with; it has what the span is about."""
    return "AppExceptions", {
        "TimeGenerated": at,
        "AppRoleName": role,
        "ParentId": span,
        "ExceptionType": kind,
        "OuterMessage": words,
        "Properties": _properties(about),
    }


def line(at: datetime, severity: int, **members: str) -> tuple[str, Row]:
    """A line of the app's log; severities are those of Application Insights: 3 is an error."""
    return "AppTraces", {
        "TimeGenerated": at,
        "SeverityLevel": severity,
        "Message": json.dumps(members),
        "Properties": {},
    }


def _span(
    at: datetime,
    name: str,
    seconds: float,
    trace: TraceParent,
    about: About,
    span: str,
    failed: bool,
) -> dict[str, Any]:
    return {
        "TimeGenerated": at,
        "_ItemId": f"item-{span}",
        "Id": span,
        "ParentId": trace.parent,
        "OperationId": trace.trace,
        "Name": str(name),
        "DurationMs": seconds * 1000,
        "Success": not failed,
        "Properties": _properties(about),
    }


def _properties(about: About) -> dict[str, str]:
    """All are strings there, numbers too."""
    return {key.value: str(value) for key, value in about.items()}
