"""Following a run: what is shown, what a lost connection does, and how the command ends."""

import io
import json
from typing import Any

import pytest
from rich.console import Console
from support.command_line import answers, called
from support.endpoint import Answer, endpoint
from support.tables import table
from support.views import RUN, run_view

from command_line.client import Client, RefusedError, UnreachableError
from command_line.screens.live import Bar, Lines
from command_line.watching import LONGEST_WAIT, PATIENCE, looks

BROKEN = Answer(0)
BAD_GATEWAY = Answer(502, "<html>")


def watched(script: list[Answer]) -> tuple[list[str], list[str], list[float]]:
    """The states that were seen, what was told meanwhile, and how long was waited each time."""
    told: list[str] = []
    waits: list[float] = []
    with endpoint() as api:
        api.script = script
        client = Client(f"http://{api.host}", "the-key")
        states = [view["state"] for view in looks(client, RUN, told.append, waits.append)]
    return states, told, waits


@table(
    "script, expected, waits",
    {
        "a look now and then until it has ended": (
            answers(run_view(), run_view(), run_view("Cancelled")),
            ["Running", "Running", "Cancelled"],
            [0.5, 0.5],
        ),
        "a run that was ended from outside is watched until a sweep has closed it": (
            answers(run_view("Terminated"), run_view("Failed")),
            ["Terminated", "Failed"],
            [0.5],
        ),
        "lost connections, and answers of what stands between, are waited out": (
            [
                *answers(run_view()),
                *(BROKEN, BAD_GATEWAY, *answers(503, 429)),
                *answers(run_view(), run_view("Succeeded")),
            ],
            ["Running", "Running", "Succeeded"],
            [0.5, 1, 2, 4, 8, 0.5],
        ),
        "an end is one once there is a report of it": (
            answers(run_view("Failed") | {"report": None}, run_view("Failed")),
            ["Failed", "Failed"],
            [0.5],
        ),
        "each silence begins with a short wait": (
            [BROKEN, *answers(run_view()), BROKEN, *answers(run_view("Succeeded"))],
            ["Running", "Succeeded"],
            [1, 0.5, 1],
        ),
    },
)
def test_looks(script: list[Answer], expected: list[str], waits: list[float]) -> None:
    states, _, waited = watched(script)
    assert (states, waited) == (expected, waits)


def test_a_lost_connection_is_told_and_so_is_its_end() -> None:
    _, told, _ = watched([BROKEN, *answers(503), *answers(run_view("Succeeded"))])
    away, failing, back = told
    assert "does not answer" in away
    assert "asking again in 1 s" in away
    assert failing == "503 detail of 503; asking again in 2 s"
    assert back == "the app answers again"
    assert "the-key" not in " ".join(told)


def test_what_asking_again_does_not_help_ends_it_at_once() -> None:
    with pytest.raises(RefusedError, match="404"):
        watched(answers(run_view(), 404))


def test_after_an_hour_of_silence_it_gives_up() -> None:
    waits: list[float] = []
    client = Client("http://127.0.0.1:1", "k")
    with pytest.raises(UnreachableError):
        list(looks(client, RUN, lambda _: None, waits.append))
    assert max(waits) == LONGEST_WAIT
    assert PATIENCE <= sum(waits) < PATIENCE + LONGEST_WAIT


def shown(*views: dict[str, Any], terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=terminal, highlight=False)
    screen = Bar(console) if terminal else Lines(console)
    for view in views:
        screen.look(view)
    screen.close()
    return out.getvalue()


@table(
    "elapsed, printed",
    {
        "once in two seconds": ([0, 0.5, 1.9, 2, 3, 4], [0, 2, 4]),
        "seldom of a run that takes hours": ([7200, 7260, 7320, 7330], [7200, 7330]),
        "from the start again where a redrive began": ([100, 0.5, 1], [100, 0.5]),
    },
)
def test_lines_of_a_state(elapsed: list[float], printed: list[float]) -> None:
    text = shown(*(run_view(elapsed=at, rows=int(10 * at)) for at in elapsed))
    assert [line.split()[5] for line in text.splitlines()] == [f"{10 * at:,.0f}" for at in printed]


def test_each_state_has_a_line_and_each_piece_of_news_is_told_once() -> None:
    text = shown(
        run_view("Planning"),
        run_view(waits="no room [in] eastus\x1b[2J", units={"total": 1000, "done": 3, "dead": 1}),
        run_view(waits="no room [in] eastus\x1b[2J", notes=("a group was lost",)),
        run_view(notes=("a group was lost", "another")),
        run_view("Succeeded"),
    )
    assert text.splitlines() == [
        " Planning  0/? units  0 written  0 rows loaded  0/s  0 groups  0 dead",
        "waits: no room [in] eastus\\x1b[2J",
        "  Running  3/1000 units  0 written  0 rows loaded  0/s  0 groups  1 dead",
        "note: a group was lost",
        "note: another",
        "Succeeded  0/? units  0 written  0 rows loaded  0/s  0 groups  0 dead",
    ]


def test_a_bar_has_the_figures_and_the_news_above() -> None:
    view = run_view(units={"total": 10, "done": 4}, notes=("[red]a note",), seconds_left=6.2)
    text = shown(view, terminal=True)
    assert "[red]a note" in text
    assert "4/10" in text
    assert "6 s left" in text


@table(
    "kind, expected",
    {
        "pipeline": ("pipeline", "7 written  5 rows loaded  1/s"),
        "ingest": ("ingest", "5 rows loaded  1/s"),
        "generate": ("generate", "5 rows written  1/s"),
        "command": ("command", ""),
    },
)
def test_the_figures_fit_the_kind(kind: str, expected: str) -> None:
    stages = {"generate": {"units": 7}}
    line = shown(run_view(kind=kind, rows=5, rows_per_second=1, stages=stages))
    assert line.split("units")[1].strip() == f"{expected}  0 groups  0 dead".strip()


@table(
    "state, code",
    {
        "it has succeeded": ("Succeeded", 0),
        "some units are dead": ("CompletedWithFailures", 1),
        "it has failed": ("Failed", 1),
        "it was cancelled": ("Cancelled", 1),
    },
)
def test_the_exit_code_tells_how_the_run_ended(state: str, code: int) -> None:
    with endpoint() as api:
        api.script = answers(run_view(state), run_view(state))
        result = called("--url", f"http://{api.host}", "watch", RUN)
    assert (result.exit_code, result.stderr) == (code, "")
    assert f"Report of {RUN}" in result.stdout
    assert ("OSError: away" in result.stdout) is (code == 1)
    assert (f"aci-jobs redrive {RUN}" in result.stdout) is (code == 1)


def test_as_json_each_look_is_a_line_and_nothing_else_is_there() -> None:
    with endpoint() as api:
        first, last = run_view(), run_view("Failed")
        api.script = answers(first, first, last)
        result = called("--url", f"http://{api.host}", "watch", RUN, "--json")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [first, last]
    assert (result.exit_code, result.stderr) == (1, "")


@table(
    "script, words, code, message",
    {
        "a run that is not there": (answers(404), ["watch", RUN], 3, "404 detail of 404"),
        "no such option": ([], ["watch", RUN, "--fast"], 2, "No such option: --fast"),
        "no answer at all": ([BROKEN], ["watch", RUN], 4, "does not answer"),
    },
)
def test_other_ends(script: list[Answer], words: list[str], code: int, message: str) -> None:
    with endpoint() as api:
        api.script = script
        result = called("--url", f"http://{api.host}", "--key", "the-key", *words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "the-key" not in result.stderr
