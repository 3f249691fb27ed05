"""What the server finds wrong with a document is told by place and value, and never retried."""

from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from support.ingester import count, document, sink_of

from worker_image.errors import PermanentError
from worker_image.ingester.postgresql.sink import PostgresqlSink
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


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": "two"}, ["bigint", 'COPY thing, line 2, column id: "two"']),
        ({"id": 2.5}, ["bigint", 'COPY thing, line 2, column id: "2.5"']),
        ({"id": 2**63}, ["out of range", 'line 2, column id: "9223372036854775808"']),
        ({"id": [2]}, ["bigint", 'line 2, column id: "[2]"']),
        ({"size": 123.4}, ["numeric field overflow", 'line 2, column size: "123.4"']),
        ({"day": "2024-02-30"}, ["out of range", 'line 2, column day: "2024-02-30"']),
        ({"day": None}, ['null value in column "day"', "table thing", "line 2"]),
        ({"id": 1, "code": "b"}, ["table thing", "Key (id)=(1) already exists", "line 2"]),
        ({"code": "a"}, ["table thing", "Key (code)=(a) already exists"]),
        ({"code": "b" * 100_000, "day": "?"}, ['column day: "?"']),
        ({"day": "?" * 100_000}, ["column day: ", "???"]),
    ],
)
def test_a_bad_value_names_document_table_line_and_value(
    sink: PostgresqlSink, database: str, change: dict[str, Any], told: list[str]
) -> None:
    sink.prepare(THINGS)
    bad = GOOD | {"id": 2, "code": "b"} | change
    with pytest.raises(PermanentError) as caught:
        sink.load(document(GOOD, bad))
    message = str(caught.value)
    assert message.startswith("d.ndjson: ")
    assert [each for each in told if each not in message] == []
    assert len(message) < 1100
    assert count(database, "thing") == count(database, "aci_jobs_ledger") == 0
    assert sink.load(document(GOOD, etag="2")).rows == {"thing": 1}


def test_a_server_that_only_reads_now_is_transient(sink: PostgresqlSink, database: str) -> None:
    sink.prepare(THINGS)
    url = make_conninfo(database, options="-c default_transaction_read_only=on")
    with closing(sink_of(url)) as standby:
        standby.prepare(THINGS)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            standby.load(document(GOOD))


def test_a_table_that_is_busy_is_transient(sink: PostgresqlSink, database: str) -> None:
    sink.prepare(THINGS)
    url = make_conninfo(database, options="-c lock_timeout=1")
    with closing(sink_of(url)) as hasty, psycopg.connect(database) as holder:
        holder.execute("lock table shop.thing")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            hasty.load(document(GOOD))
        holder.rollback()
        assert hasty.load(document(GOOD)).rows == {"thing": 1}
