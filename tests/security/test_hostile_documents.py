"""Documents that are made to harm: read or refused, in bounded memory, by linear work."""

from collections.abc import Callable
from typing import Any

import pytest
from support import hostile
from support.bounded import Outcome, bounded
from support.hostile import Whole
from support.tables import table

OVER = "PermanentError: t/d.x: a line is over 33554432 bytes"
NDJSON, CSV = {"format": "ndjson"}, {"format": "csv"}
NAN = Whole(b'{"type":"a","x":NaN}\n{"type":"a","x":-Infinity}\n{"type":"a","x":1e400}\n')
UTF_8 = Whole(b'{"type":"a","x":"\xff\xfe"}\n')
SURROGATE = Whole(b'{"type":"a","x":"\\ud800"}\n')


def check(outcome: Outcome, expected: int | str, seconds: float, megabytes: float) -> None:
    if isinstance(expected, str):
        assert outcome.error.startswith(expected), outcome
    else:
        assert (outcome.error, outcome.value) == ("", expected)
    assert outcome.seconds < seconds, outcome
    assert outcome.megabytes < megabytes, outcome


# What it comes to as a whole, and row by row; the megabytes are for either.
DOCUMENTS: dict[str, Any] = {
    "a gigabyte in one of gzip": (hostile.gzip_bomb, NDJSON, OVER, OVER, 100),
    "many lines in little gzip": (hostile.gzip_lines, NDJSON, 200_000, 200_000, 150),
    "sixteen gigabytes of zstd": (hostile.zstd_bomb, NDJSON, OVER, OVER, 250),
    "a window of gigabytes": (
        *(hostile.zstd_window, NDJSON),
        *["PermanentError: t/d.x: damaged: zstd decompressor error: Frame requires too"] * 2,
        50,
    ),
    "parts without content": (hostile.gzip_members, NDJSON, 0, 0, 50),
    "a line without end": (hostile.zeros, NDJSON, OVER, OVER, 100),
    "a record without end": (
        *(hostile.zeros, CSV),
        *["PermanentError: t/d.x, line 1: a record is over 33554432 bytes"] * 2,
        150,
    ),
    "a quote without end": (
        *(hostile.endless_quote, CSV),
        *["PermanentError: t/d.x, line 2: a record is over 33554432 bytes"] * 2,
        200,
    ),
    "an odd number of quotes": (
        hostile.quotes,
        CSV,
        "PermanentError: t/d.x, line 2: a quote",
        1,
        150,
    ),
    "fields quoted in part": (
        hostile.mixed_quotes,
        CSV,
        "PermanentError: t/d.x, line 2: 1 fields",
        1,
        150,
    ),
    "escapes without end": (
        *(hostile.escapes, {**CSV, "escape": "\\"}),
        *("PermanentError: t/d.x, line 2: a quote", 1),
        100,
    ),
    "nothing but line ends": (hostile.blank_lines, NDJSON, 0, 0, 50),
    "the same as CSV": (hostile.blank_lines, CSV, 0, 0, 50),
    "the same as anything": (hostile.blank_lines, {}, 0, 0, 50),
    "a million columns": (hostile.many_columns, CSV, 1, 1, 400),
    "a million members": (hostile.many_members, NDJSON, 1, 1, 600),
    "a million brackets": (hostile.deep_json, NDJSON, "PermanentError: t/d.x, line 1: ", 1, 50),
    "objects in objects": (hostile.deep_objects, NDJSON, "PermanentError: t/d.x, line 1: ", 1, 100),
    "a number of a million digits": (hostile.long_number, NDJSON, 1, 1, 50),
    "numbers that are none": (NAN, NDJSON, "PermanentError: t/d.x, line 1: ", 3, 50),
    "no UTF-8": (UTF_8, NDJSON, "PermanentError: t/d.x, line 1: ", 1, 50),
    "half a character": (SURROGATE, NDJSON, "PermanentError: t/d.x, line 1: ", 1, 50),
}


@table("document, how, whole, by_row, megabytes", DOCUMENTS)
def test_a_hostile_document_harms_nobody(
    document: Any, how: dict[str, Any], whole: int | str, by_row: int | str, megabytes: float
) -> None:
    check(bounded(hostile.count_rows, document, "t/d.x", how), whole, 20, megabytes)
    check(bounded(hostile.count_one_by_one, document, "t/d.x", how), by_row, 20, megabytes)


PARQUET: dict[str, tuple[Callable[[], bytes], int | str, float]] = {
    "a long text that is stored once for many rows": (hostile.parquet_repeated, 2_000, 600),
    "a text that takes no room": (
        hostile.parquet_zeros,
        "PermanentError: t/d.parquet: a row is over 33554432 bytes",
        300,
    ),
    "rows that take no room": (hostile.parquet_rows, 2_000_000, 100),
    "ten thousand columns": (hostile.parquet_columns, 1, 300),
    "lists in lists": (
        hostile.parquet_deep,
        "PermanentError: t/d.parquet: damaged: Parquet sch",
        50,
    ),
    "a list of ten million": (
        hostile.parquet_long_list,
        "PermanentError: t/d.parquet: a row is over 33554432 bytes",
        300,
    ),
    "an end that lies": (hostile.parquet_footer, "PermanentError: t/d.parquet: damaged: Parqu", 50),
}


@table("build, expected, megabytes", PARQUET)
def test_a_hostile_parquet_document_harms_nobody(
    build: Callable[[], bytes], expected: int | str, megabytes: float
) -> None:
    document = Whole(bounded(build).value)
    assert len(document.content) < 4_000_000
    for read in (hostile.count_rows, hostile.count_one_by_one):
        check(bounded(read, document, "t/d.parquet", {}), expected, 20, megabytes)


def test_what_harms_is_seen() -> None:
    """The measure itself: memory and time that are taken are told."""
    outcome = bounded(hostile.waste, 200)
    assert outcome.megabytes > 150
    with pytest.raises(AssertionError, match="the process ended with code -9"):
        bounded(hostile.die)
