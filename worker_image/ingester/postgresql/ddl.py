"""Logical tables as PostgreSQL's statements; every name is quoted by the driver."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from psycopg import sql

from ...tables import Column, ColumnType, Reference, Table
from .names import listed, made_names, qualified, quoted

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
_PRIMARY_KEY = "primary key"
_UNIQUE = "unique"
_SUFFIXES = {_PRIMARY_KEY: "pkey", _UNIQUE: "key", "": "idx"}


@dataclass(frozen=True, slots=True)
class Index:
    """An index, which is that of a `constraint` or of none."""

    table: str
    columns: tuple[str, ...]
    unique: bool
    constraint: str = ""

    def names(self) -> Iterator[str]:
        """Names for it, the best first."""
        columns = () if self.constraint == _PRIMARY_KEY else self.columns
        return made_names((self.table, *columns), _SUFFIXES[self.constraint])


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A column whose values are those of another table's column."""

    table: str
    column: str
    reference: Reference

    def names(self) -> Iterator[str]:
        """Names for it, the best first."""
        return made_names((self.table, self.column), "fkey")


def keys(table: Table) -> list[Index]:
    """The primary key and all that is unique, each once."""
    primary = tuple(column.name for column in table.columns if column.key)
    single = [(column.name,) for column in table.columns if column.unique]
    others = dict.fromkeys(names for names in (*single, *table.unique) if names != primary)
    found = [Index(table.name, primary, unique=True, constraint=_PRIMARY_KEY)] if primary else []
    return found + [Index(table.name, names, unique=True, constraint=_UNIQUE) for names in others]


def foreign_keys(tables: Iterable[Table], *, shared_only: bool = False) -> list[ForeignKey]:
    """All foreign keys, or those to shared tables."""
    return [
        ForeignKey(table.name, column.name, column.references)
        for table in tables
        for column in table.columns
        if column.references and (column.references.shared or not shared_only)
    ]


def create_schema(schema: str) -> sql.Composed:
    """The statement that makes a schema unless it is there."""
    return sql.SQL("create schema if not exists {}").format(quoted(schema))


def create_table(schema: str, table: Table, *, constrained: bool = True) -> sql.Composed:
    """The statement that makes a table unless it is there, with its keys if it is `constrained`.

    A column that refers to a shared table gets no foreign key here: see `add_foreign_keys`.

    Raises:
        PermanentError: PostgreSQL would cut a name short.
    """
    parts = [_column(schema, column, constrained) for column in table.columns]
    if constrained:
        parts += [_constraint(key) for key in keys(table)]
    lines = sql.SQL(",\n    ").join(parts)
    return sql.SQL("create table if not exists {} (\n    {}\n)").format(
        qualified(schema, table.name), lines
    )


def create_index(schema: str, index: Index, name: str) -> sql.Composed:
    """The statement that builds an index, with its constraint if it has one."""
    table = qualified(schema, index.table)
    if index.constraint:
        return sql.SQL("alter table {} add constraint {} {}").format(
            table, quoted(name), _constraint(index)
        )
    words = sql.SQL("create unique index" if index.unique else "create index")
    return sql.SQL("{} {} on {} ({})").format(words, quoted(name), table, listed(index.columns))


def add_foreign_key(
    schema: str, key: ForeignKey, name: str, *, validated: bool = False
) -> sql.Composed:
    """The statement that makes a foreign key; rows that are there are left to `validate`."""
    return sql.SQL("alter table {} add constraint {} foreign key ({}) {}{}").format(
        qualified(schema, key.table),
        quoted(name),
        quoted(key.column),
        _references(schema, key.reference),
        sql.SQL("" if validated else " not valid"),
    )


def validate(schema: str, table: str, name: str) -> sql.Composed:
    """The statement that checks the rows that a constraint was not yet held against."""
    return sql.SQL("alter table {} validate constraint {}").format(
        qualified(schema, table), quoted(name)
    )


def add_foreign_keys(schema: str, tables: Iterable[Table]) -> list[sql.Composed]:
    """The statements that make the foreign keys to shared tables; each is to be run once.

    They are for the time when everything is loaded: a document of shared rows may come after
    those that refer to them.

    Raises:
        PermanentError: PostgreSQL would cut a name short.
    """
    named = [(key, next(key.names())) for key in foreign_keys(tables, shared_only=True)]
    return [
        *(add_foreign_key(schema, key, name) for key, name in named),
        *(validate(schema, key.table, name) for key, name in named),
    ]


def _column(schema: str, column: Column, constrained: bool) -> sql.Composed:
    words: list[sql.Composable] = [quoted(column.name), _type(column)]
    if not column.nullable:
        words.append(sql.SQL("not null"))
    if constrained and column.references and not column.references.shared:
        words.append(_references(schema, column.references))
    return sql.SQL(" ").join(words)


def _constraint(index: Index) -> sql.Composed:
    return sql.SQL("{} ({})").format(sql.SQL(index.constraint), listed(index.columns))


def _references(schema: str, reference: Reference) -> sql.Composed:
    target = qualified(schema, reference.table)
    return sql.SQL("references {} ({})").format(target, quoted(reference.column))


def _type(column: Column) -> sql.Composable:
    name = sql.SQL(_TYPES[column.type])
    if column.precision is None:
        return name
    digits = (sql.Literal(column.precision), sql.Literal(column.scale or 0))
    return sql.SQL("{}({}, {})").format(name, *digits)
