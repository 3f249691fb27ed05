"""Which run a person means, and what a shell completes."""

from typing import Any

import pytest
import typer
from support.command_line import answers, called
from support.endpoint import endpoint
from support.tables import table
from support.views import RUN, run_page, run_view

from command_line.choosing import chosen
from command_line.client import Client, RefusedError

OTHER = "r260102-040000-abcdx"


@table(
    "words, pages, expected",
    {
        "a whole id is not looked up": (RUN, [], RUN),
        "the last one": ("last", [run_page(OTHER)], OTHER),
        "the end of one": ("abcde", [run_page(OTHER, RUN)], RUN),
        "the beginning of one": ("r260102-03", [run_page(RUN, "r250102-030405-260102")], RUN),
        "on a later page": ("cde", [run_page(OTHER, following=OTHER), run_page(RUN)], RUN),
    },
)
def test_a_run_is_found(words: str, pages: list[Any], expected: str) -> None:
    with endpoint() as api:
        api.script = answers(*pages)
        assert chosen(Client(f"http://{api.host}", "k"), words) == expected
        assert len(api.asked) == len(pages)


@table(
    "words, page, error, message",
    {
        "none is like this": ("zzz", run_page(RUN), RefusedError, "begins or ends with 'zzz'"),
        "in the middle is not enough": ("030405", run_page(RUN), RefusedError, "'030405'"),
        "there is none at all": ("last", run_page(), RefusedError, "there is no run yet"),
        "several": ("r26", run_page(OTHER, RUN), typer.BadParameter, f"2 runs: {OTHER}, {RUN}"),
    },
)
def test_no_run_is_meant(words: str, page: Any, error: type[Exception], message: str) -> None:
    with endpoint() as api:
        api.script = answers(page)
        with pytest.raises(error, match=message):
            chosen(Client(f"http://{api.host}", "k"), words)


def completed(words: str, url: str, *options: str) -> list[str]:
    """What a shell would offer behind the words."""
    line = " ".join(("aci-jobs", *options, words))
    result = called(
        *(),
        _ACI_JOBS_COMPLETE="complete_bash",
        COMP_WORDS=line,
        COMP_CWORD=str(len(line.split(" ")) - 1),
        ACI_JOBS_URL=url,
        ACI_JOBS_KEY="k",
    )
    assert result.stderr == ""
    return result.stdout.split()


@table(
    "words, expected",
    {
        "runs": ("watch r2601", [OTHER, RUN]),
        "the last": ("report la", ["last"]),
        "all of them": ("status ", ["last", OTHER, RUN]),
    },
)
def test_a_shell_completes_runs(words: str, expected: list[str]) -> None:
    with endpoint() as api:
        api.script = answers(run_page(OTHER, RUN))
        assert completed(words, f"http://{api.host}") == expected


def test_completion_is_silent_where_there_is_no_answer() -> None:
    with endpoint() as api:
        api.script = answers(500)
        assert completed("watch r", f"http://{api.host}") == []
        assert completed("watch r", "no address") == []
        assert len(api.asked) == 1


def test_a_command_takes_a_part_of_an_id() -> None:
    with endpoint() as api:
        api.script = answers(run_page(RUN), run_view("Succeeded"))
        result = called("--url", f"http://{api.host}", "status", "cde", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [asked.path for asked in api.asked] == [
        "/api/runs?text=cde&limit=500",
        f"/api/runs/{RUN}",
    ]
