"""Text of documents that goes to the server as it is, and the same rows one by one."""

import io
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from support.ingester import document, kept, run, sink_of, streamed
from support.tables import table

from worker_image.contract import Reading
from worker_image.ingester import Loaded
from worker_image.ingester.postgresql.sink import PostgresqlSink
from worker_image.ingester.sink import Batch, CopyText, Dialect, Row, Texts

ITEMS = """
create schema shop;
create table shop.item (
    id bigint primary key, name text, size numeric default 7, data jsonb,
    parent bigint references shop.item
)
"""
SEMICOLONS = Dialect(";", "'", "'", "-")


class Text:
    """Rows as somebody wrote them, and the parts of their text."""

    record_type = "item"

    def __init__(self, text: CopyText, *rows: tuple[str | None, ...]) -> None:
        self._text = text
        self._rows = rows

    def copy_text(
        self, json_columns: Collection[str], text_columns: Collection[str] = ()
    ) -> CopyText:
        assert (json_columns, text_columns) == ({"data"}, {"name"})
        return self._text

    def rows(self) -> list[Row]:
        return [Texts(zip(self._text.columns, row, strict=True)) for row in self._rows]


@pytest.fixture(params=["append", "upsert"])
def sink(database: str, request: pytest.FixtureRequest) -> Iterator[PostgresqlSink]:
    run(database, ITEMS)
    options = {"mode": request.param, "on_bad_row": "reject"}
    with sink_of(database, **options) as sink:
        sink.prepare(())
        yield sink


def items(database: str) -> list[tuple[Any, ...]]:
    return run(database, "select id, name, size::text, data from item order by id")


@table(
    "texts, expected",
    {
        "columns in another order, one missing": (
            [Text(CopyText(("name", "id"), b'a,1\n"",2\n,3\n', Dialect()))],
            [(1, "a", "7", None), (2, "", "7", None), (3, None, "7", None)],
        ),
        "another dialect": (
            [Text(CopyText(("id", "name"), b"1;'it''s;\n'\n2;-\n3;'-'\n", SEMICOLONS))],
            [(1, "it's;\n", "7", None), (2, None, "7", None), (3, "-", "7", None)],
        ),
        "JSON": (
            [Text(CopyText(("id", "data"), b'1,"{""a"": [1]}"\n2,"""x"""\n', Dialect()))],
            [(1, None, "7", {"a": [1]}), (2, None, "7", "x")],
        ),
        "parts that are not whole rows": (
            [
                Text(CopyText(("id", "name"), part, Dialect()))
                for part in (b"1,ab", b"c\n2,", b'"d', b'\n"', b"\n3,e\n")
            ],
            [(1, "abc", "7", None), (2, "d\n", "7", None), (3, "e", "7", None)],
        ),
        "texts of two kinds": (
            [
                Text(CopyText(("id", "name"), b"1,a\n", Dialect())),
                Text(CopyText(("id", "size"), b"2;5\n", SEMICOLONS)),
            ],
            [(1, "a", "7", None), (2, None, "5", None)],
        ),
    },
)
def test_text_goes_as_it_is(
    sink: PostgresqlSink, database: str, texts: list[Batch], expected: list[tuple[Any, ...]]
) -> None:
    loaded = sink.load(streamed(lambda: iter(texts)))
    assert loaded == Loaded({"item": len(expected)})
    assert items(database) == expected


def test_bad_rows_are_found_in_it(sink: PostgresqlSink, database: str) -> None:
    text = CopyText(("id", "data"), b'1,"{""a"": 1}"\n2,{\n', Dialect())
    rejected, keep = kept()
    batch = Text(text, ("1", '{"a": 1}'), ("2", "{"))
    loaded = sink.load(streamed(lambda: iter([batch]), keep_rejected=keep))
    assert loaded == Loaded({"item": 1}, 1)
    assert [(each.column, each.value) for each in rejected] == [("data", "{")]
    assert items(database) == [(1, None, "7", {"a": 1})]


def test_columns_that_are_not_there(sink: PostgresqlSink, database: str) -> None:
    batch = Text(CopyText(("id", "more"), b"1,x\n", Dialect()), ("1", "x"))
    ignore = Reading(unknown_columns="ignore")
    sink.load(streamed(lambda: iter([batch]), reading=ignore))
    assert items(database) == [(1, None, "7", None)]


def as_parquet(*columns: tuple[str, list[Any]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.table(dict(columns)), out)
    return out.getvalue()


@table(
    "name, content",
    {
        "CSV as it is": ("item/1.csv", b'id,data\n1,"{""a"":[1.50]}"\n2,"""b"""\n'),
        "CSV as values": ("item/1.csv", b'id,data\n\n1,"{""a"":[1.50]}"\n2,"""b"""\n'),
        "Parquet as text": (
            "item/1.parquet",
            as_parquet(("id", [1, 2]), ("data", ['{"a":[1.50]}', '"b"'])),
        ),
        "Parquet as values": (
            "item/1.parquet",
            as_parquet(
                ("id", [1, 2]),
                ("name", pa.array([None, None], pa.binary())),
                ("data", ['{"a":[1.50]}', '"b"']),
            ),
        ),
    },
)
def test_a_text_of_csv_and_parquet_is_json_where_the_column_is(
    sink: PostgresqlSink, database: str, name: str, content: bytes
) -> None:
    assert sink.load(document(content, name=name)) == Loaded({"item": 2})
    assert run(database, "select data::text from item order by id") == [
        ('{"a": [1.50]}',),
        ('"b"',),
    ]


NAMES = """
create schema shop;
create domain shop.label as varchar(40);
create table shop.item (id int, name text, label shop.label, beside bytea)
"""
MOMENT = datetime(2024, 2, 29, 1, 2, 3)  # noqa: DTZ001 - a column without a zone


@pytest.mark.parametrize("beside", [None, b"x"], ids=["alone", "beside bytes"])
@table(
    "column, expected",
    {
        "doubles": (
            [1.0, 2.5, 1e15, 1e22, float("nan"), float("-inf")],
            ["1", "2.5", "1000000000000000", "1e+22", "NaN", "-Infinity"],
        ),
        "moments": ([MOMENT], ["2024-02-29T01:02:03"]),
        "moments with a zone": (
            [MOMENT.replace(tzinfo=UTC), None],
            ["2024-02-29T01:02:03+00:00", None],
        ),
        "times": ([MOMENT.time(), time(0, 0, 0, 5)], ["01:02:03", "00:00:00.000005"]),
        "days": ([MOMENT.date()], ["2024-02-29"]),
        "decimals": ([Decimal("1.50")], ["1.50"]),
    },
)
def test_what_is_no_text_has_one_spelling_in_text_columns(
    database: str, column: list[Any], expected: list[str | None], beside: bytes | None
) -> None:
    run(database, NAMES)
    columns = {"id": [*range(len(column))], "name": column, "label": column}
    more = {"beside": [beside] * len(column)} if beside else {}
    with sink_of(database) as sink:
        sink.prepare(())
        sink.load(document(as_parquet(*columns.items(), *more.items()), name="item/1.parquet"))
    found = run(database, "select name, label from item order by id")
    assert found == [(each, each) for each in expected]


DOUBLES = """
create schema shop;
create table shop.item (
    id int, v bigint, d double precision, n numeric, day date, beside bytea
)
"""
EXACT = [-0.0, 0.5, 1.0, 1e10, 2.0**53 - 1, 2.0**70, 1e300]


@table(
    "members, whole, reason",
    {
        "as text": ({}, [0.0, None, -7.0, 3e9], ""),
        "larger ones": ({}, [1e10, None, -(2.0**53) + 1], ""),
        "a bad row among them": ({"day": [None, "soon", None]}, [1.0, 2.0, -0.0], "soon"),
        "one that is not whole": ({}, [1.0, 2.5, -3.0], "2.5"),
        "one that is no number": ({}, [1.0, float("nan"), -3.0], "NaN"),
        "beside bytes": ({"beside": [b"x", None]}, [1.0, -0.0], ""),
    },
)
def test_whole_doubles_are_whole_numbers(
    database: str, members: dict[str, list[Any]], whole: list[float | None], reason: str
) -> None:
    run(database, DOUBLES)
    content = as_parquet(("id", [*range(len(whole))]), ("v", whole), *members.items())
    rejected, keep = kept()
    with sink_of(database, on_bad_row="reject") as sink:
        sink.prepare(())
        sink.load(document(content, name="item/1.parquet", keep_rejected=keep))
    assert [each.row.number for each in rejected] == [2] * bool(reason)
    assert all(reason in each.reason for each in rejected)
    good = [row for row in enumerate(whole) if not reason or row[0] != 1]
    assert run(database, "select id, v from item order by id") == good


@pytest.mark.parametrize("beside", [None, b"x"], ids=["as text", "as values"])
def test_doubles_are_exact(database: str, beside: bytes | None) -> None:
    run(database, DOUBLES)
    columns = {"id": [*range(len(EXACT))], "d": EXACT, "n": EXACT}
    more = {"beside": [beside] * len(EXACT)} if beside else {}
    with sink_of(database) as sink:
        sink.prepare(())
        sink.load(document(as_parquet(*columns.items(), *more.items()), name="item/1.parquet"))
    found = run(database, "select d, n, n::text from item order by id")
    assert [repr(d) for d, _, _ in found] == list(map(repr, EXACT))
    assert [n for _, n, _ in found] == [Decimal(repr(each)) for each in EXACT]
    assert [text for _, _, text in found][:4] == ["0", "0.5", "1", "10000000000"]
