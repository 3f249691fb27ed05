"""What people see of runs, reports, groups, dead letters and plans."""

import io
from datetime import timedelta
from typing import Any, get_args

import pytest
from rich.console import Console, RenderableType
from support.tables import table
from support.views import LATER, RUN, as_answered, fleet, letter_page, report, run_page, run_view

from command_line.screens import dead_letters, fleets, plans, reports, runs, states
from orchestration.activities.seeding import canonical
from orchestration.model import FINAL, Kind, Phase
from orchestration.reports import FinishReport

NOW = LATER


def printed(screen: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=140, highlight=False).print(screen)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def words(screen: RenderableType) -> str:
    """The text of a screen with a single space between its words."""
    return " ".join(printed(screen).split())


@table(
    "view, expected, absent",
    {
        "how far it is and how fast it goes": (
            run_view(
                units={"total": 1000, "done": 410, "seeded": 900, "queued": 90},
                rows=2_500,
                rows_per_second=25,
                seconds_left=130,
            ),
            ["410/1,000 units", "2,500, 25/s", "left 2.2 min", "900, about 90 in the queue"],
            ["dead", "waits"],
        ),
        "what keeps it from going on": (
            run_view("Paused", waits="paused"),
            ["Paused", "waits paused", f"aci-jobs resume {RUN}"],
            [f"aci-jobs pause {RUN}"],
        ),
        "dead letters by their error": (
            run_view(
                units={"dead": 3},
                errors=({"fingerprint": "62f9", "error": "no [host]", "units": 3},),
            ),
            ["3 62f9 no [host]", f"aci-jobs dead {RUN}"],
            [],
        ),
        "money spent, at the end, and at most": (
            run_view(cost=0.5, cost_at_end=1.25, cost_limit=200),
            ["0.500000 so far, 1.250000 at the end, 200.00 is the limit"],
            [],
        ),
        "groups by what they do": (
            run_view(groups={"Running": 3, "Pending": 1, "used": 6}),
            ["3 Running, 1 Pending, 6 used in all"],
            [],
        ),
        "stages and notes": (
            run_view(stages={"generate": {"units": 7, "rows": 70, "bytes": 2000}}, notes=("odd",)),
            ["generate 7 70 2.0 kB", "note: odd"],
            [],
        ),
        "the last step": (run_view(finish="under way"), ["last step under way"], []),
        "an end from outside": (run_view("Terminated"), ["Terminated", "the next sweep"], []),
        "what became of it once it has ended": (
            run_view("CompletedWithFailures"),
            ["units done, dead │ 9, 1", "1 62f9fb328e82 OSError: away", f"aci-jobs redrive {RUN}"],
            [f"aci-jobs cancel {RUN}"],
        ),
        "nothing to mend after a success": (
            run_view("Succeeded"),
            [f"aci-jobs report {RUN}"],
            [f"aci-jobs redrive {RUN}", f"aci-jobs dead {RUN}"],
        ),
    },
)
def test_the_status_of_a_run(view: dict[str, Any], expected: list[str], absent: list[str]) -> None:
    text = words(runs.status(view, fleet(groups=0), NOW))
    assert text.startswith(
        f"{RUN} {view['state']} pipeline of retail, accepted 2026-01-02 03:04:05"
    )
    assert [part for part in expected if part not in text] == []
    assert [part for part in absent if part in text] == []


def test_the_status_shows_each_worker_with_its_units() -> None:
    text = words(runs.status(run_view(), fleet("ingest/0000012", "ingest/0000000"), NOW))
    assert f"{RUN}-001-01 Running 5 2,500 ingest/12, ingest/0" in text


@table(
    "shown, expected",
    {
        "few units by name": (fleet("a/1", "a/2", "a/3", "a/4"), "a/1, a/2, a/3, a/4"),
        "many by number": (fleet(*(f"a/{n}" for n in range(9))), "a/0, a/1, a/2, a/3, 5 more"),
        "none": (fleet(), "idle"),
        "the words of Azure": (fleet(detail="ImagePullBackOff"), "ImagePullBackOff"),
        "its exit code": (fleet(state="Ended", exit_code=64), "Ended (64)"),
        "that it is gone": (fleet(gone=LATER.isoformat()), "gone"),
        "spot": (fleet(spot=True), "eastus spot"),
        "its times": (
            fleet(worked=(LATER - timedelta(seconds=30)).isoformat()),
            "01-02 03:04 100 s 30 s 5 2,500",
        ),
    },
)
def test_a_container_group(shown: dict[str, Any], expected: str) -> None:
    assert expected in words(fleets.groups(shown, NOW))


def test_the_status_shows_a_dozen_groups_and_says_how_many_more_there_are() -> None:
    text = words(fleets.workers(fleet(groups=15)))
    assert f"{RUN}-012-01" in text
    assert f"{RUN}-013-01" not in text
    assert "and 3 more groups" in text


@table(
    "changes, expected",
    {
        "rows and their speed": ({}, "rows loaded │ 5,000 in 100.0 s: 50/s"),
        "money and billed time": ({}, "4, 360 s billed │ │ cost on ACI │ 0.012500"),
        "rows by record type and stage": ({}, "order 5,000 5,000"),
        "the slowest units": ({}, f"ingest/4 0.300 {RUN}-001-01"),
        "the last step": (
            {"finish": FinishReport(state="failed", seconds=2, error="no key")},
            "failed, 2.0 s",
        ),
        "why the last step failed": (
            {"finish": FinishReport(state="failed", seconds=2, error="no key")},
            "the last step failed: no key",
        ),
        "the reason of an end": (
            {"state": Phase.FAILED, "reason": "too many [dead]"},
            "Failed: too many [dead]",
        ),
        "a run that no audit has counted": (
            {"account": None, "stages": {}},
            "10; no audit has counted",
        ),
        "notes": ({"notes": ["odd"]}, "note: odd"),
        "redrives": ({"redrives": 2}, "redrives │ 2"),
    },
)
def test_a_report(changes: dict[str, Any], expected: str) -> None:
    assert expected in words(reports.details(as_answered(report(**changes))))


def test_states_and_kinds_are_those_of_the_app() -> None:
    assert get_args(states.State) == ("live", *Phase)
    assert get_args(states.Kind) == tuple(Kind)
    assert states.FINAL == FINAL


def test_a_narrow_terminal_cuts_no_id_and_no_column_is_empty() -> None:
    shown = fleet("ingest/0000012", groups=2)
    out = io.StringIO()
    Console(file=out, width=80).print(fleets.groups(shown, NOW))
    assert [line.split()[0] for line in out.getvalue().splitlines() if RUN in line] == [
        group["name"] for group in shown["groups"]
    ]
    head = printed(runs.entries(run_page(RUN)["runs"], NOW)).splitlines()[0]
    assert head.split() == ["run", "state", "kind", "units", "took"]


@table(
    "width, columns",
    {
        "wide": (170, "run state kind dataset schedule units dead rows cost took why"),
        "a usual terminal": (80, "run state dataset units dead"),
        "a narrow one": (64, "run state units dead"),
    },
)
def test_a_list_leaves_columns_out_and_cuts_none_that_matters(width: int, columns: str) -> None:
    entry = {
        **run_page(RUN)["runs"][0],
        "state": "CompletedWithFailures",
        "units": 6_000,
        "done": 5_988,
        "dead": 12,
        "rows": 20_958_000,
        "cost": 0.0119,
        "schedule": "nightly",
        "dataset": "retail-of-all-shops",
        "text": "dead letters: 12",
    }
    out = io.StringIO()
    Console(file=out, width=width).print(runs.entries([entry], NOW))
    head, _, line, *_ = out.getvalue().splitlines()
    assert head.split() == columns.split()
    assert len(line) <= width
    for cell in (RUN, "CompletedWithFailures", "5,988/6,000", " 12"):
        assert cell in line


@pytest.mark.parametrize("width", [64, 80, 100])
def test_dead_letters_one_by_one_fit_a_terminal(width: int) -> None:
    letters = letter_page("generate/0005988", "ingest/4", count=2)["dead_letters"]
    out = io.StringIO()
    Console(file=out, width=width).print(dead_letters.entries(letters))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert any(line.startswith("generate/0005988 ") for line in lines)
    assert ("2026-01-02 03:04:05" in out.getvalue()) == (width > 64)


def test_a_list_of_runs() -> None:
    text = words(runs.entries(run_page(RUN)["runs"], NOW))
    assert f"{RUN} Succeeded pipeline 10/10 100 s" in text


@table(
    "page, expected",
    {
        "none": (letter_page(count=0), f"Run {RUN} has no dead letter."),
        "one": (letter_page("ingest/4", count=1), f"Run {RUN} has 1 dead letter. "),
        "what can be done": (
            letter_page("ingest/4", count=3),
            f"aci-jobs dead {RUN} ingest/4 aci-jobs redrive {RUN} --fingerprint 62f9fb328e82",
        ),
    },
)
def test_dead_letters_by_cause(page: dict[str, Any], expected: str) -> None:
    assert expected.strip() in words(dead_letters.groups(page))


def test_dead_letters_one_by_one_are_shown_as_they_are() -> None:
    text = words(dead_letters.entries(letter_page("ingest/4", count=1)["dead_letters"]))
    assert "ingest/4 3 62f9fb328e82 2026-01-02 03:04:05" in text
    assert "OSError: the network is [bold]down[/bold]\\x1b[31m" in text


PLAN = {
    "kind": "pipeline",
    "units": 200,
    "messages": {"generate": 200, "ingest": 200},
    "groups": 4,
    "minutes": 61.5,
    "billed_seconds": 4880,
    "cost": 0.006386,
    "warnings": ["the [limit] is near"],
    "assumptions": ["all are alike"],
    "data": {
        "records": {"order": 2000},
        "rows": 2000,
        "documents": 200,
        "bytes_raw": 9,
        "bytes_stored": 5000,
    },
    "rows": {"order": [{"id": n, "note": None} for n in range(9)], "none": []},
    "documents": None,
}
UNKNOWN = PLAN | dict.fromkeys(("groups", "minutes", "billed_seconds", "cost", "data", "rows"))


@table(
    "plan, expected, absent",
    {
        "time and money": (PLAN, ["time 61.5 minutes", "cost 0.006386 for 4,880 s billed"], []),
        "what is made": (PLAN, ["2,000 rows, 200 documents, 5.0 kB"], []),
        "warnings as they are": (PLAN, ["warning: the [limit] is near"], []),
        "the first rows": (PLAN, ["order: first rows of unit 0 id note", "2 null"], ["3 null"]),
        "assumptions": (PLAN, ["- all are alike"], []),
        "what nobody can know is left out": (UNKNOWN, ["units 200"], ["time", "cost", "None"]),
        "documents to load": (
            UNKNOWN | {"documents": {"count": 12, "bytes": 3000, "at_least": True}},
            ["documents at least 12, 3.0 kB"],
            [],
        ),
    },
)
def test_a_plan(plan: dict[str, Any], expected: list[str], absent: list[str]) -> None:
    text = words(plans.whole(plan))
    assert [part for part in expected if part not in text] == []
    assert [part for part in absent if part in text] == []


LETTER: dict[str, Any] = {
    "dead_at": "2026-01-02T03:04:06+00:00",
    "deliveries": 3,
    "first_seen": None,
    "worker": "w1",
    "error": {
        "type": "OSError",
        "message": "the [disk] is full",
        "fingerprint": "62f9fb328e82",
        "permanent": False,
        "traceback": "Traceback:\n  line\x1b[2J",
    },
    "message": {
        "unit": 4,
        "history": [
            {"delivery": 1, "at": "03:04", "worker": "w0", "type": "OSError", "message": "before"}
        ],
    },
}


@pytest.mark.parametrize(
    "expected",
    [
        "error        OSError: the [disk] is full",
        "Traceback:\n  line\\x1b[2J",
        "1         03:04  w0      OSError: before",
        '"unit": 4',
    ],
)
def test_a_dead_letter_as_a_whole(expected: str) -> None:
    assert expected in printed(dead_letters.letter(LETTER))


def test_the_dataset_of_a_message_is_a_line_with_the_digest_of_the_run() -> None:
    dataset = {"version": 1, "dataset": "shop", "records": {"customer": {"count": 3}}}
    message = {"unit": 4, "payload": {"dataset": {"inline": dataset}, "container": "c"}}
    text = printed(dead_letters.letter(LETTER | {"message": message}))
    _, digest = canonical(dataset)
    assert f'"dataset": "shop, sha256 {digest}; --json has it all"' in text
    assert "records" not in text
    assert '"container": "c"' in text


def test_a_message_that_could_not_be_read_is_shown_as_it_came() -> None:
    text = printed(dead_letters.letter(LETTER | {"message": "not <a> message"}))
    assert text.endswith("message\nnot <a> message")
    assert "earlier deliveries" not in text
