"""What is missing is made, once, by whoever comes first."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from support import retail
from support.ingester import SCHEMA, count, document, run, sink_of

from worker_image.errors import PermanentError
from worker_image.ingester.postgresql.sink import PostgresqlSink
from worker_image.tables import Column, ColumnType, Table

TABLES = ["aci_jobs_ledger", "customer", "order", "order_line"]


def tables(database: str) -> list[str]:
    found = run(database, f"select tablename from pg_tables where schemaname = '{SCHEMA}'")  # noqa: S608 - a constant
    return sorted(name for (name,) in found)


def test_schema_tables_and_ledger_are_made_and_found_again(
    sink: PostgresqlSink, database: str
) -> None:
    sink.prepare(retail.tables())
    sink.prepare(retail.tables())
    assert tables(database) == TABLES
    with sink_of(database) as another:
        another.prepare(retail.tables())
        another.prepare(())
    constraints = run(database, "select contype from pg_constraint where contype in ('f', 'p')")
    assert [kind for (kind,) in constraints].count("f") == 2


def test_many_workers_at_once_agree(database: str) -> None:
    def prepare(_: int) -> None:
        with sink_of(database) as sink:
            sink.prepare(retail.tables())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(prepare, range(8)))
    assert tables(database) == TABLES


def test_only_what_is_missing_is_made(sink: PostgresqlSink, database: str) -> None:
    sink.prepare(retail.tables()[:1])
    run(database, "alter table customer add column extra text")
    sink.prepare(retail.tables())
    assert tables(database) == TABLES
    row = {"type": "customer", "id": 1, "email": "e", "name": "n", "country": "c"}
    row |= {"active": True, "created": "2024-01-01T00:00:00Z", "extra": "x"}
    sink.load(document(row))
    assert run(database, "select extra, score from customer") == [("x", None)]


def writer_of(database: str) -> str:
    """The name of the role of a test: roles belong to the server, not to a database."""
    return f"writer_of_{conninfo_to_dict(database)['dbname']}"


@pytest.fixture
def writer(sink: PostgresqlSink, database: str) -> Iterator[PostgresqlSink]:
    """A sink of a user that may use the tables and make none."""
    sink.prepare(retail.tables())
    role = writer_of(database)
    run(database, f"create role {role}")
    run(database, f"grant usage on schema {SCHEMA} to {role}")
    run(database, f"grant select, insert, update on all tables in schema {SCHEMA} to {role}")
    with sink_of(make_conninfo(database, options=f"-c role={role}")) as writer:
        yield writer
    run(database, f"drop owned by {role}")
    run(database, f"drop role {role}")


def test_a_user_who_may_only_write_needs_nothing_more(writer: PostgresqlSink) -> None:
    writer.prepare(retail.tables())
    assert writer.load(document()).rows == {}
    with pytest.raises(PermanentError, match="schema shop: permission denied for schema"):
        writer.prepare((Table("other", (Column("id", ColumnType.INTEGER),)),))


def test_a_table_that_may_not_be_written_is_told_at_once(
    writer: PostgresqlSink, database: str
) -> None:
    run(database, f"revoke insert on customer from {writer_of(database)}")
    with pytest.raises(PermanentError, match=r"d\.ndjson: permission denied for table customer"):
        writer.load(document({"type": "customer", "id": 1}))


def test_hostile_names_are_only_names(database: str) -> None:
    hostile = 'x"; drop schema public cascade; --'
    table = Table(hostile, (Column(hostile, ColumnType.TEXT), Column("%s {}", ColumnType.TEXT)))
    with sink_of(database, schema="sch\"ema'") as sink:
        sink.prepare((table,))
        row = {"type": hostile, hostile: "a", "%s {}": "b"}
        loaded = sink.load(document(row, name=f"{hostile}.ndjson"))
        assert loaded.rows == {hostile: 1}
        with pytest.raises(PermanentError, match="table aci_jobs_ledger: there is no such table"):
            sink.load(document({"type": "aci_jobs_ledger"}))
    assert count(database, "pg_tables") > 0
