"""The alerts and the budget: that Azure would take them, and that they say what to do."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import TypeAdapter
from support.kusto import Analysis
from support.monitoring import FOLDER, QUERIES, bicep, layout, loaded

from command_line.__main__ import cli

ALERTS = bicep("alerts.bicep")
RULES = {rule["name"]: rule for rule in ALERTS["variables"]["rules"]["value"]}
SETTINGS = ALERTS["resources"]["alerts"]["config"]["config"]["properties"]
MAIN = bicep("monitoring.bicep")
OPERATE = Path(__file__).parents[2] / "docs" / "operate.md"

# What Azure allows.
MINUTES = (1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1_440)
FREQUENCIES = {timedelta(minutes=minutes) for minutes in MINUTES}
WINDOWS = {*FREQUENCIES, timedelta(days=2)}
AGGREGATIONS = {"Average", "Count", "Maximum", "Minimum", "Total"}
OPERATORS = {"Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"}


def duration(text: str) -> timedelta:
    """ISO 8601."""
    return TypeAdapter(timedelta).validate_python(text)


def query_of(rule: Mapping[str, Any]) -> str:
    return Path(loaded(rule["criterion"]["query"]) or "").stem


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_one_that_azure_takes(name: str) -> None:
    rule = RULES[name]
    criterion = rule["criterion"]
    assert criterion["timeAggregation"] in AGGREGATIONS
    assert criterion["operator"] in OPERATORS
    assert rule["severity"] in range(5)
    window, frequency = duration(rule["window"]), duration(SETTINGS["evaluationFrequency"])
    assert window in WINDOWS
    assert frequency in FREQUENCIES
    assert frequency <= window
    limit = criterion["threshold"]
    assert isinstance(limit, int) or ALERTS["parameters"][limit]["type"] == "int"


@pytest.mark.parametrize("name", RULES)
def test_a_query_returns_what_its_rule_aggregates(
    analyses: Mapping[str, Analysis], name: str
) -> None:
    criterion = RULES[name]["criterion"]
    answer = analyses[query_of(RULES[name])].columns
    assert answer["TimeGenerated"] == "datetime"
    if criterion["timeAggregation"] == "Count":
        assert "metricMeasureColumn" not in criterion
    else:
        assert answer[criterion["metricMeasureColumn"]] in {"real", "long"}
    assert criterion.get("dimensions") == ("everyRun" if "run" in answer else None)
    assert answer.get("run", "string") == "string"


def test_runs_are_told_apart() -> None:
    (dimension,) = ALERTS["variables"]["everyRun"]["value"]
    assert dimension == {"name": "run", "operator": "Include", "values": ["*"]}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_what_to_type(name: str) -> None:
    text = RULES[name]["description"]
    assert "aci-jobs doctor" in text
    known = typer.main.get_command(cli).commands  # type: ignore[attr-defined]  # it is a group
    assert set(re.findall(r"aci-jobs (\w+)", text)) <= known.keys()


@pytest.mark.parametrize("name", RULES)
def test_the_page_has_a_row_for_each_alert_with_codes_that_exist(name: str) -> None:
    page = OPERATE.read_text()
    row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
    assert "aci-jobs doctor" in row
    assert f"severity {RULES[name]['severity']}" in row


def test_the_page_links_to_codes_that_exist() -> None:
    codes = re.findall(r"\[`(\w+)`\]\(troubleshooting\.md#the-codes\)", OPERATE.read_text())
    page = OPERATE.with_name("troubleshooting.md").read_text()
    assert codes
    assert all(f"| `{code}` |" in page for code in codes)


def test_every_query_is_shown_or_alerts() -> None:
    shown = set(re.findall(r"@@(\w+)\.kql@@", str(layout())))
    alerting = {query_of(rule) for rule in RULES.values()}
    assert shown | alerting == QUERIES.keys()


@pytest.mark.parametrize("module", MAIN["modules"])
def test_each_module_gets_its_parameters(module: str) -> None:
    call = MAIN["modules"][module]
    config = call["config"].get("config", call["config"])
    wanted = bicep(call["detail"]["path"])["parameters"]
    optional = {name for name, each in wanted.items() if each["default"] is not None}
    assert wanted.keys() - optional <= config["params"].keys() <= wanted.keys()
    for name, value in config["params"].items():
        if isinstance(value, str) and value in MAIN["parameters"]:
            assert MAIN["parameters"][value]["type"] == wanted[name]["type"]


def test_the_parameters_are_those_that_the_deployment_gives() -> None:
    types = {name: each["type"] for name, each in MAIN["parameters"].items()}
    needed = {name for name, each in MAIN["parameters"].items() if each["default"] is None}
    assert needed == {
        *("location", "tags", "workspaceId", "applicationInsightsId"),
        *("workersResourceGroupName", "appName", "dashboardUrl"),
    }
    assert types.pop("tags") == "object"
    assert {name for name, kind in types.items() if kind == "int"} == {
        *("monthlyBudget", "deadLettersAbove", "stalledMinutes", "runCostAbove", "appErrorsAbove"),
    }
    assert set(types.values()) == {"int", "string"}


def test_the_budget_tells_at_80_percent_spent_and_100_percent_foreseen() -> None:
    told = bicep("budget.bicep")["resources"]["budget"]["config"]["properties"]["notifications"]
    levels = [each["function"]["parameters"]["arg_2"] for each in told.values()]
    assert [(each["thresholdType"], each["threshold"]) for each in levels] == [
        ("Actual", 80),
        ("Forecasted", 100),
    ]
    call = MAIN["modules"]["budget"]["config"]
    assert call["condition"]["operator"]["type"] == "greater_than"
    scope = call["config"]["scope"]["function"]
    assert scope["parameters"]["resource_group_name"] == "workersResourceGroupName"


def test_there_is_no_other_bicep() -> None:
    """What is not called is not deployed."""
    called = {call["detail"]["path"] for call in MAIN["modules"].values()}
    assert {file.name for file in FOLDER.glob("*.bicep")} == called | {"monitoring.bicep"}
