"""Reading logs from their ends, and their lines as people see them: tables."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from support.tables import table

from orchestration.services import logs
from orchestration.services.logs import Log, Stretch, behind, tail
from orchestration.views import logs as views
from orchestration.views.logs import LineFilter, LogLine

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LONG = b"x" * 50 + b"\n"


def text_of(_: str, line: bytes) -> str | None:
    return None if line.strip() in (b"", b"no") else line.decode().strip()


class Content:
    """A log in memory; `bytes_read` is what it has cost."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.bytes_read = 0
        self.log = Log("w", len(content), NOW)

    def read(self, start: int, length: int) -> bytes:
        piece = self.content[start : start + length]
        self.bytes_read += len(piece)
        return piece


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FIRST_PIECE", 4)
    monkeypatch.setattr(logs, "LARGEST_PIECE", 16)


@table(
    "content, last, share, expected, more",
    {
        "nothing": (b"", 5, 99, [], False),
        "all lines where they are few": (b"a\nb\n", 5, 99, [(0, "a"), (2, "b")], False),
        "as many as there are": (b"a\nb\n", 2, 99, [(0, "a"), (2, "b")], False),
        "the last ones of many": (b"a\nb\nc\n", 2, 99, [(2, "b"), (4, "c")], True),
        "a line over several pieces": (b"a\n%s" % LONG, 2, 99, [(0, "a"), (2, "x" * 50)], False),
        "a line without an end": (b"a\nb", 5, 99, [(0, "a"), (2, "b")], False),
        "lines that are not wanted are passed over": (b"a\nno\nno\n", 1, 99, [(0, "a")], False),
        "a share ends in mid-line, which is left out": (b"aaaa\nbb\n", 5, 5, [(5, "bb")], True),
        "a share of nothing but the middle of a line": (b"x" * 99, 5, 20, [], True),
    },
)  # fmt: skip
def test_the_end_of_a_log(
    content: bytes, last: int, share: int, expected: list[tuple[int, str]], *, more: bool
) -> None:
    source = Content(content)
    found = tail(source.read, source.log, last, share, text_of)
    assert (found.found, found.more) == (expected, more)
    assert source.bytes_read <= share


def test_the_end_of_a_large_log_costs_little() -> None:
    source = Content(b"line\n" * 100_000)
    tail(source.read, source.log, 3, 1 << 20, text_of)
    assert source.bytes_read < 100


@table(
    "content, start, share, expected, end, more",
    {
        "what has come since": (b"a\nb\nc\n", 2, 99, [(2, "b"), (4, "c")], 6, False),
        "a line that is not whole is left": (b"a\nb", 0, 99, [(0, "a")], 2, False),
        "one that no share has room for is not": (b"x" * 20, 0, 8, [(0, "x" * 8)], 8, True),
        "a share at a time": (b"aa\nbb\ncc\n", 0, 7, [(0, "aa"), (3, "bb")], 6, True),
        "what is not wanted is passed over": (b"no\na\nno\n", 0, 99, [(3, "a")], 8, False),
    },
)
def test_what_has_come_behind_a_place(
    content: bytes, start: int, share: int, expected: Any, end: int, *, more: bool
) -> None:
    source = Content(content)
    found = behind(source.read, source.log, start, share, text_of)
    assert (found.found, found.end, found.more) == (expected, end, more)


def written(message: str = "m", **members: Any) -> bytes:
    known = {"time": NOW.isoformat(), "level": "INFO", "run": "r", "worker": "claimed"}
    return json.dumps({**known, "message": message, **members}).encode()


@table(
    "content, expected",
    {
        "what a worker writes": (
            written(stage="ingest", unit=4, delivery=2, error="Traceback"),
            {"level": "INFO", "stage": "ingest", "unit": 4, "delivery": 2, "error": "Traceback"},
        ),
        "what a program says": (written(stream="stderr"), {"stream": "stderr"}),
        "members of newer writers": (written(colour="red"), {"message": "m"}),
        "text": (b"Killed\r\n", {"message": "Killed", "level": None, "time": None}),
        "JSON of another kind": (b'{"a": 1}', {"message": '{"a": 1}'}),
        "a list": (b"[1]", {"message": "[1]"}),
        "a number": (b"17", {"message": "17"}),
        "a broken line": (written()[:-5], {"level": None}),
        "a level that there is not": (written(level="LOUD"), {"level": None}),
        "a unit that is none": (written(unit="x"), {"unit": None}),
        "a time without a zone": (written(time="2026-11-25T12:00:00"), {"time": None}),
        "bytes that are no text": (b"\xff\xfe", {"message": "\ufffd\ufffd"}),
        "half of a pair": (rb'{"message": "\ud800"}', {"message": r'{"message": "\ud800"}'}),
        "a deep nest": (b"[" * 10_000, {"message": "[" * 10_000}),
        "a very long line": (b"x" * 99_999, {"message": "x" * views.SHOWN}),
    },
)
def test_a_line_as_it_is_shown(content: bytes, expected: dict[str, Any]) -> None:
    shown = views.line("w", content)
    assert shown.worker == "w", "whoever shipped it, whatever it claims"
    assert expected.items() <= shown.model_dump().items()
    LogLine.model_validate_json(shown.model_dump_json())


@table(
    "wanted, fits",
    {
        "nothing asked": ({}, True),
        "its stage": ({"stage": "ingest"}, True),
        "another stage": ({"stage": "generate"}, False),
        "its unit": ({"unit": 4}, True),
        "another unit": ({"unit": 40}, False),
        "its level": ({"level": "WARNING"}, True),
        "a lower level": ({"level": "INFO"}, True),
        "a graver level": ({"level": "ERROR"}, False),
        "a text in any case": ({"contains": "bad ROW"}, True),
        "a text of its error": ({"contains": "traceback"}, True),
        "another text": ({"contains": "good"}, False),
        "one of several is not so": ({"unit": 4, "level": "ERROR"}, False),
    },
)
def test_which_lines_fit(wanted: dict[str, Any], *, fits: bool) -> None:
    line = written("a Bad row", level="WARNING", stage="ingest", unit=4, error="Traceback")
    read = views.reader(LineFilter.model_validate(wanted))
    assert (read("w", line) is not None) is fits


def stretch(worker: str, *seconds: int | None, more: bool = False) -> Stretch[LogLine]:
    times = [None if second is None else at(second) for second in seconds]
    lines = [
        (10 * n, LogLine(message=f"{worker}{n}", worker=worker, time=time))
        for n, time in enumerate(times)
    ]
    end = 10 * len(seconds)
    return Stretch(Log(worker, end, at(30)), lines, end, more)


def at(second: int) -> datetime:
    return NOW.replace(second=second)


@table(
    "stretches, last, expected, more",
    {
        "by time": ([stretch("a", 1, 4), stretch("b", 2, 3)], 9, "a0 b0 b1 a1", False),
        "the last of all": ([stretch("a", 1, 4), stretch("b", 2, 3)], 2, "b1 a1", True),
        "a line without a time stays where it is": (
            [stretch("a", 1, None, 5), stretch("b", 3)], 9, "a0 a1 b0 a2", False),
        "a clock that goes back does not change an order": (
            [stretch("a", 5, 1), stretch("b", 3)], 9, "b0 a0 a1", False),
        "no time at all: when the log was written": (
            [stretch("a", None), stretch("b", 29, 31)], 9, "b0 a0 b1", False),
        "one that was not read to its beginning": ([stretch("a", 1, more=True)], 9, "a0", True),
        "none": ([], 9, "", False),
    },
)  # fmt: skip
def test_logs_are_merged(
    stretches: list[Stretch[LogLine]], last: int, expected: str, *, more: bool
) -> None:
    page = views.tail("r", [each.log for each in stretches], stretches, last)
    assert " ".join(line.message for line in page.lines) == expected
    assert page.more is more


def test_lines_for_which_a_page_has_no_room_come_with_the_next() -> None:
    a, b = stretch("a", 1, 4, 5), stretch("b", 2, 3)
    page = views.news("r", [a.log, b.log], [a, b], 3, {"c": 7})
    assert [line.message for line in page.lines] == ["a0", "b0", "b1"]
    assert page.more
    assert views.places(page.next) == {"a": 10, "b": 20, "c": 7}


def test_places_go_into_an_address_and_come_back() -> None:
    fleet = {f"r261125-120000-abcde-{n:03d}-01": n * 1_003 for n in range(500)}
    text = views.cursor(fleet)
    assert text is not None
    assert views.places(text) == fleet
    assert LineFilter(after=text).after == text
    assert views.cursor({f"{n * 7_919 % 100_003}": n for n in range(9_999)}) is None


@pytest.mark.parametrize("after", ["x", "eJw", "ä", "", views.cursor({"a": 1})[:-6]])  # type: ignore[index]
def test_what_no_page_has_named_is_refused(after: str) -> None:
    with pytest.raises(ValidationError, match="after"):
        LineFilter(after=after)
