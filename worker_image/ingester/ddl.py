"""Logical tables as PostgreSQL's statements; every name is quoted by the driver."""

from psycopg import sql

from ..errors import PermanentError
from ..tables import Column, ColumnType, Table

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

    Raises:
        PermanentError: PostgreSQL would cut a name short.
    """
    parts = [_column(schema, column) for column in table.columns]
    keys = [_name(column.name) for column in table.columns if column.key]
    if keys:
        parts.append(sql.SQL("primary key ({})").format(sql.SQL(", ").join(keys)))
    return sql.SQL("create table if not exists {}.{} ({})").format(
        _name(schema), _name(table.name), sql.SQL(", ").join(parts)
    )


def _column(schema: str, column: Column) -> sql.Composed:
    words: list[sql.Composable] = [_name(column.name), _type(column)]
    if not column.nullable:
        words.append(sql.SQL("not null"))
    if column.unique:
        words.append(sql.SQL("unique"))
    if column.references:
        target = (schema, column.references.table, column.references.column)
        words.append(sql.SQL("references {}.{} ({})").format(*map(_name, target)))
    return sql.SQL(" ").join(words)


def _type(column: Column) -> sql.Composable:
    name = sql.SQL(_TYPES[column.type])
    if column.precision is None:
        return name
    digits = (sql.Literal(column.precision), sql.Literal(column.scale or 0))
    return sql.SQL("{}({}, {})").format(name, *digits)


def _name(name: str) -> sql.Identifier:
    if not name or "\0" in name or len(name.encode()) > _LONGEST_NAME:
        raise PermanentError(f"{name[:80]!r} is no name of 1 to {_LONGEST_NAME} bytes")
    return sql.Identifier(name)
