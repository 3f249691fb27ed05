"""What is missing is made, once, by whoever comes first."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from support import retail
from support.ingester import SCHEMA, count, document, run, sink_of
from support.tables import table

from worker_image.errors import PermanentError
from worker_image.ingester import Loaded
from worker_image.ingester.postgresql.sink import PostgresqlSink
from worker_image.tables import Column, ColumnType, Table

TABLES = ["aci_jobs_ledger", "customer", "order", "order_line"]


TOWNS = (Table("town", (Column("id", ColumnType.INTEGER, key=True),)),)
FIRST_LEDGER = """
    create schema shop;
    create table shop.aci_jobs_ledger (
        document text not null, etag text not null, run text not null, unit text not null,
        rows jsonb, loaded_at timestamptz, primary key (document, etag)
    );
    insert into shop.aci_jobs_ledger values ('d.ndjson', '1', 'r', '0', '{"town": 1}', now())
"""


def prepare_towns(database: str) -> None:
    with sink_of(database) as sink:
        sink.prepare(TOWNS)


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


HOSTILE = {
    "quotes and statements": 'x"; drop schema public cascade; --',
    "what a driver takes for its own": "%s %(a)s {} {0} %",
    "quotes and backslashes": 'a\'b\\c"d\\"',
    "reserved words": "select",
    "upper case, spaces and a dot": " Upper.Case \t",
    "not ASCII": "größe 表 😀",
    "as long as a name can be": "é" * 31 + "x",
}


@table("name", HOSTILE)
@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
def test_hostile_names_and_values_are_only_that(database: str, name: str, mode: str) -> None:
    columns = (Column(name, ColumnType.TEXT, key=True), Column("other", ColumnType.JSON))
    row = {name: f"{name}\n\x01\\.", "other": {name: [name]}}
    options = {"schema": name, "mode": mode, "on_bad_row": "reject"}
    with sink_of(database, **options) as sink:
        sink.prepare((Table(name, columns),))
        bad = {"type": name, name: "\0", "other": None}
        loaded = sink.load(document({"type": name, **row}, bad, name=f"{name}.ndjson", run="1"))
    assert loaded == Loaded({name: 1}, 1)
    with psycopg.connect(database) as connection:
        query = sql.SQL("select * from {}").format(sql.Identifier(name, name))
        assert connection.execute(query).fetchall() == [tuple(row.values())]


def test_the_ledger_is_no_table_of_documents(sink: PostgresqlSink) -> None:
    sink.prepare(())
    with pytest.raises(PermanentError, match="table aci_jobs_ledger: there is no such table"):
        sink.load(document({"type": "aci_jobs_ledger"}))


def test_a_ledger_of_the_first_version_is_kept_and_gets_what_it_lacks(
    sink: PostgresqlSink, database: str
) -> None:
    run(database, FIRST_LEDGER)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(prepare_towns, [database] * 4))
    sink.prepare(TOWNS)
    town = {"type": "town", "id": 1}
    assert sink.load(document(town)) == Loaded({"town": 1}, repeated=True)
    assert sink.load(document(town, etag="2")) == Loaded({"town": 1})
    sink.close()
    sink.prepare(())
    assert count(database, "aci_jobs_ledger") == 2
