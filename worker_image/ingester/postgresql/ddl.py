"""Logical tables as PostgreSQL's statements; every name is quoted by the driver."""

from collections.abc import Iterable, Sequence

from psycopg import sql

from ...errors import PermanentError
from ...tables import Column, ColumnType, Reference, Table

_LONGEST_NAME = 63
_TYPES = {
    ColumnType.INTEGER: "bigint",
    ColumnType.DECIMAL: "numeric",
    ColumnType.TEXT: "text",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "date",
    ColumnType.TIMESTAMP: "timestamptz",
    ColumnType.DURATION: "interval",
    ColumnType.UUID: "uuid",
    ColumnType.JSON: "jsonb",
}


def create_schema(schema: str) -> sql.Composed:
    """The statement that makes a schema unless it is there."""
    return sql.SQL("create schema if not exists {}").format(_name(schema))


def create_table(schema: str, table: Table) -> sql.Composed:
    """The statement that makes a table with its constraints unless it is there.

    A column that refers to a shared table gets no foreign key here: see `add_foreign_keys`.

    Raises:
        PermanentError: PostgreSQL would cut a name short.
    """
    keys = [column.name for column in table.columns if column.key]
    parts: list[sql.Composable] = [_column(schema, column, keys) for column in table.columns]
    if keys:
        parts.append(sql.SQL("primary key ({})").format(_names(keys)))
    parts += [sql.SQL("unique ({})").format(_names(names)) for names in table.unique]
    lines = sql.SQL(",\n    ").join(parts)
    return sql.SQL("create table if not exists {} (\n    {}\n)").format(
        _qualified(schema, table.name), lines
    )


def add_foreign_keys(schema: str, tables: Iterable[Table]) -> list[sql.Composed]:
    """The statements that make the foreign keys to shared tables; each is to be run once.

    They are for the time when everything is loaded: a document of shared rows may come after
    those that refer to them.

    Raises:
        PermanentError: PostgreSQL would cut a name short.
    """
    return [
        sql.SQL("alter table {} add foreign key ({}) {}").format(
            _qualified(schema, table.name),
            _name(column.name),
            _references(schema, column.references),
        )
        for table in tables
        for column in table.columns
        if column.references and column.references.shared
    ]


def _column(schema: str, column: Column, keys: Sequence[str]) -> sql.Composed:
    words: list[sql.Composable] = [_name(column.name), _type(column)]
    if not column.nullable:
        words.append(sql.SQL("not null"))
    if column.unique and keys != [column.name]:  # the primary key says as much
        words.append(sql.SQL("unique"))
    if column.references and not column.references.shared:
        words.append(_references(schema, column.references))
    return sql.SQL(" ").join(words)


def _references(schema: str, reference: Reference) -> sql.Composed:
    target = _qualified(schema, reference.table)
    return sql.SQL("references {} ({})").format(target, _name(reference.column))


def _type(column: Column) -> sql.Composable:
    name = sql.SQL(_TYPES[column.type])
    if column.precision is None:
        return name
    digits = (sql.Literal(column.precision), sql.Literal(column.scale or 0))
    return sql.SQL("{}({}, {})").format(name, *digits)


def _qualified(schema: str, table: str) -> sql.Composed:
    return sql.SQL("{}.{}").format(_name(schema), _name(table))


def _names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(_name, names))


def _name(name: str) -> sql.Identifier:
    if not name or "\0" in name or len(name.encode()) > _LONGEST_NAME:
        raise PermanentError(f"{name[:80]!r} is no name of 1 to {_LONGEST_NAME} bytes")
    return sql.Identifier(name)
