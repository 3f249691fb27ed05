"""Keys and indexes that are built when everything is loaded."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg import sql
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
LAND = {"table": "shop", "columns": ["land"]}


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
    wanted = [{"table": "account", "columns": ["number"]}]
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
    """A connection that the server ends before its statement number `last`."""

    last: int

    def execute(self, *words: Any, **options: Any) -> psycopg.Cursor[Any]:
        self.last -= 1
        if self.last < 0:
            super().execute("select pg_terminate_backend(pg_backend_pid())")
        return super().execute(*words, **options)


def test_what_a_killed_worker_has_left_is_finished_by_the_next(
    database: str, connect: Connect, connection: psycopg.Connection
) -> None:
    make(connection, "before", TABLES)
    finish(connect, "before", TABLES, (), after=False, connections=1)
    expected = constraints(connection, "before")

    def survives(last: int) -> bool:
        def connect_mortal() -> psycopg.Connection:
            mortal = Mortal.connect(database, autocommit=True)
            mortal.last = last
            return mortal

        make(connection, schema := f"s{last}", TABLES, constrained=False)
        with suppress(psycopg.OperationalError):
            finish(connect_mortal, schema, TABLES, [LAND], after=True, connections=1)
            return True
        finish(connect, schema, TABLES, [LAND], after=True, connections=1)
        assert constraints(connection, schema) == expected
        assert "shop_land_idx" in indexes(connection, schema)
        return False

    assert next(filter(survives, count())) > 30


@table(
    "rows, error, told, repair",
    {
        "a primary key": (
            "insert into country values (1, 1), (1, 2)",
            psycopg.errors.UniqueViolation,
            "Key (id)=(1) is duplicated",
            "delete from country where code = 2",
        ),
        "what is unique": (
            "insert into country values (1, 7), (2, 7)",
            psycopg.errors.UniqueViolation,
            "Key (code)=(7) is duplicated",
            "delete from country where id = 2",
        ),
        "an index": (
            "insert into country values (1, 1); insert into shop values (1, null, 1), (2, null, 1)",
            psycopg.errors.UniqueViolation,
            "Key (land)=(1) is duplicated",
            "delete from shop where id = 2",
        ),
        "a parent": (
            "insert into shop values (1, null, 4)",
            psycopg.errors.ForeignKeyViolation,
            "Key (land)=(4) is not present in table",
            "insert into country values (4, 4)",
        ),
    },
)
def test_rows_that_break_a_key_are_told_and_once_repaired_it_goes_on(
    connect: Connect,
    connection: psycopg.Connection,
    rows: str,
    error: type[psycopg.Error],
    told: str,
    repair: str,
) -> None:
    make(connection, "s", TABLES, constrained=False)
    run(connection, rows)
    with pytest.raises(error) as raised:
        finished(connect, {**LAND, "unique": True})
    assert told in str(raised.value.diag.message_detail)
    # Tables do not wait for each other, and what was built stays.
    assert "shop_pkey" in indexes(connection)
    run(connection, repair)
    finished(connect, {**LAND, "unique": True})
    assert [valid for _, _, valid, _ in constraints(connection)] == [True] * 6
    assert "create unique" in indexes(connection)["shop_land_idx"].lower()


@pytest.mark.parametrize("after", [False, True])
def test_a_foreign_key_that_is_not_valid_yet_is_validated(
    connect: Connect, connection: psycopg.Connection, after: bool
) -> None:
    make(connection, "s", TABLES)
    run(
        connection,
        "alter table shop add constraint x foreign key (land) references country not valid",
    )
    finished(connect, after=after)
    named = {name: valid for _, _, valid, name in constraints(connection)}
    assert named["x"]
    assert "shop_land_fkey" not in named


def test_without_keys_after_the_load_only_those_to_shared_tables_are_made(
    connect: Connect, connection: psycopg.Connection
) -> None:
    make(connection, "s", TABLES, constrained=False)
    run(connection, "create unique index on country (id)")
    finished(connect, after=False)
    assert [name for *_, name in constraints(connection)] == ["shop_land_fkey"]


def test_tables_made_by_hand_need_nothing_if_their_keys_are_there(
    connect: Connect, connection: psycopg.Connection
) -> None:
    make(connection, "s", ())
    run(connection, "create table country (code bigint unique, id bigint, extra text)")
    run(connection, "create unique index by_hand on country (id) include (extra)")
    run(
        connection,
        "create table shop (id bigint not null, chief bigint, land bigint,"
        " constraint a primary key (id), constraint b unique (land, chief),"
        " constraint c foreign key (chief) references shop on delete cascade,"
        " constraint d foreign key (land) references country (id))",
    )
    before = constraints(connection), indexes(connection)
    finished(connect, {"table": "shop", "columns": ["land", "chief"], "unique": True})
    assert (constraints(connection), indexes(connection)) == before


@table(
    "there, wanted, built",
    {
        "none": ("select", LAND, "shop_land_idx"),
        "several columns": (
            "select", {"table": "shop", "columns": ["land", "chief"]}, "shop_land_chief_idx",
        ),
        "a key": ("select", {"table": "shop", "columns": ["id"], "unique": True}, None),
        "its own": ("create index x on shop (land)", LAND, None),
        "a unique one": ("create unique index x on shop (land)", LAND, None),
        "not unique": (
            "create index shop_land_idx on shop (land)",
            {**LAND, "unique": True},
            "shop_land_*_idx",
        ),
        "of some rows": ("create index x on shop (land) where id > 1", LAND, "shop_land_idx"),
        "of an expression": ("create index x on shop ((land + 1))", LAND, "shop_land_idx"),
        "of more": ("create index x on shop (land, id)", LAND, "shop_land_idx"),
        "downwards": ("create index x on shop (land desc)", LAND, "shop_land_idx"),
        "of another method": ("create index x on shop using hash (land)", LAND, "shop_land_idx"),
        "a name that a view has": ("create view shop_land_idx as select", LAND, "shop_land_*_idx"),
    },
)  # fmt: skip
def test_an_index_is_built_unless_one_like_it_is_there(
    connect: Connect,
    connection: psycopg.Connection,
    there: str,
    wanted: dict[str, Any],
    built: str | None,
) -> None:
    make(connection, "s", TABLES)
    run(connection, there)
    before = indexes(connection)
    finished(connect, wanted, after=False)
    new = indexes(connection).keys() - before
    assert len(new) == (built is not None)
    assert all(fnmatchcase(name, built or "") for name in new)


HOSTILE = ['x"; drop schema s cascade; --', "%s {}", "é" * 31, "SELECT", "a" * 63, "a" * 62 + "b"]


def test_long_and_hostile_names_are_only_names(
    connect: Connect, connection: psycopg.Connection
) -> None:
    key = Column(HOSTILE[0], INTEGER, key=True)
    others = [Column(name, INTEGER, unique=True) for name in HOSTILE[1:]]
    first = Table(HOSTILE[0], (key,))
    rest = [
        Table(
            name, (key, *others, Column("up", INTEGER, references=Reference(HOSTILE[0], key.name)))
        )
        for name in HOSTILE[1:]
    ]
    tables = (first, *rest)
    wanted = [{"table": each.name, "columns": HOSTILE} for each in rest]
    wanted += [{"table": each.name, "columns": ["up", name]} for each in rest for name in HOSTILE]
    schema = "sch\"ema'"
    for part, how in (("s", False), (schema, True)):
        make(connection, part, tables, constrained=how)
        for _ in range(2):
            finish(connect, part, tables, wanted, after=True, connections=4)
    found, expected = constraints(connection), constraints(connection, schema)
    assert [each[:3] for each in found] == [each[:3] for each in expected]
    assert len(indexes(connection)) == 1 + 5 * (1 + 5 + 1 + 6)


def test_names_that_come_out_the_same_are_told_apart(
    connect: Connect, connection: psycopg.Connection
) -> None:
    each = Table("t", tuple(Column(name, INTEGER) for name in ("a", "b", "a_b")))
    make(connection, "s", (each,))
    run(connection, "create table t_a_idx ()")
    wanted = [{"table": "t", "columns": names} for names in (["a", "b"], ["a_b"], ["a"])]
    finish(connect, "s", (each,), wanted, after=True, connections=3)
    names = sorted(indexes(connection))
    assert len(names) == 3
    assert names[-1] == "t_a_b_idx"
    assert "t_a_idx" not in names


@table(
    "missing, wanted, told",
    {
        "a table": ("drop table shop", LAND, "schema s: no table 'shop'"),
        "the table of an index": (
            "select", {"table": "x", "columns": ["a"]}, "schema s: no table 'x'",
        ),
        "the column of an index": (
            "select",
            {"table": "shop", "columns": ["id", "x"]},
            "table shop: no column 'x' for an index; there are id, chief, land",
        ),
    },
)  # fmt: skip
def test_what_is_missing_is_named(
    connect: Connect,
    connection: psycopg.Connection,
    missing: str,
    wanted: dict[str, Any],
    told: str,
) -> None:
    make(connection, "s", TABLES, constrained=False)
    run(connection, missing)
    with pytest.raises(PermanentError, match=f"^{re.escape(told)}$"):
        finished(connect, wanted)


def test_partitioned_tables_get_their_keys(
    connect: Connect, connection: psycopg.Connection
) -> None:
    make(connection, "s", (COUNTRY,), constrained=False)
    run(
        connection,
        "create table shop (id bigint, chief bigint, land bigint) partition by hash (id);"
        "create table part partition of shop for values with (modulus 1, remainder 0);"
        "create unique index on shop (id, chief, land)",
    )
    shop = Table("shop", (Column("id", INTEGER, key=True), SHOP.columns[2]))
    for _ in range(2):
        finish(connect, "s", (COUNTRY, shop), [LAND], after=True, connections=2)
    of_shop = [row[1:] for row in constraints(connection) if row[0] == "shop"]
    assert of_shop == [
        ("FOREIGN KEY (land) REFERENCES country(id)", True, "shop_land_fkey"),
        ("PRIMARY KEY (id)", True, "shop_pkey"),
    ]
    assert "shop_land_idx" in indexes(connection)


def test_the_server_knows_the_rows_afterwards_and_no_connection_is_left(
    connect: Connect, connection: psycopg.Connection
) -> None:
    make(connection, "s", TABLES)
    run(connection, "insert into country select n, n from generate_series(1, 100) n")
    opened: list[psycopg.Connection] = []

    def counted() -> psycopg.Connection:
        opened.append(connect())
        return opened[-1]

    finish(counted, "s", TABLES, (), after=False, connections=2)
    known = run(connection, "select n_distinct from pg_stats where tablename = 'country'")
    assert known == [(-1.0,), (-1.0,)]
    assert 1 <= len(opened) <= 2
    assert all(each.closed for each in opened)
