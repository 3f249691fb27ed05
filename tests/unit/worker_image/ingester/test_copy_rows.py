from typing import Any

import orjson
import pytest

from worker_image.ingester.postgresql.catalogue import TargetColumn, TargetTable
from worker_image.ingester.postgresql.copy_rows import RowError, copy_lines, copy_statement

TABLE = TargetTable(
    "t",
    (
        TargetColumn("id", json=False, has_default=True),
        TargetColumn("text", json=False, has_default=False),
        TargetColumn("more", json=False, has_default=False),
    ),
    (),
)
WITH_JSON = TargetTable(
    "t",
    (
        TargetColumn("text", json=False, has_default=False),
        TargetColumn("data", json=True, has_default=False),
    ),
    (),
)


def lines(table: TargetTable, *rows: dict[str, Any]) -> dict[tuple[str, ...], bytes]:
    return dict(copy_lines(table, list(rows)))


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
def test_an_unknown_column_is_refused(row: dict[str, Any], before: int) -> None:
    rows = [{"id": 1, "text": "a", "more": "b"}] * before + [row]
    with pytest.raises(RowError, match="table t: no column 'mor'"):
        lines(TABLE, *rows)


def test_an_unknown_column_beside_a_missing_one_is_refused() -> None:
    with pytest.raises(RowError, match="no column 'x'"):
        lines(TABLE, {"id": 1, "text": "a", "more": "b", "x": 1}, {"id": 1, "text": "a"})


def test_a_row_without_columns_is_refused() -> None:
    table = TargetTable("t", TABLE.columns[:1], ())
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


def test_what_cannot_be_encoded_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]
    with pytest.raises(RowError, match=r"table t: .*ecursion"):
        lines(WITH_JSON, {"text": "x", "data": deep})


def test_names_are_quoted() -> None:
    statement = copy_statement('s"', 't"; drop table x --', ('c"', "select"))
    assert statement.as_string(None) == (
        'copy "s"""."t""; drop table x --" ("c""", "select")'
        " from stdin with (format csv, null 'null', escape '\\')"
    )
