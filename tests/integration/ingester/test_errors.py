"""What the server finds wrong with a document is told by place and value, and never retried."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from support.ingester import count, document, run, sink_of, streamed
from support.services import eventually
from support.tables import table

from worker_image.errors import PermanentError, TargetBusyError
from worker_image.ingester import Document, Loaded
from worker_image.ingester.postgresql.sink import PostgresqlSink
from worker_image.ingester.reading.rows import Rows
from worker_image.ingester.sink import Batch
from worker_image.tables import Column, ColumnType, Table

GOOD: dict[str, Any] = {"type": "thing", "id": 1, "size": 1.5, "day": "2024-01-01", "code": "a"}
THINGS = (
    Table(
        "thing",
        (
            Column("id", ColumnType.INTEGER, key=True),
            Column("size", ColumnType.DECIMAL, precision=4, scale=2),
            Column("day", ColumnType.DATE),
            Column("code", ColumnType.TEXT, unique=True),
        ),
    ),
)
# No compression makes it fit into an index.
LONG = random.Random(1).randbytes(10_000).hex()
TRIGGER = """
create function refuse() returns trigger language plpgsql as
    $$ begin if new.code = 'no' then raise 'not this one'; end if; return new; end $$;
create trigger refuse before insert on thing for each row execute function refuse();
"""


def thing(number: int) -> Batch:
    good = {name: value for name, value in GOOD.items() if name != "type"}
    return Rows("thing", [good | {"id": number, "code": f"{number}"}])


def refused(sink: PostgresqlSink, kind: type[Exception], loaded: Document) -> str:
    with pytest.raises(kind) as caught:
        sink.load(loaded)
    return str(caught.value)


@table(
    "change, column, told",
    {
        "text for a number": ({"id": "two"}, "id", "type bigint: \"two\": 'two'"),
        "a fraction": ({"id": 2.5}, "id", "type bigint: \"2.5\": '2.5'"),
        "too large": ({"id": 2**63}, "id", "out of range for type bigint: '9223372036854775808'"),
        "a list": ({"id": [2]}, "id", "type bigint: \"[2]\": '[2]'"),
        "too many digits": ({"size": 123.4}, "size", "numeric field overflow; A field with"),
        "no such day": ({"day": "2024-02-30"}, "day", "out of range: \"2024-02-30\": '2024-02-30'"),
        "no value": ({"day": None}, "day", 'null value in column "day"'),
        "the same key": ({"id": 1, "code": "b"}, "id", "Key (id)=(1) already exists: '1'"),
        "unique elsewhere": ({"code": "a"}, "code", "Key (code)=(a) already exists: 'a'"),
        "a long value beside": (
            {"code": "b" * 100_000, "day": "?"},
            "day",
            "type date: \"?\": '?'",
        ),
        "a long value": ({"day": "?" * 100_000}, "day", 'type date: "???'),
        "too large for its index": ({"code": "b" * 3000 + LONG}, "", "index row requires"),
    },
)
def test_a_bad_value_names_document_row_table_column_and_value(
    sink: PostgresqlSink, database: str, change: dict[str, Any], column: str, told: str
) -> None:
    sink.prepare(THINGS)
    bad = GOOD | {"id": 2, "code": "b"} | change
    message = refused(sink, PermanentError, document(GOOD, bad))
    place = f", column {column}" if column else ""
    assert message.startswith(f"d.ndjson, row 2: table thing{place}: ")
    assert told in message
    assert len(message) < 900
    assert count(database, "thing") == count(database, "aci_jobs_ledger") == 0
    assert sink.load(document(GOOD, etag="2")).rows == {"thing": 1}


def test_the_first_bad_row_of_many_is_told(sink: PostgresqlSink) -> None:
    sink.prepare(THINGS)
    rows = [GOOD | {"id": number, "code": f"{number}"} for number in range(1200)]
    for number in (777, 790, 1100):
        rows[number] |= {"day": f"no day {number}"}
    message = refused(sink, PermanentError, document(*rows))
    assert message.startswith("d.ndjson, row 778: table thing, column day: ")
    assert "790" not in message


@table(
    "options",
    {
        "it only reads now": "-c default_transaction_read_only=on",
        "a statement takes too long": "-c statement_timeout=1",
    },
)
def test_a_server_in_a_bad_moment_is_busy(
    sink: PostgresqlSink, database: str, options: str
) -> None:
    sink.prepare(THINGS)
    rows = [GOOD | {"id": number, "code": f"{number}"} for number in range(20_000)]
    with sink_of(make_conninfo(database, options=options)) as hindered:
        refused(hindered, TargetBusyError, document(*rows))
    assert count(database, "thing") == 0
    assert sink.load(document(*rows)).rows == {"thing": 20_000}


def test_a_table_that_is_locked_is_busy(sink: PostgresqlSink, database: str) -> None:
    sink.prepare(THINGS)
    url = make_conninfo(database, options="-c lock_timeout=1")
    with sink_of(url) as hasty, psycopg.connect(database) as holder:
        holder.execute("lock table shop.thing")
        assert "lock timeout" in refused(hasty, TargetBusyError, document(GOOD))
        holder.rollback()
        assert hasty.load(document(GOOD)).rows == {"thing": 1}


def test_two_loads_that_wait_for_each_other_are_busy(sink: PostgresqlSink, database: str) -> None:
    sink.prepare((*THINGS, Table("note", (Column("id", ColumnType.INTEGER),))))
    writers = (
        "select count(distinct pid) from pg_locks where relation = 'note'::regclass"
        " and mode = 'RowExclusiveLock' and granted"
    )

    def crossed(first: int) -> Iterator[Batch]:
        yield thing(first)
        yield Rows("note", [{"id": first}])  # ends the statement that has put the thing
        eventually(lambda: run(database, writers) == [(2,)])
        yield thing(3 - first)

    def load(first: int) -> Loaded | TargetBusyError:
        with sink_of(database) as own:
            try:
                return own.load(streamed(partial(crossed, first), etag=str(first)))
            except TargetBusyError as error:
                return error

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(load, (1, 2)), key=lambda answer: isinstance(answer, Loaded))
    assert "deadlock" in str(answers[0])


def test_a_constraint_that_is_checked_at_the_end_is_told_and_nothing_stays(
    sink: PostgresqlSink, database: str
) -> None:
    sink.prepare(THINGS)
    run(
        database,
        "alter table thing add twin bigint references thing deferrable initially deferred",
    )
    message = refused(sink, PermanentError, document(GOOD | {"twin": 7}))
    assert message.startswith("d.ndjson: table thing; ")
    assert "Key (twin)=(7) is not present" in message
    assert count(database, "thing") == count(database, "aci_jobs_ledger") == 0


def test_what_a_trigger_refuses_is_a_bad_row(sink: PostgresqlSink, database: str) -> None:
    sink.prepare(THINGS)
    run(database, TRIGGER)
    message = refused(sink, PermanentError, document(GOOD, GOOD | {"id": 2, "code": "no"}))
    assert message.startswith("d.ndjson, row 2: table thing: not this one")
