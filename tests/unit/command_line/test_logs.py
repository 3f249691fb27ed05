"""Lines of logs on a terminal, and how they are followed."""

from typing import Any, cast

import pytest
import typer
from support.tables import table

from command_line.client import Client
from command_line.logs import followed, shown

RUN = "r261125-120000-abcde"
LINE = {
    "time": "2026-11-25T12:00:01.250000Z",
    "level": "INFO",
    "message": "7 rows",
    "worker": f"{RUN}-003-01",
    "stage": None,
    "unit": None,
    "error": None,
}


@table(
    "changes, expected",
    {
        "a word of the worker": ({}, "12:00:01.250 003-01 7 rows"),
        "of a unit": (
            {"stage": "ingest", "unit": 4},
            "12:00:01.250 003-01 ingest/4 7 rows",
        ),
        "an error below its line": (
            {"level": "ERROR", "error": "Traceback\n  here"},
            "12:00:01.250 003-01 7 rows\n    Traceback\n      here",
        ),
        "without a time": ({"time": None}, "             003-01 7 rows"),
        "nothing that a terminal obeys": (
            {"message": "\x1b[2J[red]\r\n"},
            "12:00:01.250 003-01 \\x1b[2J[red]\\r\\n",
        ),
    },
)
def test_a_line_for_people(changes: dict[str, Any], expected: str) -> None:
    assert shown(RUN, {**LINE, **changes}).plain == expected


class Told:
    """An app whose run ends after some looks; each page is a text of lines, + where more wait."""

    def __init__(self, running: int, *pages: str) -> None:
        self._running = running
        self._pages = list(pages)
        self.places: list[str] = []

    def show(self, _: str) -> dict[str, Any]:
        self._running -= 1
        return {"state": "Running" if self._running >= 0 else "Succeeded"}

    def call(self, _: str, __: str, query: dict[str, Any]) -> dict[str, Any]:
        self.places.append(query["after"])
        page = self._pages.pop(0)
        lines = list(page.rstrip("+"))
        return {"lines": lines, "more": page.endswith("+"), "next": f"{query['after']}{page}"}


@table(
    "running, pages, expected",
    {
        "to the end of the run": (2, ("a", "b", "c"), "abc"),
        "and what it has said at last": (0, ("a+", "b+", "c"), "abc"),
        "quietly": (1, ("", "a"), "a"),
    },
)
def test_a_log_is_followed(running: int, pages: tuple[str, ...], expected: str) -> None:
    told = Told(running, *pages)
    found = followed(cast("Client", told), RUN, {}, ">", seconds=0)
    assert "".join("".join(map(str, lines)) for lines in found) == expected
    assert told.places == [f">{''.join(pages[:n])}" for n in range(len(pages))]


def test_too_many_logs_are_not_followed() -> None:
    with pytest.raises(typer.BadParameter, match="--worker"):
        next(followed(cast("Client", Told(1)), RUN, {}, None))
