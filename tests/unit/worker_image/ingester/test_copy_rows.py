from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from psycopg import sql
from support.tables import table

from worker_image.ingester.postgresql.catalogue import TargetColumn, TargetTable
from worker_image.ingester.postgresql.copy_rows import Fit, RowError, copy_statement
from worker_image.ingester.reading.rows import Rows
from worker_image.ingester.sink import CopyText, Dialect


def column(name: str, *, json: bool = False, has_default: bool = False) -> TargetColumn:
    return TargetColumn(name, json=json, has_default=has_default)


TABLE = TargetTable("t", (column("id", has_default=True), column("text"), column("more")))
STRICT = Fit()
WITH_JSON = TargetTable("t", (column("text"), column("data", json=True)))


def lines(table: TargetTable, *rows: dict[str, Any], fit: Fit = STRICT) -> dict[Any, bytes]:
    return {text.columns: text.text for text in fit.texts(table, Rows("t", list(rows)))}


def test_rows_alike_become_lines_of_all_columns() -> None:
    first = {"id": 1, "more": None, "text": "a"}
    second = {"text": "", "id": 2, "more": "null"}
    expected = {("id", "text", "more"): b'1,"a",null\n2,"","null"\n'}
    assert lines(TABLE, first, second) == expected


def test_what_is_missing_is_null_or_left_to_its_default() -> None:
    rows: list[dict[str, Any]] = [
        {"id": 1},
        {"text": "b"},
        {"id": None, "more": True},
        {"more": 1.5},
    ]
    assert lines(TABLE, *rows) == {
        ("id", "text", "more"): b"1,null,null\nnull,null,true\n",
        ("text", "more"): b'"b",null\nnull,1.5\n',
    }


@pytest.mark.parametrize(
    "row",
    [{"id": 1, "text": "a", "mor": "b"}, {"id": 1, "text": "a", "more": "b", "mor": "c"}],
)
@pytest.mark.parametrize("before", [0, 2])
def test_an_unknown_column_is_refused_or_left_out(row: dict[str, Any], before: int) -> None:
    rows = [{"id": 1, "text": "a", "more": "b"}] * before + [row]
    with pytest.raises(RowError, match="there is no column 'mor'"):
        lines(TABLE, *rows)
    last = b'1,"a","b"\n' if "more" in row else b'1,"a",null\n'
    expected = {("id", "text", "more"): b'1,"a","b"\n' * before + last}
    assert lines(TABLE, *rows, fit=Fit(ignore=True)) == expected


def test_an_unknown_column_beside_a_missing_one_is_refused() -> None:
    with pytest.raises(RowError, match="no column 'x'"):
        lines(TABLE, {"id": 1, "text": "a", "more": "b", "x": 1}, {"id": 1, "text": "a"})


def test_only_what_is_named_is_written_where_the_rest_is_to_stay() -> None:
    rows: list[dict[str, Any]] = [
        {"id": 1, "text": "a"},
        {"text": "b", "id": 2},
        {"id": 3, "more": None},
    ]
    assert lines(TABLE, *rows, fit=Fit(named=True)) == {
        ("id", "text"): b'1,"a"\n2,"b"\n',
        ("id", "more"): b"3,null\n",
    }


def test_a_row_without_columns_is_refused() -> None:
    table = TargetTable("t", TABLE.columns[:1])
    with pytest.raises(RowError, match="without columns"):
        lines(table, {})


def test_control_characters_stand_for_themselves_and_backslashes_stay_escaped() -> None:
    row = {"id": 1, "text": 'tab\tline\nbell\x07 "quoted" back\\slash \\n', "more": "\\"}
    expected = b'1,"tab\tline\nbell\x07 \\"quoted\\" back\\\\slash \\\\n","\\\\"\n'
    assert lines(TABLE, row) == {("id", "text", "more"): expected}


def test_brackets_in_strings_do_not_end_rows() -> None:
    row = {"id": 1, "text": "a],[b", "more": "{"}
    assert lines(TABLE, row, row) == {("id", "text", "more"): b'1,"a],[b","{"\n' * 2}


def test_nested_values_become_json_in_every_column() -> None:
    row = {"id": 1, "text": ["a"], "more": {"b": ["\n"]}}
    expected = b'1,"[\\"a\\"]","{\\"b\\":[\\"\\\\n\\"]}"\n'
    assert lines(TABLE, row) == {("id", "text", "more"): expected}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", b'"\\"a\\""'),
        (1, b"1"),
        (None, b"null"),
        (True, b"true"),
        ({}, b'"{}"'),
        (orjson.Fragment("1.50"), b"1.50"),
        ([orjson.Fragment("1e400")], b'"[1e400]"'),
    ],
)
def test_json_columns_get_json(value: Any, expected: bytes) -> None:
    row = {"text": "x", "data": value}
    assert lines(WITH_JSON, row) == {("text", "data"): b'"x",' + expected + b"\n"}


ZONED = datetime(2024, 2, 29, 12, 0, 0, 5, timezone(timedelta(hours=2)))


@table(
    "value, in_text, in_json",
    {
        "a decimal": (Decimal("1.10"), b"1.10", b"1.10"),
        "a large decimal": (Decimal("1E+400"), b"1E+400", b"1E+400"),
        "a decimal that is no number": (Decimal("NaN"), b'"NaN"', b'"\\"NaN\\""'),
        "no number": (float("nan"), b'"NaN"', b'"\\"NaN\\""'),
        "infinity": (float("-inf"), b'"-Infinity"', b'"\\"-Infinity\\""'),
        "bytes": (b"\x00\xff", rb'"\\x00ff"', rb'"\"\\\\x00ff\""'),
        "a date": (date(2024, 2, 29), b'"2024-02-29"', b'"\\"2024-02-29\\""'),
        "a moment": (ZONED, b'"2024-02-29T12:00:00.000005+02:00"', None),
        "a moment without zone": (datetime(2024, 2, 29), b'"2024-02-29T00:00:00"', None),  # noqa: DTZ001
        "a time": (time(1, 2, 3, 4), b'"01:02:03.000004"', None),
        "an interval": (timedelta(-1, 2, 3), b'"-1 days +2 seconds +3 microseconds"', None),
        "a UUID": (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"', None),
    },
)
def test_every_value_has_its_text(value: Any, in_text: bytes, in_json: bytes | None) -> None:
    row = {"id": 1, "text": value, "more": None}
    assert lines(TABLE, row) == {("id", "text", "more"): b"1," + in_text + b",null\n"}
    if in_json:
        found = lines(WITH_JSON, {"text": "x", "data": value})
        assert found == {("text", "data"): b'"x",' + in_json + b"\n"}


def test_a_float_that_is_no_number_is_found_behind_others() -> None:
    values = [None, 1.5, float("inf"), None]
    rows = [{"id": 1, "text": "null", "more": value} for value in values]
    expected = b"".join(
        b'1,"null",%b\n' % text for text in (b"null", b"1.5", b'"Infinity"', b"null")
    )
    assert lines(TABLE, *rows) == {("id", "text", "more"): expected}


def test_nested_values_keep_what_json_does_not_know() -> None:
    value = {
        "a": [Decimal("0.10"), b"\x01", float("nan"), None],
        5: datetime(2024, 1, 1, tzinfo=UTC),
    }
    expected = '{"a":[0.10,"\\\\x01","NaN",null],"5":"2024-01-01T00:00:00+00:00"}'
    ((columns, found),) = lines(WITH_JSON, {"text": None, "data": value}).items()
    assert columns == ("text", "data")
    assert found == b"null," + orjson.dumps(expected) + b"\n"


def test_what_cannot_be_encoded_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]
    with pytest.raises(RowError, match="ecursion"):
        lines(WITH_JSON, {"text": "x", "data": deep})


class Text:
    """A batch that is text already."""

    record_type = "t"

    def __init__(self, *columns: str) -> None:
        self.text = CopyText(columns, b"1;2\n", Dialect(delimiter=";"))

    def rows(self) -> list[dict[str, Any]]:
        return [dict(zip(self.text.columns, ("1", "2"), strict=True))]

    def copy_text(
        self, json_columns: Collection[str], text_columns: Collection[str] = ()
    ) -> CopyText | None:
        return None if {*json_columns, *text_columns} else self.text


def test_text_passes_as_it_is_if_its_columns_are_there() -> None:
    assert [*Fit().texts(TABLE, Text("more", "id"))] == [Text("more", "id").text]
    with pytest.raises(RowError, match="no column 'x'"):
        Fit().texts(TABLE, Text("more", "x"))
    left = {text.columns: text.text for text in Fit(ignore=True).texts(TABLE, Text("more", "x"))}
    assert left == {("text", "more"): b'null,"1"\n'}


def test_names_and_dialects_are_quoted() -> None:
    into = sql.Identifier('s"', 't"; drop table x --')
    dialect = Dialect("'", escape="\\", null="')--")
    assert copy_statement(into, ('c"', "select"), dialect).as_string(None) == (
        'copy "s"""."t""; drop table x --" ("c""", "select") from stdin'
        " with (format csv, delimiter '''', quote '\"', escape  E'\\\\', null ''')--')"
    )
