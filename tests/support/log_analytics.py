"""The rows of Log Analytics that envelopes of Application Insights become.

Of a workspace-based Application Insights. Only columns that an envelope decides are here; those
that every table has from the workspace (`TenantId`, `_ResourceId`, …) are not.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

# Tags of an envelope, by the columns that they become in each table.
TAGS = {
    "ai.cloud.role": "AppRoleName",
    "ai.cloud.roleInstance": "AppRoleInstance",
    "ai.operation.id": "OperationId",
    "ai.operation.name": "OperationName",
    "ai.operation.parentId": "ParentId",
    "ai.internal.sdkVersion": "SDKVersion",
    "ai.application.ver": "AppVersion",
}
_DURATION = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Row:
    """One row: the values of columns, `Properties` among them as a mapping."""

    table: str
    columns: Mapping[str, Any]

    @property
    def properties(self) -> Mapping[str, Any]:
        """The dynamic column, of which queries read single keys."""
        found: Mapping[str, Any] = self.columns["Properties"]
        return found


def rows(envelope: Mapping[str, Any]) -> list[Row]:
    """The rows of one envelope: one, or of a metric one for each value.

    Raises:
        KeyError: it is of a kind that the product does not send.
    """
    kind, base = envelope["data"]["baseType"], envelope["data"]["baseData"]
    common = {
        "TimeGenerated": envelope["time"],
        **{column: value for tag, value in envelope["tags"].items() if (column := TAGS.get(tag))},
    }
    table, columns = {
        "RequestData": ("AppRequests", _request),
        "RemoteDependencyData": ("AppDependencies", _dependency),
        "ExceptionData": ("AppExceptions", _exception),
        "MessageData": ("AppTraces", _trace),
        "MetricData": ("AppMetrics", _metrics),
    }[kind]
    properties = dict(base.get("properties") or {})
    return [Row(table, {**common, **own, "Properties": properties}) for own in columns(base)]


def fields(found: Iterable[Row]) -> dict[str, Any]:
    """What was seen: by table its columns, and the keys of `Properties` by the rows' names.

    An exception's name is its type.
    """
    columns: dict[str, set[str]] = {}
    properties: dict[str, dict[str, set[str]]] = {}
    for row in found:
        name = str(row.columns.get("Name") or row.columns.get("ExceptionType"))
        columns.setdefault(row.table, set()).update(row.columns)
        of_table = properties.setdefault(row.table, {})
        of_table.setdefault(name, set()).update(row.properties)
    return {
        table: {
            "columns": sorted(columns[table]),
            "properties": {name: sorted(keys) for name, keys in sorted(by_name.items())},
        }
        for table, by_name in sorted(properties.items())
    }


def _request(base: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_operation(base, "ResultCode", base["responseCode"])]


def _dependency(base: Mapping[str, Any]) -> list[dict[str, Any]]:
    kind = {"DependencyType": base.get("type"), "Target": base.get("target")}
    return [
        {**_operation(base, "ResultCode", base["resultCode"]), **kind, "Data": base.get("data")}
    ]


def _operation(base: Mapping[str, Any], code: str, value: str) -> dict[str, Any]:
    return {
        "Id": base["id"],
        "Name": base["name"],
        "Success": base["success"],
        "DurationMs": _milliseconds(base["duration"]),
        code: value,
        "ItemCount": 1,
    }


def _exception(base: Mapping[str, Any]) -> list[dict[str, Any]]:
    first = base["exceptions"][0]
    return [
        {
            "ExceptionType": first["typeName"],
            "OuterType": first["typeName"],
            "OuterMessage": first["message"],
            "InnermostType": base["exceptions"][-1]["typeName"],
            "InnermostMessage": base["exceptions"][-1]["message"],
            "Details": base["exceptions"],
            "SeverityLevel": base.get("severityLevel"),
            "ItemCount": 1,
        }
    ]


def _trace(base: Mapping[str, Any]) -> list[dict[str, Any]]:
    severity = base.get("severityLevel")
    return [{"Message": base["message"], "SeverityLevel": severity, "ItemCount": 1}]


def _metrics(base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A value alone is its own sum, least and most; of several, the envelope tells."""
    return [
        {
            "Name": metric["name"],
            "Sum": metric["value"],
            "ItemCount": metric.get("count") or 1,
            "Min": metric["value"] if metric.get("min") is None else metric["min"],
            "Max": metric["value"] if metric.get("max") is None else metric["max"],
        }
        for metric in base["metrics"]
    ]


def _milliseconds(text: str) -> float:
    match = _DURATION.fullmatch(text)
    assert match, text
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    spent = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return spent.total_seconds() * 1_000
