import pytest

from worker_image.errors import PermanentError
from worker_image.ingester.ddl import create_schema, create_table
from worker_image.tables import Column, ColumnType, Reference, Table


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
    )
    assert create_table("s", table).as_string(None) == (
        'create table if not exists "s"."line" ('
        '"order" bigint not null references "s"."order" ("id"), "n" bigint not null, '
        '"code" uuid not null unique, "price" numeric(12, 2) not null, '
        '"count" numeric(9, 0) not null, "free" numeric, primary key ("order", "n"))'
    )


def test_every_type_has_its_own() -> None:
    columns = tuple(Column(each, each, nullable=True) for each in ColumnType)
    assert create_table("s", Table("t", columns)).as_string(None) == (
        'create table if not exists "s"."t" ("integer" bigint, "decimal" numeric, "text" text, '
        '"boolean" boolean, "date" date, "timestamp" timestamptz, "duration" interval, '
        '"uuid" uuid, "json" jsonb)'
    )


def test_hostile_names_are_quoted() -> None:
    assert create_schema('s"; drop table x; --').as_string(None) == (
        'create schema if not exists "s""; drop table x; --"'
    )


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64, "é" * 32])
def test_a_name_that_would_be_cut_is_refused(name: str) -> None:
    with pytest.raises(PermanentError, match="no name of 1 to 63 bytes"):
        create_table("s", Table("t", (Column(name, ColumnType.TEXT),)))
