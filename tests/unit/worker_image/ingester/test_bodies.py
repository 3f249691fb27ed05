"""Rows as JSON, and how they are cut into bodies."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from support.ingester import document
from support.tables import table

from worker_image.errors import PermanentError
from worker_image.ingester import Document
from worker_image.ingester.bodies import LARGEST, Body, bodies, json_text
from worker_image.ingester.reading.rows import Rows


def of_rows(*rows: dict[str, Any]) -> Document:
    return Document(
        "in/d", "1", batches=lambda: iter([Rows("thing", [*rows])]), rows=lambda: iter([])
    )


def cut(found: Document, most_rows: int = 500) -> dict[tuple[str, int], list[bytes]]:
    return {(body.record_type, body.number): body.lines for body in bodies(found, most_rows)}


@table(
    "value, text",
    {
        "a decimal keeps its digits": (Decimal("0.10000000000000000000000000001"),) * 2,
        "a decimal may have an exponent": (Decimal("1E+400"),) * 2,
        "a number that was read as text stays that text": (orjson.Fragment("1.10"), "1.10"),
        "a float": (1.5, "1.5"),
        "a time with its zone": (
            datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
            '"2026-01-02T03:04:05.000006+00:00"',
        ),
        "a time without zone": (datetime(2026, 1, 2), '"2026-01-02T00:00:00"'),  # noqa: DTZ001 - the case
        "a day": (date(2026, 1, 2), '"2026-01-02"'),
        "a time of day": (time(3, 4), '"03:04:00"'),
        "a duration": (timedelta(days=1, microseconds=1), '"PT86400.000001S"'),
        "a duration backwards": (timedelta(seconds=-90), '"PT-90.000000S"'),
        "bytes": (b"\0\xff", '"AP8="'),
        "a UUID": (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        "nested, with nothing in it": (
            {"a": [None, "null", Decimal("1.0")]},
            '{"a":[null,"null",1.0]}',
        ),
    },
)
def test_a_value_is_json(value: Any, text: Any) -> None:
    assert json_text(value).decode() == str(text)


@table(
    "value, reason",
    {
        "not a number": (float("nan"), "NaN and infinity are no JSON"),
        "infinity in a list": ([None, float("-inf")], "NaN and infinity are no JSON"),
        "a decimal that is none": ({"a": Decimal("sNaN")}, "NaN and infinity are no JSON"),
        "half a character": ("\ud800", "surrogates"),
        "what no row has": (object(), "not JSON serializable"),
    },
)
def test_a_value_that_json_has_not_is_named_by_its_place(value: Any, reason: str) -> None:
    place = f"in/d: row 2 of thing, column b: .*{reason}"
    with pytest.raises(PermanentError, match=place):
        cut(of_rows({"a": 1, "b": None}, {"a": 1, "b": value}))


def test_bodies_are_the_same_however_the_document_arrives() -> None:
    records = [{"type": "ab"[(i % 7) % 2], "id": i, "note": "x" * (i % 90)} for i in range(5_000)]
    whole, pieces = document(*records), document(*records, piece=999)
    assert [len(each.rows()) for each in whole.batches()] != [
        len(each.rows()) for each in pieces.batches()
    ]
    assert cut(whole) == cut(pieces)
    rows = {
        kind: [
            orjson.dumps(record | {}) for record in map(dict, records) if record.pop("type") == kind
        ]
        for kind in "ab"
    }
    for kind in "ab":
        lines = [line for (of, _), each in cut(whole).items() if of == kind for line in each]
        assert lines == rows[kind]


@table(
    "lengths, most_rows, expected",
    {
        "as many rows as asked for": ([9] * 7, 3, [3, 3, 1]),
        "no empty body at the end": ([9] * 6, 3, [3, 3]),
        "no more bytes than fit": ([LARGEST // 2 - 100] * 3, 3, [2, 1]),
        "a large row goes alone": ([LARGEST, 9, LARGEST, 9, 9], 3, [1, 1, 1, 2]),
        "no rows": ([], 3, []),
    },
)
def test_bodies_are_bounded(lengths: list[int], most_rows: int, expected: list[int]) -> None:
    found = list(bodies(of_rows(*({"text": "x" * length} for length in lengths)), most_rows))
    assert [len(body.lines) for body in found] == expected
    assert [body.number for body in found] == list(range(1, len(expected) + 1))
    assert [(body.first, body.last) for body in found] == [
        (sum(expected[:i]) + 1, sum(expected[: i + 1])) for i in range(len(expected))
    ]
    assert all(len(body.ndjson()) <= LARGEST for body in found if len(body.lines) > 1)


def test_a_body_is_lines_or_an_array() -> None:
    body = Body("thing", lines=[b'{"a":1}', b'{"a":2}'])
    assert body.ndjson() == b'{"a":1}\n{"a":2}\n'
    assert body.json() == b'[{"a":1},{"a":2}]'
