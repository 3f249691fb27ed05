"""What `infra/monitoring` deploys, put together as its Bicep does."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pycep

FOLDER = Path(__file__).parents[2] / "infra" / "monitoring"
QUERIES = {file.stem: file.read_text() for file in sorted((FOLDER / "queries").glob("*.kql"))}

# What the portal puts in for the parameters of a workbook, in one case.
PARAMETERS = {
    "TimeRange": "1d",
    "Step": "5m",
    "Run": "r261123-120000-abcde",
    "DashboardUrl": "https://jobs.example.com/api/dashboard",
    "ApplicationInsights": "/subscriptions/0/resourceGroups/acme/providers/component",
}
VALUES = {
    "workspaceId": "/subscriptions/0/resourceGroups/acme/providers/workspace",
    "applicationInsightsId": PARAMETERS["ApplicationInsights"],
    "appName": 'the "jobs"',
    "dashboardUrl": PARAMETERS["DashboardUrl"],
}

_PARAMETER = re.compile(r"\{([A-Z][A-Za-z]*)\}")


@cache
def bicep(name: str) -> Any:
    """A file of Bicep, parsed."""
    return pycep.BicepParser().parse(file_path=FOLDER / name)


def loaded(expression: Any) -> str | None:
    """The file that an expression loads as text."""
    try:
        function = expression["function"]
        assert function["type"] == "load_text_content"
        return str(function["parameters"]["file_path"])
    except (KeyError, TypeError):
        return None


def parameters_in(text: str) -> set[str]:
    """The parameters of the workbook that a text uses."""
    return set(_PARAMETER.findall(text))


def filled_in(query: str, values: Mapping[str, str] = PARAMETERS) -> str:
    """A query as the portal sends it."""
    return _PARAMETER.sub(lambda match: values[match[1]], query)


def workbook() -> dict[str, Any]:
    """The workbook that is deployed, its queries and values in their places."""
    values = {**VALUES, **{f"{name}.kql": query for name, query in QUERIES.items()}}
    parts = (FOLDER / "workbook.json").read_text().split("@@")
    parts[1::2] = [json.dumps(values[name])[1:-1] for name in parts[1::2]]
    book: dict[str, Any] = json.loads("".join(parts))
    return book


def layout() -> dict[str, Any]:
    """The workbook with the names of its queries."""
    book: dict[str, Any] = json.loads((FOLDER / "workbook.json").read_text())
    return book


def items_of(book: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each item, those of groups behind their group."""
    for item in book["items"]:
        yield item
        if item["type"] == 12:
            yield from items_of(item["content"])
