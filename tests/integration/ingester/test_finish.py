"""Keys and indexes that are built when everything is loaded."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg import sql
from support import retail
from support.examples import dataset_of
from support.tables import table

from worker_image.errors import PermanentError
from worker_image.ingester.postgresql.constraints import finish
from worker_image.ingester.postgresql.ddl import create_schema, create_table
from worker_image.tables import Column, ColumnType, Reference, Table

Connect = Callable[[], psycopg.Connection]

CONSTRAINTS = """
    select t.relname, pg_get_constraintdef(k.oid), k.convalidated, k.conname
    from pg_constraint k join pg_class t on t.oid = k.conrelid
    where k.connamespace = to_regnamespace(quote_ident(%s)) and k.contype in ('p', 'u', 'f')
    order by 1, 2
"""
INDEXES = """
    select indexname, indexdef from pg_indexes where schemaname = %s order by 1
"""
INTEGER = ColumnType.INTEGER
COUNTRY = Table("country", (Column("id", INTEGER, key=True), Column("code", INTEGER, unique=True)))
SHOP = Table(
    "shop",
    (
        Column("id", INTEGER, key=True),
        Column("chief", INTEGER, nullable=True, references=Reference("shop", "id")),
        Column("land", INTEGER, references=Reference("country", "id", shared=True)),
    ),
    unique=(("chief", "land"),),
)
TABLES = (COUNTRY, SHOP)


@pytest.fixture
def connect(database: str) -> Connect:
    """What opens connections to an empty database."""
    return lambda: psycopg.connect(database, autocommit=True)


@pytest.fixture
def connection(connect: Connect) -> Iterator[psycopg.Connection]:
    """A connection of the test's own."""
    with connect() as connection:
        yield connection


def make(
    connection: psycopg.Connection, schema: str, tables: tuple[Table, ...], **how: bool
) -> None:
    connection.execute(create_schema(schema))
    for each in tables:
        connection.execute(create_table(schema, each, **how))


def run(connection: psycopg.Connection, statement: str, schema: str = "s") -> list[tuple[Any, ...]]:
    """Run a statement in the schema."""
    connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(schema)))
    cursor = connection.execute(statement.encode())
    return cursor.fetchall() if cursor.description else []


def constraints(connection: psycopg.Connection, schema: str = "s") -> list[tuple[Any, ...]]:
    """Constraints with their tables, definitions, whether they are valid, and names."""
    # A definition names other tables by their schema, unless it is searched.
    connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(schema)))
    return connection.execute(CONSTRAINTS, [schema]).fetchall()


def indexes(connection: psycopg.Connection, schema: str = "s") -> dict[str, str]:
    """The definitions of indexes by name."""
    return dict(connection.execute(INDEXES, [schema]).fetchall())


def finished(connect: Connect, *wanted: dict[str, Any], after: bool = True) -> None:
    finish(connect, "s", TABLES, wanted, after=after, connections=2)


@pytest.mark.parametrize("name", ["banking", "clinical", "retail", "tpch"])
def test_keys_after_the_load_are_those_of_tables_that_had_them_before(
    connect: Connect, connection: psycopg.Connection, name: str
) -> None:
    tables = dataset_of(name).tables
    make(connection, "before", tables)
    finish(connect, "before", tables, (), after=False, connections=2)
    make(connection, "after", tables, constrained=False)
    assert constraints(connection, "after") == []
    finish(connect, "after", tables, (), after=True, connections=2)
    assert constraints(connection, "after") == constraints(connection, "before")
    assert all(valid for _, _, valid, _ in constraints(connection, "after"))


def test_twice_is_once(connect: Connect, connection: psycopg.Connection) -> None:
    make(connection, "s", TABLES, constrained=False)
    wanted = {"table": "shop", "columns": ["land", "id"]}
    finished(connect, wanted)
    first = constraints(connection), indexes(connection)
    finished(connect, wanted, wanted)
    assert (constraints(connection), indexes(connection)) == first
    assert [name for *_, name in first[0]] == [
        "country_pkey", "country_code_key",
        "shop_chief_fkey", "shop_land_fkey", "shop_pkey", "shop_chief_land_key",
    ]  # fmt: skip
    assert "shop_land_id_idx" in first[1]


def test_workers_at_the_same_time_build_each_thing_once(
    connect: Connect, connection: psycopg.Connection
) -> None:
    tables = dataset_of("banking").tables
    make(connection, "before", tables)
    make(connection, "s", tables, constrained=False)
    wanted = [{"table": "account", "columns": ["balance"]}]
    start = threading.Barrier(4)

    def work(_: int) -> None:
        start.wait()
        finish(connect, "s", tables, wanted, after=True, connections=2)

    finish(connect, "before", tables, wanted, after=False, connections=1)
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    assert constraints(connection) == constraints(connection, "before")
    assert list(indexes(connection)) == list(indexes(connection, "before"))


class Mortal(psycopg.Connection[Any]):
    """A connection that the server ends at its statement number `last`."""

    statements: Iterator[int]
    last: int

    def execute(self, *words: Any, **options: Any) -> psycopg.Cursor[Any]:
        if next(self.statements) == self.last:
            super().execute("select pg_terminate_backend(pg_backend_pid())")
        return super().execute(*words, **options)


def test_what_a_killed_worker_has_left_is_finished_by_the_next(
    database: str, connect: Connect, connection: psycopg.Connection
) -> None:
    make(connection, "before", TABLES)
    finish(connect, "before", TABLES, (), after=False, connections=1)
    wanted = [{"table": "shop", "columns": ["land"]}]

    def killed(last: int) -> bool:
        class Worker(Mortal):
            statements = count()

        Worker.last = last
        schema = f"s{last}"
        make(connection, schema, TABLES, constrained=False)
        one = lambda: Worker.connect(database, autocommit=True)  # noqa: E731
        try:
            finish(one, schema, TABLES, wanted, after=True, connections=1)
        except psycopg.OperationalError:
            finish(connect, schema, TABLES, wanted, after=True, connections=1)
            return True
        finally:
            assert constraints(connection, schema) == constraints(connection, "before")
            assert "shop_land_idx" in indexes(connection, schema)
        return False

    assert next(last for last in count() if not killed(last)) > 20
