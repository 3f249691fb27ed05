"""What each command asks of the API, and what it prints of the answer."""

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.command_line import CHECKOUT, answers, called
from support.endpoint import Answer, Asked, endpoint
from support.tables import table
from support.views import RUN, fleet, letter_page, run_page, run_view
from typer.testing import Result

from command_line import connection

COMMAND = (sys.executable, "-m", "command_line")
PLAN = {
    "kind": "generate",
    "units": 12,
    "messages": {"generate": 12},
    "groups": None,
    "cost": 0.25,
    "minutes": 2.0,
    "warnings": ["much"],
    "data": None,
    "documents": None,
}
STARTED = {"run": RUN, "kind": "generate", "links": {}}
WISHED = {"run": RUN, "wishes": {}}
JOB = json.dumps({"kind": "generate", "dataset": "retail", "units": 5})


def command(
    script: list[Answer], *words: object, stdin: str | None = None, **environment: str
) -> tuple[Result, list[Asked]]:
    """A command on an app that answers so, and what the app was asked."""
    with endpoint() as api:
        api.script = script
        options = ("--url", f"http://{api.host}", "--key", "the-key")
        result = called(*options, *words, stdin=stdin, **environment)
        assert not result.exception or isinstance(result.exception, SystemExit)
        assert "the-key" not in result.output
        return result, api.asked


@table(
    "words, answer, asked",
    {
        "status": (["status", RUN], run_view(), f"GET /api/runs/{RUN}"),
        "report": (["report", RUN], {"run": RUN}, f"GET /api/runs/{RUN}/report"),
        "groups": (["groups", RUN], fleet(), f"GET /api/runs/{RUN}/groups"),
        "list": (["list"], run_page(RUN), "GET /api/runs?limit=20"),
        "list with filters": (
            ["list", "--state", "LIVE", "--kind", "ingest", "--dataset", "d", "--limit", "3"],
            run_page(RUN),
            "GET /api/runs?state=live&kind=ingest&dataset=d&limit=3",
        ),
        "dead letters by cause": (
            ["dead", RUN],
            letter_page(count=0),
            f"GET /api/runs/{RUN}/dead-letters?limit=1",
        ),
        "dead letters of one cause": (
            ["dead", RUN, "--fingerprint", "62f9"],
            letter_page("ingest/4", count=1),
            f"GET /api/runs/{RUN}/dead-letters?fingerprint=62f9&limit=1000",
        ),
        "a dead letter": (
            ["dead", RUN, "ingest/4"],
            {"message": "x"},
            f"GET /api/runs/{RUN}/dead-letters/ingest/4",
        ),
        "pause": (["pause", RUN], WISHED, f"POST /api/runs/{RUN}/pause {{}}"),
        "resume": (["resume", RUN], WISHED, f"POST /api/runs/{RUN}/resume {{}}"),
        "scale": (["scale", RUN, "8"], WISHED, f'POST /api/runs/{RUN}/scale {{"count": 8}}'),
        "scale as the request says": (
            ["scale", RUN, "request"],
            WISHED,
            f'POST /api/runs/{RUN}/scale {{"count": null}}',
        ),
        "cancel": (
            ["cancel", RUN, "--reason", "wrong"],
            WISHED,
            f'POST /api/runs/{RUN}/cancel {{"reason": "wrong"}}',
        ),
        "redrive of all": (
            ["redrive", RUN],
            {"run": RUN, "dead_letters": 3},
            f'POST /api/runs/{RUN}/redrive {{"units": null, "fingerprint": null}}',
        ),
        "redrive of some": (
            ["redrive", RUN, "--unit", "4", "--unit", "5", "--fingerprint", "62f9"],
            {"run": RUN, "dead_letters": 2},
            f'POST /api/runs/{RUN}/redrive {{"units": [4, 5], "fingerprint": "62f9"}}',
        ),
    },
)
def test_with_json_the_answer_is_printed_as_it_is(
    words: list[str], answer: dict[str, Any], asked: str
) -> None:
    result, (request,) = command(answers(answer), *words, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == answer
    assert f"{request.method} {request.path} {request.body.decode()}".strip() == asked


@table(
    "words, path",
    {
        "logs": (["logs", "last"], "/logs?last=200"),
        "unit": (["unit", "last", "417"], "/units/417"),
        "manifest": (["manifest", "last"], "/manifest?limit=10000"),
        "replay": (["replay", "last", "417"], "/units/417"),
        "doctor": (["doctor", "last"], "/doctor"),
        "status": (["status", "last"], ""),
    },
)
def test_the_last_run_is_looked_up(words: list[str], path: str) -> None:
    result, (_, request) = command(answers(run_page(RUN), 404), *words)
    assert (result.exit_code, result.stderr) == (3, "404 detail of 404\n")
    assert request.path == f"/api/runs/{RUN}{path}"


@table(
    "script, words, expected",
    {
        "status": (answers(run_view(), fleet("ingest/7")), ["status", RUN], "ingest/7"),
        "groups": (answers(fleet("ingest/7")), ["groups", RUN], "ingest/7"),
        "list": (answers(run_page(RUN)), ["list"], RUN),
        "dead": (answers(letter_page("ingest/4", count=1)), ["dead", RUN], "has 1 dead letter."),
        "dead --all": (
            answers(letter_page("ingest/4", count=1)),
            ["dead", RUN, "--all"],
            "[bold]down[/bold]",
        ),
        "pause": (answers(WISHED), ["pause", RUN], f"{RUN} will be paused."),
        "scale": (answers(WISHED), ["scale", RUN, "1"], "will have 1 container group."),
        "redrive": (
            answers({"run": RUN, "dead_letters": 3}),
            ["redrive", RUN],
            f"{RUN} is redriven: 3 dead letters.",
        ),
    },
)
def test_for_people(script: list[Answer], words: list[str], expected: str) -> None:
    result, _ = command(script, *words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert expected in result.stdout


@table(
    "words, message",
    {
        "a state that there is not": (["list", "--state", "Done"], "'Done' is not one of 'live',"),
        "a unit without a stage": (["dead", RUN, "4"], "'4': a stage and a unit are needed"),
        "a way out of the address": (["dead", RUN, "../x/4"], "'../x/4': a stage and"),
        "half a container group": (["scale", RUN, "1.5"], "'1.5': a number is needed, or request"),
    },
)
def test_wrong_use_asks_nothing(words: list[str], message: str) -> None:
    result, asked = command([], *words)
    assert (result.exit_code, result.stdout, asked) == (2, "", [])
    assert message in result.stderr


def test_all_runs_are_listed_over_all_pages() -> None:
    other = "r250102-030405-abcde"
    script = answers(run_page(RUN, following=RUN), run_page(other))
    result, asked = command(script, "list", "--all", "--json")
    page = json.loads(result.stdout)
    assert ([run["run"] for run in page["runs"]], page["next"]) == ([RUN, other], None)
    assert [request.path for request in asked] == [
        "/api/runs?limit=500",
        f"/api/runs?limit=500&after={RUN}",
    ]


def test_a_list_says_that_there_are_more() -> None:
    result, _ = command(answers(run_page(RUN, following=RUN)), "list", "--limit", 1)
    assert "more than these 1" in result.stderr


def test_all_dead_letters_are_listed_over_all_pages() -> None:
    script = answers(
        letter_page("ingest/4", count=2, following="ingest/4"), letter_page("ingest/5", count=2)
    )
    result, asked = command(script, "dead", RUN, "--all", "--json")
    page = json.loads(result.stdout)
    assert [letter["place"] for letter in page["dead_letters"]] == ["ingest/4", "ingest/5"]
    assert (page["count"], page["next"]) == (2, None)
    assert asked[1].path.endswith("?limit=1000&after=ingest%2F4")


def test_a_run_is_started_and_followed_without_being_asked_where_nobody_is() -> None:
    script = answers(STARTED, run_view(kind="generate"), run_view("Succeeded", kind="generate"))
    result, asked = command(script, "run", "-", "--units", 7, "--json", stdin=JOB)
    assert (result.exit_code, result.stderr) == (0, "")
    started, *looks = map(json.loads, result.stdout.splitlines())
    assert started == STARTED
    assert [look["state"] for look in looks] == ["Running", "Succeeded"]
    assert (asked[0].method, asked[0].path) == ("POST", "/api/runs")
    assert json.loads(asked[0].body)["units"] == 7


@pytest.mark.parametrize(("key", "sent"), [("tonight", "tonight"), (None, "cli-")])
def test_a_start_has_an_idempotency_key(key: str | None, sent: str) -> None:
    options = ["--idempotency-key", key] if key else []
    result, (request,) = command(answers(STARTED), "run", "-", "-d", *options, stdin=JOB)
    assert (result.exit_code, result.stdout) == (0, f"Run {RUN} was started.\n")
    assert request.headers["Idempotency-Key"].startswith(sent)


def test_a_start_whose_answer_is_lost_can_be_made_good() -> None:
    result, (request,) = command([Answer(0)], "run", "-", stdin=JOB)
    assert result.exit_code == 4
    assert f"--idempotency-key {request.headers['Idempotency-Key']} the same" in result.stderr


@table(
    "words, told",
    {
        "of a file, with its name": (
            ["plan", "-"],
            ["standard input: units: too many", "standard input: sink: none"],
        ),
        "of a start": (
            ["run", "-"],
            ["standard input: units: too many", "standard input: sink: none"],
        ),
        "of a definition": (
            ["job", "put", "nightly", "-"],
            ["standard input: units: too many", "standard input: sink: none"],
        ),
        "of anything else, below what is refused": (
            ["list"],
            ["400 not valid", "units: too many", "sink: none"],
        ),
    },
)
def test_a_refusal_has_every_fault_in_a_line(words: list[str], told: list[str]) -> None:
    errors = [{"field": "units", "reason": "too many"}, {"field": "sink", "reason": "none"}]
    problem = Answer(400, json.dumps({"detail": "not valid", "errors": errors}))
    result, _ = command([problem], *words, stdin=JOB)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.splitlines() == told


def test_the_browser_gets_the_key_and_the_output_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    script = tmp_path / "browser.py"
    script.write_text("import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])")
    monkeypatch.setenv("BROWSER", f"{sys.executable} {script} {seen} %s")
    result, (asked,) = command(answers({}), "open")
    assert (result.exit_code, asked.path) == (0, "/api/health")
    assert seen.read_text().endswith("/api/dashboard?code=the-key")
    assert "/api/dashboard" in result.stdout


def test_without_a_browser_the_address_is_printed(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(CHECKOUT), "PATH": str(tmp_path)}
    with endpoint() as api:
        api.script = answers({})
        url = f"http://{api.host}"
        words = ["--url", url, "--key", "the-key", "open"]
        output = subprocess.run(
            [*COMMAND, *words], env=environment, capture_output=True, check=True, text=True
        ).stdout
    assert f"There is no browser here. Open {url}/api/dashboard?code=KEY" in output
    assert "the-key" not in output


def test_no_browser_is_sent_to_an_app_that_is_away() -> None:
    result = called("--url", "http://127.0.0.1:1", "open")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "http://127.0.0.1:1 does not answer" in result.stderr


def test_an_app_here_that_is_down_is_told_with_what_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "keys.json").write_text(json.dumps({"function": "the-key"}))
    (tmp_path / "ports.json").write_text(json.dumps({"functions": 1}))
    monkeypatch.setattr(connection, "LOCAL", tmp_path)
    for words in (["list"], ["open"]):
        result = called(*words)
        assert (result.exit_code, result.stdout) == (4, "")
        assert result.stderr.endswith("; `make up` starts it\n")


@table(
    "answer, code, message",
    {
        "a page of something else": (Answer(200, "<html>sign in</html>"), 4, "no JSON object"),
        "a list": (Answer(200, "[1]"), 4, "no JSON object"),
        "a refusal that is a list": (Answer(502, '["away"]'), 3, '502 ["away"]'),
        "a refusal that is a page": (Answer(502, "<html>away</html>"), 3, "502 <html>away</html>"),
    },
)
def test_what_is_no_answer_of_the_app_is_told_in_a_line(
    answer: Answer, code: int, message: str
) -> None:
    result, _ = command([answer], "list")
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


@table(
    "url, key, message",
    {
        "a port that is none": ("http://localhost:abc", "k", "http://HOST or https://HOST is"),
        "a port beyond all": ("http://localhost:99999", "k", "http://HOST or https://HOST is"),
        "a line end within a key": ("http://h", "one\rtwo", "a key has printable ASCII"),
        "a letter that no header has": ("http://h", "one\u00e9two", "a key has printable ASCII"),
    },
)
def test_an_address_or_a_key_that_is_none_is_refused_and_no_key_is_shown(
    url: str, key: str, message: str
) -> None:
    result = called("--url", url, "--key", key, "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.replace("│", "").split())
    assert "two" not in result.stderr


def test_what_a_file_puts_around_a_key_is_none_of_it() -> None:
    with endpoint() as api:
        api.script = answers(run_page(RUN))
        result = called("--url", f"http://{api.host}", "list", ACI_JOBS_KEY="the-key\r\n")
        assert result.exit_code == 0
        assert api.asked[0].headers["x-functions-key"] == "the-key"


@table(
    "words",
    {
        "a run": ["run", "-", "-d"],
        "a job": ["job", "run", "nightly"],
        "a schedule": ["schedule", "run", "nightly"],
    },
)
def test_a_second_start_says_that_the_run_was_there(words: list[str]) -> None:
    for existing, told in ((False, "was started."), (True, "was there already: an earlier")):
        result, _ = command(answers({**STARTED, "existing": existing}), *words, stdin=JOB)
        assert result.stdout.startswith(f"Run {RUN} {told}")


@table(
    "words, path, stages, told",
    {
        "in all stages": ("17", "/units/17", ["generate", "ingest"], ""),
        "in one": ("ingest/0000017", "/units/17", ["ingest"], ""),
        "in one that the run has not": ("finish/17", "/units/17", [], "are generate, ingest"),
        "no number": ("ingest/x", "", [], "such as ingest/417"),
    },
)
def test_a_unit_by_number_or_place(words: str, path: str, stages: list[str], told: str) -> None:
    found = {"unit": 17, "stages": [{"stage": name} for name in ("generate", "ingest")]}
    result, asked = command(answers(found), "unit", RUN, words, "--json")
    assert told in result.stderr
    assert [each.path for each in asked] == ([f"/api/runs/{RUN}{path}"] if path else [])
    shown = json.loads(result.stdout)["stages"] if result.stdout else []
    assert [stage["stage"] for stage in shown] == stages


def test_a_definition_ends_with_a_line_end_and_is_stored_as_a_version() -> None:
    for content in ("{}", "{}\n"):
        result, _ = command([Answer(200, content, headers={"ETag": '"0x1"'})], "job", "get", "a")
        assert result.stdout == "{}\n"
    result, _ = command(answers({"etag": '"0x1"'}), "job", "put", "a", "-", stdin=JOB)
    assert result.stdout == 'job a is stored; its version (etag) is "0x1"\n'


@table(
    "words, script, answer, code, expected, asked",
    {
        "a start that is not wanted": (
            ["run", "job.json"],
            answers(PLAN),
            "n",
            1,
            ["units", "12", "warning: much", "Start this run?", "Nothing was started."],
            ["POST /api/plan"],
        ),
        "a start that is": (
            ["run", "job.json", "--detach"],
            answers(PLAN, STARTED),
            "y",
            0,
            ["Start this run?", f"Run {RUN} was started."],
            ["POST /api/plan", "POST /api/runs"],
        ),
        "a redrive of all": (
            ["redrive", RUN],
            answers(letter_page(count=3)),
            "n",
            1,
            [f"Redrive {RUN}: 3 dead letters?", "Nothing is tried again."],
            [f"GET /api/runs/{RUN}/dead-letters?limit=1"],
        ),
    },
)
def test_a_person_at_a_terminal_is_asked(
    words: list[str],
    script: list[Answer],
    answer: str,
    code: int,
    expected: list[str],
    asked: list[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "job.json").write_text(JOB)
    with endpoint() as api:
        api.script = script
        shown, ended = at_a_terminal(tmp_path, answer, "--url", f"http://{api.host}", *words)
        assert [f"{each.method} {each.path}" for each in api.asked] == asked
    assert ended == code
    assert [part for part in expected if part not in shown] == []
    if api.asked[-1].path == "/api/runs":  # what was agreed to stands beside what comes of it
        started = json.loads(api.asked[-1].body)
        assert started["expected"] == {"cost": 0.25, "minutes": 2.0}


def at_a_terminal(folder: Path, answer: str, *words: str) -> tuple[str, int]:
    """What a command shows on a terminal where a question gets this answer, and its exit code."""
    ours, its = pty.openpty()
    os.write(ours, f"{answer}\n".encode())  # the terminal keeps it until it is asked for
    environment = {"PYTHONPATH": str(CHECKOUT), "COLUMNS": "120", "TERM": "dumb"}
    with subprocess.Popen(
        [*COMMAND, *words], cwd=folder, env=environment, stdin=its, stdout=its, stderr=its
    ) as process:
        os.close(its)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal says that it is closed
            while piece := os.read(ours, 4096):
                shown += piece
        os.close(ours)
    return shown.decode(), process.returncode
