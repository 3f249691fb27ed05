"""The queries of the workbook and of the alerts, asked of the telemetry of four runs."""

from collections.abc import Iterator
from typing import Any

import duckdb_kql
import pytest
from support.four_runs import BAD, GOOD, LIVE, LOST, ago, rows
from support.monitoring import QUERIES, filled_in
from support.tables import table
from support.telemetry_rows import metric
from support.workspace import Row, Workspace

from worker_image.contract.telemetry import Attribute, Metric, run_span


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return Workspace(rows())


def ask(workspace: Workspace, query: str, run: str = GOOD) -> list[dict[str, Any]]:
    values = {"Run": run, "Step": "5m", "DashboardUrl": "https://d", "ApplicationInsights": "/a/b"}
    return workspace.ask(filled_in(QUERIES[query], values))


def columns(found: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in found]


def test_the_choices_of_runs_are_all_runs_the_newest_first(workspace: Workspace) -> None:
    found = columns(ask(workspace, "run_names"), "value", "label")
    assert found == [(run, run) for run in (LIVE, BAD, LOST, GOOD)]


def test_runs_are_counted_by_state(workspace: Workspace) -> None:
    found = columns(ask(workspace, "run_states"), "state", "runs")
    assert sorted(found) == [("Failed", 1), ("Going on", 1), ("Succeeded", 1)]


def test_the_table_of_runs_knows_what_has_ended_and_what_goes_on(workspace: Workspace) -> None:
    found = ask(workspace, "runs")
    names = ("run", "state", "kind", "done", "of_units", "rows", "dead", "cost", "reason")
    assert columns(found, *names) == [
        (LIVE, "Going on", None, 8, None, None, 0, 80, None),
        (BAD, "Failed", "ingest", None, 90, None, 3, 0.2, "no progress"),
        (LOST, "No word", None, None, None, None, 0, 0.1, None),
        (GOOD, "Succeeded", "pipeline", 3, 4, 14_000, 0, pytest.approx(0.17), ""),
    ]
    assert columns(found, "started", "link")[3] == (ago(60), f"https://d#/runs/{GOOD}")
    assert columns(found, "duration") == [(23 * 60,), (1_800,), (0,), (1_800,)]


def test_the_figures_of_a_run_are_its_last_ones(workspace: Workspace) -> None:
    assert columns(ask(workspace, "run_figures"), "figure", "value") == [
        ("Cost", pytest.approx(0.17)),
        ("Dead letters", 0),
        ("Groups Pending", 1),
        ("Groups Running", 3),
        ("Messages queued", 33),
        ("Seconds since a unit was done", 1),
        ("Units done: finish", 1),
        ("Units done: generate", 4),
        ("Units done: ingest", 3),
    ]


def test_groups_that_are_gone_are_none() -> None:
    def at(minutes: float, **counts: int) -> Iterator[tuple[str, Row]]:
        for state, count in counts.items():
            about = {Attribute.RUN: GOOD, Attribute.STATE: state}
            yield metric(ago(minutes), Metric.RUN_GROUPS, [count], about)

    looks = [*at(9, Pending=8, Running=0), *at(6, Pending=0, Running=7), *at(3, Running=0)]
    now = Workspace([*looks, metric(ago(3), Metric.RUN_COST, [1.5], {Attribute.RUN: GOOD})])
    assert columns(ask(now, "run_figures"), "figure", "value") == [("Cost", pytest.approx(1.5))]


@table(
    "query, value, expected",
    {
        "7,000 rows of each stage": ("rows_per_second", "rows_per_second", [[7_000 / 300] * 2] * 2),
        "two units of each stage": ("units_per_second", "units_per_second", [[2 / 300] * 2] * 2),
        "four deliveries, all done": ("outcomes", "deliveries", [[4]] * 2),
        "groups by state": ("groups", "groups", [[1, 3]] * 2),
        "messages and dead letters": ("queues", "messages", [[0, 48], [0, 33]]),
    },
)
def test_charts_over_time(
    workspace: Workspace, query: str, value: str, expected: list[list[float]]
) -> None:
    found: dict[Any, list[float]] = {}
    for row in ask(workspace, query):
        found.setdefault(row["TimeGenerated"], []).append(row[value])
    by_time = [sorted(found[time]) for time in sorted(found)]
    assert by_time == expected


def test_percentiles_are_of_traced_units_and_the_longest_is_of_all(workspace: Workspace) -> None:
    first, last = columns(ask(workspace, "unit_durations"), "p50", "p95", "mean", "longest")
    assert first == (2, 4, 2.5, 4)
    assert last == (None, None, 2.5, 4)


def test_dead_letters_by_error_have_their_words_and_units(workspace: Workspace) -> None:
    found = ask(workspace, "dead_letters", BAD)
    names = ("error", "words", "stage", "units", "next")
    assert columns(found, *names) == [
        ("aaa", "DataError: of aaa", "ingest", 2, f"aci-jobs dead {BAD}"),
        ("bbb", "DataError: of bbb", "ingest", 1, f"aci-jobs dead {BAD}"),
    ]
    assert sorted(found[0]["examples"].split(", ")) == ["ingest/4", "ingest/5"]


def test_the_slowest_deliveries_come_first(workspace: Workspace) -> None:
    names = ("unit", "seconds", "outcome", "delivery", "rows", "bytes", "worker")
    assert columns(ask(workspace, "slowest_units"), *names) == [
        ("ingest/2", 4, "done", 1, 3_500, 90_000, f"{GOOD}-01"),
        ("ingest/1", 2, "done", 1, 3_500, 90_000, f"{GOOD}-01"),
    ]


def test_costs_are_the_last_known_of_each_run(workspace: Workspace) -> None:
    assert columns(ask(workspace, "costs"), "run", "cost") == [
        (GOOD, pytest.approx(0.17)),
        (LOST, 0.1),
        (BAD, 0.2),
        (LIVE, 80),
    ]


def test_errors_of_the_app_are_told_once_with_their_runs(workspace: Workspace) -> None:
    assert columns(ask(workspace, "app_errors"), "activity", "words", "times", "run") == [
        ("sweep", "sweep failed", 2, ""),
        ("audit", "HttpResponseError: it is away", 1, BAD),
    ]


def test_the_log_of_a_run_is_of_that_run(workspace: Workspace) -> None:
    found = columns(ask(workspace, "log", BAD), "level", "activity", "worker", "message")
    assert found == [("WARNING", "", "g-01", "an orphan"), ("ERROR", "audit", "", "audit failed")]


def test_a_trace_is_a_tree_whose_root_has_no_parent_in_it(workspace: Workspace) -> None:
    found = ask(workspace, "trace", BAD)
    start = f"start of {BAD}"
    tree = {row["span"]: row["Parent"] for row in found}
    assert tree == {
        "start run": None,
        "run": start,
        "audit": run_span(BAD),
        **{f"ingest/{number}": run_span(BAD) for number in (4, 5, 6)},
    }
    assert {row["result"] for row in found} == {"done", "failed", "dead"}
    link = next(row["link"] for row in found if row["span"] == "audit")
    assert "%22ResourceId%22%3A%22%2Fa%2Fb%22" in link
    assert "%22eventId%22%3A%22item-audit%22" in link


def test_orphans_are_counted_by_run(workspace: Workspace) -> None:
    assert columns(ask(workspace, "orphans"), "run", "groups") == [(BAD, 2)]


@table(
    "alert, column, expected",
    {
        "each dead letter": ("alert_dead_letters", "units", [(BAD, 1)] * 3),
        "the run that failed": ("alert_failed", "runs", [(BAD, 1)]),
        "the groups that the sweep deleted": ("alert_orphans", "groups", [(BAD, 2)]),
        "the run whose units are done unheard": ("alert_silent_workers", "units", [(LIVE, 6)]),
    },
)
def test_alerts_of_runs(
    workspace: Workspace, alert: str, column: str, expected: list[tuple[str, float]]
) -> None:
    assert columns(ask(workspace, alert), "run", column) == expected


def test_a_run_stands_still_while_messages_wait(workspace: Workspace) -> None:
    found = columns(ask(workspace, "alert_stalled"), "run", "minutes")
    assert {run for run, _ in found} == {GOOD, LIVE}
    assert max(found, key=lambda row: row[1]) == (LIVE, 27)
    assert max(minutes for run, minutes in found if run == GOOD) < 1


def test_costs_of_every_look_are_alerted_on(workspace: Workspace) -> None:
    found = columns(ask(workspace, "alert_cost"), "run", "cost")
    assert max(found, key=lambda row: row[1]) == (LIVE, 80)


def test_an_error_of_an_activity_and_two_of_the_sweep_are_three(workspace: Workspace) -> None:
    assert columns(ask(workspace, "alert_app_errors"), "errors") == [(1,)] * 3


def test_the_sweep_is_heard(workspace: Workspace) -> None:
    assert columns(ask(workspace, "alert_silent_app"), "TimeGenerated") == [(ago(3),)]


@pytest.fixture(scope="module")
def empty() -> Workspace:
    return Workspace()


@pytest.mark.parametrize("query", QUERIES)
def test_without_telemetry_there_is_nothing(empty: Workspace, query: str) -> None:
    if query == "spending":
        # DuckDB has nothing for row_cumsum; it is one line beside `costs`, and analysed like all.
        with pytest.raises(duckdb_kql.KqlUnsupportedError, match="row_cumsum"):
            ask(empty, query)
    else:
        assert ask(empty, query) == []
