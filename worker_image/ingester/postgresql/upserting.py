"""Rows put in the place of those with the same key."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

from ...errors import PermanentError
from ..sink import CopyText
from .catalogue import TargetTable
from .copy_rows import Columns, RowError
from .copying import Copies, Target

_ORDINAL = "aci_jobs_ordinal"
_STAGE = """
    create temporary table {staging} on commit drop as select {columns} from {table} with no data;
    alter table {staging} add column {ordinal} bigint generated always as identity
"""
# Rows without a whole key are not the same; the server refuses them where the key is a primary one.
_MERGE = """
    insert into {table} ({columns}) overriding system value
    select distinct on ({key}, case when not (row({key}) is not null) then {ordinal} end) {columns}
    from {staging}
    order by {key}, case when not (row({key}) is not null) then {ordinal} end, {ordinal} desc
    on conflict ({key}) do {action}
"""


@contextmanager
def upserting(
    cursor: psycopg.Cursor, schema: str, tables: Mapping[str, TargetTable], key: Columns
) -> Iterator[Target]:
    """A target that stages rows in temporary tables and then puts them in, parents first.

    Of rows with the same key, the table's primary key if none is given, the last one stays. Only
    the columns that it names change in a row that is there; rows that name other columns are put
    in apart, in the order in which the first of each kind came.
    """
    with Copies(cursor) as copies:
        target = _Upserted(cursor, copies, schema, key)
        yield target
    for table in tables.values():
        target.merge(table)


class _Upserted:
    def __init__(self, cursor: psycopg.Cursor, copies: Copies, schema: str, key: Columns) -> None:
        self._cursor = cursor
        self._copies = copies
        self._schema = schema
        self._key = key
        self._staged: dict[tuple[str, Columns], sql.Identifier] = {}
        self.counts = copies.counts

    def write(self, table: TargetTable, text: CopyText) -> None:
        """Copy the rows into the staging table of their columns."""
        # In any order: that of a chunk's columns depends on how the chunk was read.
        columns = tuple(sorted(text.columns))
        kind = (table.name, columns)
        if kind not in self._staged:
            self._check(table, columns)
            self._copies.end()
            self._staged[kind] = self._stage(table, columns)
        self._copies.write(table.name, self._staged[kind], text)

    def merge(self, table: TargetTable) -> None:
        """Put in what is staged for a table."""
        for (name, columns), staging in self._staged.items():
            if name == table.name:
                self._execute(_MERGE, table, columns, staging)
                self._cursor.execute(sql.SQL("drop table {}").format(staging))

    def _stage(self, table: TargetTable, columns: Columns) -> sql.Identifier:
        # The server names it where a value does not fit its column.
        staging = sql.Identifier(f"aci_jobs_staging_{len(self._staged) + 1}")
        self._execute(_STAGE, table, columns, staging)
        return staging

    def _execute(
        self, statement: str, table: TargetTable, columns: Columns, staging: sql.Identifier
    ) -> None:
        key = self._key or table.primary_key
        self._cursor.execute(
            sql.SQL(statement).format(
                table=sql.Identifier(self._schema, table.name),
                columns=_names(columns),
                staging=staging,
                ordinal=sql.Identifier(_ORDINAL),
                key=_names(key),
                action=_action([name for name in columns if name not in key]),
            )
        )

    def _check(self, table: TargetTable, columns: Columns) -> None:
        """Raises PermanentError if the table has no such key, RowError if the rows have none."""
        key = self._key or table.primary_key
        if not key:
            raise PermanentError(
                f"table {table.name}: an upsert needs a key, and it has no primary key"
            )
        if set(key) not in map(set, table.unique):
            names = ", ".join(key)
            raise PermanentError(
                f"table {table.name}: an upsert by {names} needs it to be unique there"
            )
        for name in key:
            if name not in columns:
                raise RowError(f"a row without its key {name!r}")


def _action(others: Sequence[str]) -> sql.Composable:
    if not others:
        return sql.SQL("nothing")
    changes = (sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in others)
    return sql.SQL("update set {}").format(sql.SQL(", ").join(changes))


def _names(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
