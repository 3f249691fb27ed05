"""A Log Analytics workspace that Application Insights fills: its tables, which KQL can be asked of.

Their columns are those of Azure's reference, and the standard columns of every table.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb_kql

_OF_ALL = {
    **dict.fromkeys(
        [
            *("AppRoleInstance", "AppRoleName", "AppVersion", "ClientBrowser", "ClientCity"),
            *("ClientCountryOrRegion", "ClientIP", "ClientModel", "ClientOS", "ClientType"),
            *("ClientStateOrProvince", "IKey", "OperationId", "OperationName", "ParentId"),
            *("ResourceGUID", "SDKVersion", "SessionId", "SourceSystem", "SyntheticSource"),
            *("TenantId", "Type", "UserAccountId", "UserAuthenticatedId", "UserId"),
            *("_IsBillable", "_ItemId", "_ResourceId", "_SubscriptionId"),
        ],
        "string",
    ),
    "ItemCount": "int",
    "Properties": "dynamic",
    "TimeGenerated": "datetime",
    "_BilledSize": "real",
}
_OF_SPANS = {
    **dict.fromkeys(["Id", "Name", "ReferencedItemId", "ReferencedType", "ResultCode"], "string"),
    "DurationMs": "real",
    "Measurements": "dynamic",
    "Success": "bool",
}

TABLES: Mapping[str, Mapping[str, str]] = {
    "AppMetrics": {**_OF_ALL, "Name": "string", "Sum": "real", "Min": "real", "Max": "real"},
    "AppRequests": {**_OF_ALL, **_OF_SPANS, "Source": "string", "Url": "string"},
    "AppDependencies": {
        **_OF_ALL,
        **_OF_SPANS,
        **dict.fromkeys(["Data", "DependencyType", "Target"], "string"),
    },
    "AppExceptions": {
        **_OF_ALL,
        **dict.fromkeys(
            [
                *("Assembly", "ExceptionType", "HandledAt", "Message", "Method", "ProblemId"),
                *("InnermostAssembly", "InnermostMessage", "InnermostMethod", "InnermostType"),
                *("OuterAssembly", "OuterMessage", "OuterMethod", "OuterType"),
            ],
            "string",
        ),
        "Details": "dynamic",
        "Measurements": "dynamic",
        "SeverityLevel": "int",
    },
    "AppTraces": {
        **_OF_ALL,
        **dict.fromkeys(["Message", "ReferencedItemId", "ReferencedType"], "string"),
        "Measurements": "dynamic",
        "SeverityLevel": "int",
    },
}

# What the product really fills, as a run of the whole product wrote it down.
EMITTED: Mapping[str, Mapping[str, Any]] = json.loads(
    Path(__file__).with_name("telemetry_fields.json").read_text()
)

# Those columns alone, and what every row has from the workspace.
FILLED = {
    table: {
        name: kind
        for name, kind in columns.items()
        if name in {*EMITTED[table]["columns"], "TimeGenerated", "_ItemId"}
    }
    for table, columns in TABLES.items()
}

_DUCKDB = {
    "string": "varchar",
    "real": "double",
    "int": "integer",
    "dynamic": "json",
    "bool": "boolean",
    "datetime": "timestamp",
}

Row = Mapping[str, Any]


class Workspace:
    """Tables with rows, which KQL can be asked of: for real, translated for DuckDB."""

    def __init__(self, rows: Iterable[tuple[str, Row]] = ()) -> None:
        self._database = duckdb_kql.connect()
        for table, columns in TABLES.items():
            kinds = ", ".join(f'"{name}" {_DUCKDB[kind]}' for name, kind in columns.items())
            self._database.execute(f'create table "{table}" ({kinds})')
        for table, row in rows:
            self._insert(table, row)

    def ask(self, query: str) -> list[dict[str, Any]]:
        """What a query returns, a dictionary a row.

        Raises:
            duckdb_kql.KqlUnsupportedError: DuckDB cannot do what it asks for.
        """
        answer = duckdb_kql.kql(self._database, query)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]

    def _insert(self, table: str, row: Row) -> None:
        unknown = row.keys() - TABLES[table].keys()
        assert not unknown, f"{table} has no {unknown}"
        names = ", ".join(f'"{name}"' for name in row)
        values = [json.dumps(value) if isinstance(value, dict) else value for value in row.values()]
        places = ", ".join("?" * len(values))
        statement = f'insert into "{table}" ({names}) values ({places})'  # noqa: S608 - our own names
        self._database.execute(statement, values)
