"""Rows appended, put in the place of others, or of all that was there."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import orjson
import pytest
from support import retail
from support.ingester import count, document, run, sink_of, streamed
from support.tables import table

from worker_image.contract import Reading
from worker_image.errors import PermanentError
from worker_image.ingester import Loaded
from worker_image.ingester.postgresql.sink import PostgresqlSink
from worker_image.ingester.reading.rows import Rows
from worker_image.ingester.sink import Batch
from worker_image.tables import Column, ColumnType, Reference, Table

SHOP = (
    Table("town", (Column("id", ColumnType.INTEGER, key=True), Column("name", ColumnType.TEXT))),
    Table(
        "shop",
        (
            Column("town", ColumnType.INTEGER, key=True, references=Reference("town", "id")),
            Column("number", ColumnType.INTEGER, key=True),
            Column("code", ColumnType.TEXT, nullable=True, unique=True),
            Column("size", ColumnType.DECIMAL, nullable=True),
        ),
    ),
)
TOWN = {"type": "town", "id": 1, "name": "Oslo"}
SHOP_1 = {"type": "shop", "town": 1, "number": 1, "code": "a", "size": 1.5}

Open = Callable[..., PostgresqlSink]


@pytest.fixture
def opened(database: str) -> Iterator[Open]:
    """Opens sinks with members of their own, prepared for the shops."""
    with ExitStack() as stack:

        def open_(**members: Any) -> PostgresqlSink:
            sink = stack.enter_context(sink_of(database, **members))
            sink.prepare(SHOP)
            return sink

        yield open_


def shops(database: str) -> list[tuple[Any, ...]]:
    return run(database, "select town, number, code, size::text from shop order by 1, 2")


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(PermanentError, match=r"sink\.mode: 'merge' is none of append, replace, up"):
        sink_of("", mode="merge")


def test_a_document_is_loaded_again_by_another_run_if_told_to(opened: Open, database: str) -> None:
    usual, repeating = opened(), opened(repeat=True)
    for sink, of_run, repeated in (
        (usual, "run-1", False),
        (usual, "run-2", True),
        (repeating, "run-3", False),
        (repeating, "run-3", True),
    ):
        record = {"type": "town", "id": int(of_run[-1]), "name": "Oslo"}
        loaded = sink.load(document(record, run=of_run))
        assert loaded == Loaded({"town": 1}, repeated=repeated)
    assert run(database, "select id from town order by 1") == [(1,), (3,)]


def test_a_document_is_loaded_into_two_tables(opened: Open, database: str) -> None:
    sink = opened()
    run(database, "create table village (like town)")
    for name in ("town", "village"):
        record = {"id": 1, "name": "Oslo"}
        sink.load(document(record, reading=Reading(record_type=name)))
    assert count(database, "town") == count(database, "village") == 1


def test_columns_that_are_not_there_are_left_out_if_told_to(opened: Open, database: str) -> None:
    sink = opened()
    rows = [TOWN | {"more": 1}, TOWN | {"id": 2}, TOWN | {"id": 3, "other": None}]
    sink.load(document(*rows, reading=Reading(unknown_columns="ignore")))
    assert run(database, "select id, name from town order by 1") == [(n, "Oslo") for n in (1, 2, 3)]


def test_a_run_replaces_what_was_there_once(opened: Open, database: str) -> None:
    opened().load(document(TOWN, SHOP_1))
    first, second = opened(mode="replace"), opened(mode="replace")
    for number, sink in enumerate((first, second, first), 1):
        record = TOWN | {"id": 10 + number}
        sink.load(document(record, name=f"{number}.ndjson", run="run-2"))
    # A unit that comes again, to a worker that has just started, removes nothing.
    again = opened(mode="replace").load(document(name="1.ndjson", run="run-2"))
    assert again == Loaded({"town": 1}, repeated=True)
    assert run(database, "select id from town order by 1") == [(11,), (12,), (13,)]
    assert count(database, "shop") == 0
    first.load(document(TOWN, name="1.ndjson", run="run-3"))
    assert run(database, "select id from town") == [(1,)]


def test_what_has_been_replaced_may_be_loaded_again(opened: Open, database: str) -> None:
    sink, replacing = opened(), sink_of(database, mode="replace")
    run(database, "create table village (like town)")
    village = document(TOWN | {"type": "village"}, name="village.ndjson")
    for each in (village, document(TOWN)):
        sink.load(each)
    with replacing:
        replacing.prepare(SHOP)
        replacing.load(document(name="new.ndjson", run="run-2"))
    assert sink.load(document(TOWN)) == Loaded({"town": 1})
    assert sink.load(village) == Loaded({"village": 1}, repeated=True)


def test_many_workers_replace_at_the_same_time(opened: Open, database: str) -> None:
    opened().load(document(TOWN))
    sinks = [opened(mode="replace") for _ in range(6)]

    def load(number: int) -> None:
        record = TOWN | {"id": 10 + number}
        sinks[number].load(document(record, name=f"{number}.ndjson", run="run-2"))

    with ThreadPoolExecutor(len(sinks)) as pool:
        list(pool.map(load, range(len(sinks))))
    assert run(database, "select id from town order by 1") == [(10 + n,) for n in range(6)]


def test_without_a_dataset_the_table_of_the_request_is_replaced(
    opened: Open, database: str
) -> None:
    opened().load(document(TOWN, SHOP_1))
    with sink_of(database, mode="replace") as sink:
        sink.prepare(())
        reading = Reading(record_type="shop")
        row = {"town": 1, "number": 9}
        sink.load(document(row, reading=reading, run="run-2", name="shops.ndjson"))
        assert shops(database) == [(1, 9, None, None)]
        assert count(database, "town") == 1
        reading = Reading(record_type="town")
        with pytest.raises(PermanentError, match=r"t\.ndjson: cannot truncate a table referenced"):
            sink.load(document({"id": 1}, reading=reading, run="run-3", name="t.ndjson"))


@table(
    "rows, expected",
    {
        "a new row": (
            [SHOP_1 | {"number": 2, "code": "b"}],
            [(1, 1, "a", "1.5"), (1, 2, "b", "1.5")],
        ),
        "a row that is there": ([SHOP_1 | {"code": "c", "size": 2}], [(1, 1, "c", "2")]),
        "what is not named stays": (
            [{"type": "shop", "town": 1, "number": 1, "size": 7}],
            [(1, 1, "a", "7")],
        ),
        "nothing but the key": ([{"type": "shop", "town": 1, "number": 1}], [(1, 1, "a", "1.5")]),
        "the last of the same key": (
            [SHOP_1 | {"size": size} for size in (5, 3, 4)],
            [(1, 1, "a", "4")],
        ),
        "no value": ([SHOP_1 | {"size": None}], [(1, 1, "a", None)]),
        "rows of other columns": (
            [
                {"type": "shop", "town": 1, "number": 1, "size": 7},
                {"type": "shop", "town": 1, "number": 1, "code": "z"},
                {"type": "shop", "town": 1, "number": 3},
            ],
            [(1, 1, "z", "7"), (1, 3, None, None)],
        ),
        "rows of other columns by turns": (
            [
                {"type": "shop", "town": 1, "number": 1, "size": 7, "code": "x"},
                {"type": "shop", "town": 1, "number": 1, "size": 8},
                {"type": "shop", "town": 1, "number": 1, "code": "y", "size": 9},
            ],
            [(1, 1, "y", "8")],
        ),
        "a child before its parent": (
            [SHOP_1 | {"town": 2, "code": "b"}, TOWN | {"id": 2}],
            [(1, 1, "a", "1.5"), (2, 1, "b", "1.5")],
        ),
    },
)
def test_rows_take_the_place_of_those_with_their_key(
    opened: Open, database: str, rows: list[dict[str, Any]], expected: list[tuple[Any, ...]]
) -> None:
    opened().load(document(TOWN, SHOP_1))
    loaded = opened(mode="upsert").load(document(*rows, etag="2"))
    assert sum(loaded.rows.values()) == len(rows)
    assert shops(database) == expected


FILLER = "x" * 200


def as_csv(*rows: list[Any]) -> bytes:
    return b"\n".join(",".join(map(str, row)).encode() for row in rows)


def as_ndjson(*rows: list[Any]) -> bytes:
    return b"\n".join(orjson.dumps(dict(zip(("name", "id"), row, strict=True))) for row in rows)


OTHERS = [[[FILLER, number] for number in range(start, start + 1000)] for start in (10, 2000, 4000)]


@table(
    "name, content",
    {
        "NDJSON, with an escape in one chunk": (
            "town/1.ndjson",
            as_ndjson(*OTHERS[0], ['the "old"', 1], *OTHERS[1], ["new", 1], *OTHERS[2]),
        ),
        "CSV, with a blank line in one chunk": (
            "town/1.csv",
            as_csv(
                ["name", "id"], *OTHERS[0], ["old", 1], [], *OTHERS[1], ["new", 1], *OTHERS[2]
            ),
        ),
    },
)  # fmt: skip
def test_the_last_row_counts_however_its_chunk_is_read(
    opened: Open, database: str, name: str, content: bytes
) -> None:
    towns = document(content, name=name, piece=65536, reading=Reading(record_type="town"))
    texts = [batch.copy_text(()) for batch in towns.batches()]
    assert {text and text.columns for text in texts} == {("name", "id"), None}
    assert opened(mode="upsert").load(towns) == Loaded({"town": 3002})
    assert run(database, "select name from town where id = 1") == [("new",)]


def test_another_key_than_the_primary_one(opened: Open, database: str) -> None:
    sink = opened(mode="upsert", key=["code"])
    run(database, "insert into town values (1, 'Oslo')")
    rows = [SHOP_1, SHOP_1 | {"size": 3}, SHOP_1 | {"code": None, "number": 2}]
    sink.load(document(*rows, SHOP_1 | {"code": None, "number": 3}))
    assert shops(database) == [(1, 1, "a", "3"), (1, 2, None, "1.5"), (1, 3, None, "1.5")]


def test_related_documents_again_change_nothing(opened: Open, database: str) -> None:
    with sink_of(database, mode="upsert") as sink:
        sink.prepare(retail.tables())
        for etag in ("1", "2"):
            loaded = sink.load(document(retail.document(1), etag=etag))
            assert loaded.rows["order"] == retail.ORDERS
    assert count(database, "order") == retail.ORDERS


@table(
    "members, record, told",
    {
        "no such key": ({"key": ["size"]}, SHOP_1, "table shop: an upsert by size needs"),
        "no key at all": ({}, {"type": "bare", "id": 1}, "table bare: an upsert needs a key"),
        "a row without it": (
            {},
            {"type": "shop", "town": 1},
            "d.ndjson, row 1: table shop: a row without its key 'number'",
        ),
    },
)
def test_an_upsert_without_a_key_is_refused(
    opened: Open, database: str, members: dict[str, Any], record: dict[str, Any], told: str
) -> None:
    sink = opened(mode="upsert", **members)
    run(database, "create table bare (id bigint)")
    with pytest.raises(PermanentError) as caught:
        sink.load(document(record))
    assert told in str(caught.value)


def test_identities_and_defaults_under_an_upsert(opened: Open, database: str) -> None:
    sink = opened(mode="upsert")
    run(
        database,
        "create table item (id bigint generated always as identity primary key, code varchar(3),"
        " made int default 5, twice int generated always as (made * 2) stored, data jsonb)",
    )
    rows = [{"id": 1, "code": "a", "data": "x"}, {"id": 2, "made": 1, "data": {"b": None}}]
    sink.load(streamed(lambda: _as_items(rows)))
    sink.load(streamed(lambda: _as_items([{"id": 1, "code": "b"}]), etag="2"))
    found = run(database, "select * from item order by 1")
    assert found == [(1, "b", 5, 10, "x"), (2, None, 1, 2, {"b": None})]


def _as_items(rows: list[dict[str, Any]]) -> Iterator[Batch]:
    yield Rows("item", rows)
