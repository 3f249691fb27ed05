"""The queries of the workbook and of the alerts: that they are KQL, and ask for what is emitted."""

import re
from collections.abc import Callable, Iterable, Mapping, Set
from pathlib import Path

import pytest
from support.kusto import Analysis, Literal
from support.monitoring import QUERIES
from support.workspace import EMITTED

from orchestration.model import Phase
from worker_image.contract import Stage, telemetry
from worker_image.contract.telemetry import Attribute, Metric

SPANS = ("AppRequests", "AppDependencies")
OUTCOMES = {"done", "retried", "dead", "turned_away", "released"}
TIMER = "sweep_orphans"  # the Functions host names its own rows by functions
RUNS = Path(__file__).parents[2] / "docs" / "runs.md"
Analyse = Callable[[Mapping[str, str]], dict[str, Analysis]]


def names_of(tables: Iterable[str]) -> set[str]:
    """The names of all rows that the product sends to tables."""
    return {name for table in tables for name in EMITTED[table].get("properties", {})}


def keys_of(tables: Iterable[str], names: Set[str]) -> set[str]:
    """The keys of `Properties` in rows of these names, of all rows if none are given."""
    kept = [EMITTED[table].get("properties", {}) for table in tables]
    return {
        key
        for rows in kept
        for name, keys in rows.items()
        if not names or name in names
        for key in keys
    }


# The columns that queries make of these keys, and what may be in them.
VALUES = {
    f'tostring(Properties["{Attribute.OUTCOME}"])': OUTCOMES,
    f'tostring(Properties["{Attribute.STATE}"])': {phase.value for phase in Phase},
    "stage": {stage.value for stage in Stage},
    "AppRoleName": {telemetry.APP, telemetry.WORKER},
}


def strangers(analysis: Analysis) -> list[Literal]:
    """The names in a query that nobody emits, where it asks for them."""
    metrics = {
        literal.value
        for literal in analysis.strings
        if literal.against == "Name" and "AppMetrics" in literal.tables
    }
    return [literal for literal in analysis.strings if not _is_emitted(literal, metrics)]


def _is_emitted(literal: Literal, metrics: Set[str]) -> bool:
    """Whether it is; a key of a metric, by one of those that the query is about."""
    match literal.against:
        case "Name":
            known = names_of(literal.tables) | ({TIMER} if literal.tables <= set(SPANS) else set())
            return literal.value in known
        case "Properties":
            return literal.value in keys_of(literal.tables, metrics & names_of(literal.tables))
        case against if against in VALUES:
            return literal.value in VALUES[against]
    return not literal.value.startswith("aci_jobs.")


def test_every_metric_and_attribute_is_one_of_the_contract() -> None:
    assert names_of(["AppMetrics"]) == {metric.value for metric in Metric}
    assert keys_of(EMITTED, set()) <= {attribute.value for attribute in Attribute}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_sound(analyses: Mapping[str, Analysis], name: str) -> None:
    assert analyses[name].faults == []
    assert analyses[name].columns


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_for_what_is_emitted(analyses: Mapping[str, Analysis], name: str) -> None:
    assert strangers(analyses[name]) == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_begins_with_what_it_is_for(name: str) -> None:
    assert QUERIES[name].startswith("// ")
    assert QUERIES[name].endswith("\n")


@pytest.mark.parametrize("name", QUERIES)
def test_a_line_of_the_log_has_the_members_that_are_asked_for(name: str) -> None:
    page = RUNS.read_text().partition("## Logs")[2].partition("Application Insights")[0]
    members = set(re.findall(r"`(\w+)`", page))
    assert "activity" in members
    assert set(re.findall(r"\bline\.(\w+)", QUERIES[name])) <= members


FAULTY = {
    "a column that is not there": ("AppMetrics | project Duration", "KS142"),
    "a table that is not there": ("AppEvents | take 1", "KS204"),
    "a function that is not there": ("AppMetrics | extend x = tonumber(Name)", "KS211"),
    "a type that does not fit": ("AppMetrics | where TimeGenerated > Sum", "KS106"),
    "no syntax": ("AppMetrics | where Name ==", "KS006"),
}
STRANGE = {
    "a metric": 'AppMetrics | where Name == "aci_jobs.unit.time"',
    "one of several metrics": 'AppMetrics | where Name in ("aci_jobs.rows", "aci_jobs.row")',
    "a metric, as the name of a span": 'AppRequests | where Name == "aci_jobs.rows"',
    "a metric, through another table": 'let m = AppMetrics; m | where Name == "rows"',
    "a span": 'AppRequests | where Name == "units"',
    "a role": 'AppRequests | where AppRoleName == "aci-jobs"',
    "an attribute": 'AppMetrics | extend s = tostring(Properties["aci_jobs.stages"])',
    "an attribute that this metric has not": (
        'AppMetrics | where Name == "aci_jobs.rows" | extend s = Properties["aci_jobs.state"]'
    ),
    "an attribute that no span has": 'AppRequests | extend s = Properties["aci_jobs.state"]',
    "an outcome": 'AppRequests | where tostring(Properties["aci_jobs.outcome"]) == "succeeded"',
    "a name in another place": 'AppMetrics | extend n = strcat("aci_jobs.rows", Name)',
}


@pytest.fixture(scope="module")
def wrong(analyse: Analyse) -> dict[str, Analysis]:
    """Queries that must not pass."""
    return analyse({name: query for name, (query, _) in FAULTY.items()} | STRANGE)


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_query_is_found(wrong: Mapping[str, Analysis], name: str) -> None:
    assert [fault for fault in wrong[name].faults if FAULTY[name][1] in fault]


@pytest.mark.parametrize("name", STRANGE)
def test_a_name_that_nobody_emits_is_found(wrong: Mapping[str, Analysis], name: str) -> None:
    assert wrong[name].faults == []
    assert strangers(wrong[name])
