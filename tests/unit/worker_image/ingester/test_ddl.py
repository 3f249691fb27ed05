import pytest
from worker_image.ingester.ddl import add_foreign_keys, create_schema, create_table

from worker_image.errors import PermanentError
from worker_image.tables import Column, ColumnType, Reference, Table


def made(table: Table) -> list[str]:
    """The lines of the statement that makes a table."""
    return create_table("s", table).as_string(None).splitlines()


def test_every_part_of_a_table_is_in_its_statement() -> None:
    table = Table(
        "line",
        (
            Column("order", ColumnType.INTEGER, key=True, references=Reference("order", "id")),
            Column("n", ColumnType.INTEGER, key=True),
            Column("code", ColumnType.UUID, unique=True),
            Column("price", ColumnType.DECIMAL, precision=12, scale=2),
            Column("count", ColumnType.DECIMAL, precision=9),
            Column("free", ColumnType.DECIMAL, nullable=True),
        ),
        unique=(("price", "count"), ("code", "n", "free")),
    )
    assert made(table) == [
        'create table if not exists "s"."line" (',
        '    "order" bigint not null references "s"."order" ("id"),',
        '    "n" bigint not null,',
        '    "code" uuid not null unique,',
        '    "price" numeric(12, 2) not null,',
        '    "count" numeric(9, 0) not null,',
        '    "free" numeric,',
        '    primary key ("order", "n"),',
        '    unique ("price", "count"),',
        '    unique ("code", "n", "free")',
        ")",
    ]


def test_every_type_has_its_own() -> None:
    columns = tuple(Column(each, each, nullable=True) for each in ColumnType)
    types = [line.strip().rstrip(",").partition(" ")[2] for line in made(Table("t", columns))[1:-1]]
    assert types == [
        "bigint", "numeric", "text", "boolean", "date", "timestamptz", "interval", "uuid", "jsonb",
    ]  # fmt: skip


def test_a_primary_key_is_not_made_unique_twice() -> None:
    key = Column("id", ColumnType.INTEGER, key=True, unique=True)
    assert made(Table("t", (key,)))[1:-1] == ['    "id" bigint not null,', '    primary key ("id")']
    other = Column("part", ColumnType.INTEGER, key=True)
    assert made(Table("t", (key, other)))[1] == '    "id" bigint not null unique,'


def test_foreign_keys_to_shared_tables_come_when_everything_is_loaded() -> None:
    table = Table(
        "shop",
        (
            Column("id", ColumnType.INTEGER, key=True),
            Column("chief", ColumnType.INTEGER, references=Reference("shop", "id")),
            Column("land", ColumnType.INTEGER, references=Reference("country", "id", shared=True)),
        ),
    )
    assert made(table)[2:4] == [
        '    "chief" bigint not null references "s"."shop" ("id"),',
        '    "land" bigint not null,',
    ]
    (statement,) = add_foreign_keys("s", [Table("country", ()), table])
    assert statement.as_string(None) == (
        'alter table "s"."shop" add foreign key ("land") references "s"."country" ("id")'
    )


def test_hostile_names_are_quoted() -> None:
    assert create_schema('s"; drop table x; --').as_string(None) == (
        'create schema if not exists "s""; drop table x; --"'
    )


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64, "é" * 32])
def test_a_name_that_would_be_cut_is_refused(name: str) -> None:
    with pytest.raises(PermanentError, match="no name of 1 to 63 bytes"):
        create_table("s", Table("t", (Column(name, ColumnType.TEXT),)))
