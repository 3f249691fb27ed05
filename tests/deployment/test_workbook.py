"""The workbook: that the portal can show it, with the columns that its queries have."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from support.kusto import Analysis
from support.monitoring import (
    PARAMETERS,
    QUERIES,
    VALUES,
    bicep,
    items_of,
    layout,
    loaded,
    parameters_in,
    workbook,
)

TEXT, QUERY, PARAMETERS_ITEM, LINKS, GROUP = 1, 3, 9, 11, 12
VERSIONS = {
    QUERY: "KqlItem/1.0",
    PARAMETERS_ITEM: "KqlParameterItem/1.0",
    LINKS: "LinkItem/1.0",
    GROUP: "NotebookGroup/1.0",
}
DROP_DOWN, TIME_RANGE, ONE_LINE = 2, 4, 1
CHARTS = {"timechart", "linechart", "areachart", "barchart", "categoricalbar"}
LOGS = 0  # a query type
ITEMS = list(items_of(layout()))
QUERY_ITEMS = {item["name"]: item for item in ITEMS if item["type"] == QUERY}
FILLED = {item["name"]: item for item in items_of(workbook()) if item["type"] == QUERY}


def parameters(book: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        parameter
        for item in items_of(book)
        if item["type"] == PARAMETERS_ITEM
        for parameter in item["content"]["parameters"]
    ]


def tabs() -> set[str]:
    links = next(item["content"]["links"] for item in ITEMS if item["type"] == LINKS)
    return {link["subTarget"] for link in links if link["cellValue"] == "Tab"}


def query_of(item: Mapping[str, Any]) -> str:
    name: str = item["content"]["query"]
    return name.removeprefix("@@").removesuffix(".kql@@")


def test_it_is_a_notebook_of_known_items_with_names_of_their_own() -> None:
    assert layout()["version"] == "Notebook/1.0"
    names = [item["name"] for item in ITEMS]
    assert len(set(names)) == len(names)
    for item in ITEMS:
        assert item["type"] in {TEXT, *VERSIONS}
        assert item["content"].get("version") == VERSIONS.get(item["type"])


def test_ids_are_unique() -> None:
    ids = re.findall(r'"id": "([^"]+)"', json.dumps(layout()))
    assert len(set(ids)) == len(ids) > 0
    assert all(str(UUID(each)) == each for each in ids)


def test_every_parameter_that_is_used_is_there_and_every_one_is_used() -> None:
    defined = {parameter["name"] for parameter in parameters(layout())}
    assert defined == set(PARAMETERS)
    assert "TimeRange" in {item["content"]["timeContextFromParameter"] for item in FILLED.values()}
    used = parameters_in(json.dumps(workbook()))
    assert used | {"TimeRange"} == defined


def test_parameters_are_of_known_kinds_and_have_values() -> None:
    for parameter in parameters(layout()):
        assert parameter["version"] == VERSIONS[PARAMETERS_ITEM]
        match parameter["type"]:
            case 4:
                assert parameter["value"] in parameter["typeSettings"]["selectableValues"]
            case 2 if "jsonData" in parameter:
                values = [choice["value"] for choice in json.loads(parameter["jsonData"])]
                assert parameter["value"] in values
            case 2:
                assert parameter["queryType"] == LOGS
                assert (
                    parameter["defaultValue"]
                    in (parameter["typeSettings"]["additionalResourceOptions"])
                )
            case 1:
                assert parameter["value"].startswith("@@")
            case other:
                pytest.fail(f"{parameter['name']} is of the unknown type {other}")


def test_each_tab_has_its_group() -> None:
    shown = {
        item["conditionalVisibility"]["value"]: item["conditionalVisibility"]["parameterName"]
        for item in ITEMS
        if item["type"] == GROUP
    }
    assert shown == dict.fromkeys(tabs(), "Tab")


@pytest.mark.parametrize("name", QUERY_ITEMS)
def test_a_query_asks_the_workspace_in_the_time_range(name: str) -> None:
    content = FILLED[name]["content"]
    assert content["queryType"] == LOGS
    assert content["resourceType"] == "microsoft.operationalinsights/workspaces"
    assert content["crossComponentResources"] == [VALUES["workspaceId"]]
    assert content["timeContextFromParameter"] == "TimeRange"
    assert content["visualization"] in {"table", "tiles", *CHARTS}
    assert content["query"] == QUERIES[query_of(QUERY_ITEMS[name])]


def columns_shown(content: Mapping[str, Any]) -> Iterator[str]:
    """The columns that the settings of an item speak of."""
    chart, grid, tile = (content.get(f"{kind}Settings", {}) for kind in ("chart", "grid", "tile"))
    yield from chart.get("yAxis", [])
    yield from (chart[key] for key in ("xAxis", "group") if key in chart)
    yield from (part["columnMatch"] for part in tile.values() if isinstance(part, dict))
    yield from (each["columnId"] for each in grid.get("labelSettings", []))
    yield from (each["itemKey"] for each in grid.get("sortBy", []))
    tree = grid.get("hierarchySettings", {})
    yield from (column for key, column in tree.items() if key.endswith("Column"))
    for formatter in grid.get("formatters", []):
        yield formatter["columnMatch"]
        if link := formatter.get("formatOptions", {}).get("linkColumn"):
            yield link


@pytest.mark.parametrize("name", QUERY_ITEMS)
def test_what_is_shown_is_in_the_answer(analyses: Mapping[str, Analysis], name: str) -> None:
    content = QUERY_ITEMS[name]["content"]
    answer = analyses[query_of(QUERY_ITEMS[name])].columns
    shown = set(columns_shown(content))
    assert shown
    assert shown <= answer.keys()
    numbers = content.get("chartSettings", {}).get("yAxis", [])
    assert {answer[column] for column in numbers} <= {"real", "long"}


@pytest.mark.parametrize(
    "name", [n for n, i in QUERY_ITEMS.items() if "gridSettings" in i["content"]]
)
def test_every_column_of_a_table_has_a_label_or_is_hidden(
    analyses: Mapping[str, Analysis], name: str
) -> None:
    grid = QUERY_ITEMS[name]["content"]["gridSettings"]
    hidden = {each["columnMatch"] for each in grid["formatters"] if each["formatter"] == 5}
    labelled = {each["columnId"] for each in grid["labelSettings"]}
    assert labelled | hidden == analyses[query_of(QUERY_ITEMS[name])].columns.keys()


def test_the_choices_of_runs_have_values_and_labels(analyses: Mapping[str, Analysis]) -> None:
    choice = next(each for each in parameters(layout()) if "query" in each)
    assert list(analyses[query_of({"content": choice})].columns) == ["value", "label"]


def test_bicep_puts_in_what_the_layout_names() -> None:
    parsed = bicep("workbook.bicep")
    values = {
        key.strip("'"): value for key, value in parsed["variables"]["values"]["value"].items()
    }
    files = {key: loaded(value) for key, value in values.items() if key.endswith(".kql")}
    assert files == {key: f"queries/{key}" for key in files}
    named = set(re.findall(r"@@(.+?)@@", json.dumps(layout())))
    assert named == values.keys()
    assert values.keys() - files.keys() == VALUES.keys() <= parsed["parameters"].keys()
    assert "@@" not in json.dumps(workbook())
