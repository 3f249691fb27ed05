"""Runs as a list shows them."""

from datetime import UTC, datetime
from typing import Any

from support.tables import table

from orchestration.model import Phase
from orchestration.orchestrations import Orchestration
from orchestration.status import Status, UnitCounts
from orchestration.views.runs import RunFilter, entry, state

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
RUN = "r261123-120000-abcde"
KEPT = {
    "kind": "pipeline",
    "dataset": "Shop",
    "units": 10,
    "schedule": "nightly@2026-11-23T12:00:00+00:00",
    "created": AT.isoformat(),
    "changed": AT.isoformat(),
    "state": "Planning",
}


def orchestration(runtime_status: str = "Running", **status: Any) -> Orchestration:
    said = Status(state=Phase.RUNNING, **status).model_dump(mode="json")
    return Orchestration(runtime_status, AT, said, None)


@table(
    "wanted, listed",
    {
        "all": ({}, True),
        "its state": ({"state": "Running"}, True),
        "another state": ({"state": "Succeeded"}, False),
        "what goes on": ({"state": "live"}, True),
        "its kind": ({"kind": "pipeline"}, True),
        "another kind": ({"kind": "ingest"}, False),
        "its dataset": ({"dataset": "Shop"}, True),
        "another dataset": ({"dataset": "shop"}, False),
        "its schedule, at any due time": ({"schedule": "nightly"}, True),
        "another schedule": ({"schedule": "night"}, False),
        "a part of its id": ({"text": "abcde"}, True),
        "a part of its dataset, in any letters": ({"text": "SHO"}, True),
        "another word": ({"text": "bank"}, False),
        "both, of which one is another": ({"state": "live", "text": "bank"}, False),
    },
)
def test_a_filter(wanted: dict[str, str], listed: bool) -> None:
    shown = entry(RUN, KEPT, orchestration())
    assert shown.matches(RunFilter.model_validate(wanted)) is listed


def test_a_run_that_has_ended_does_not_go_on() -> None:
    ended = entry(RUN, {**KEPT, "state": "Succeeded", "cost": 0.5}, None)
    assert not ended.matches(RunFilter(state="live"))
    assert ended.matches(RunFilter(state=Phase.SUCCEEDED))
    assert ended.cost == 0.5


def test_a_run_that_goes_on_is_as_its_orchestration_says() -> None:
    found = orchestration(units=UnitCounts(total=20, done=7, dead=1), rows=70, cost=0.25)
    shown = entry(RUN, KEPT, found)
    assert (shown.state, shown.units, shown.done, shown.dead) == (Phase.RUNNING, 20, 7, 1)
    assert (shown.rows, shown.cost) == (70, 0.25)


def test_an_entry_of_an_older_writer_is_listed() -> None:
    older = {name: KEPT[name] for name in ("kind", "created", "changed", "state")}
    assert entry(RUN, {**older, "surplus": 1}, None).units is None


@table(
    "found, shown",
    {
        "not started yet": (None, "Planning"),
        "it goes on": (orchestration(), "Running"),
        "it has said nothing yet": (Orchestration("Pending", AT, {}, None), "Planning"),
        "ended from outside": (orchestration("Terminated"), "Terminated"),
    },
)
def test_where_a_run_without_a_report_stands(found: Orchestration | None, shown: str) -> None:
    assert state(found, None) == shown
