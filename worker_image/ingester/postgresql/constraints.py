"""Keys and indexes of tables that are loaded: built in parallel, each once.

Each is looked for and built in a transaction of its own under an advisory lock. So workers at the
same time share the work, a statement that outlives its worker is waited for, and the next worker
goes on where one was killed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import sql

from ...errors import PermanentError
from ...tables import Table
from .ddl import ForeignKey, Index, add_foreign_key, create_index, foreign_keys, keys, validate
from .names import qualified
from .sessions import Sessions
from .structure import PresentTable, has_index, is_taken, read_foreign_keys, read_tables

OfTable = TypeVar("OfTable", Index, ForeignKey)

_LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"


def finish(
    connect: Callable[[], psycopg.Connection],
    schema: str,
    tables: tuple[Table, ...],
    indexes: Sequence[Mapping[str, Any]],
    *,
    after: bool,
    connections: int,
) -> None:
    """Build what loaded tables do not have yet: keys, `indexes`, then foreign keys.

    `connect` opens a connection in autocommit; at most `connections` are open at once. With
    `after` the tables get all their keys, else the foreign keys to shared tables alone. An index
    is a `table`, its `columns`, and whether it is `unique`. What is there under any name is not
    built again; a foreign key that is not valid yet is validated. At last the tables are analyzed.

    Idempotent, and safe in several workers at once. After an error what was built stays, and the
    same call goes on from there.

    Raises:
        PermanentError: there is no such table, or no such column for an index.
        psycopg.Error: rows break a key, with its columns and values; or the database is away.
    """
    wanted = [
        Index(index["table"], tuple(index["columns"]), unique=index.get("unique", False))
        for index in indexes
    ]
    foreign = foreign_keys(tables, shared_only=not after)
    with Sessions(connect, connections) as sessions:
        (present,) = sessions.run(read_tables, [schema])
        _require(schema, present, tables, wanted)
        builder = _Builder(schema, present)
        if after:
            sessions.run(
                builder.build, builder.by_table(key for table in tables for key in keys(table))
            )
        sessions.run(builder.build, [[index] for index in wanted])
        sessions.run(builder.add, [foreign])
        sessions.run(builder.validate, builder.by_table(foreign))
        touched = {table.name for table in tables} | {index.table for index in wanted}
        sessions.run(builder.analyze, [name for name in present if name in touched])


def _require(
    schema: str,
    present: Mapping[str, PresentTable],
    tables: Iterable[Table],
    indexes: Iterable[Index],
) -> None:
    for name in [table.name for table in tables] + [index.table for index in indexes]:
        if name not in present:
            raise PermanentError(f"schema {schema}: no table {name[:80]!r}")
    for index in indexes:
        columns = present[index.table].columns
        for name in index.columns:
            if name not in columns:
                there = ", ".join(columns)[:300]
                raise PermanentError(
                    f"table {index.table}: no column {name[:80]!r} for an index; there are {there}"
                )


class _Builder:
    """What is done on a connection, once however often it is asked for."""

    def __init__(self, schema: str, present: Mapping[str, PresentTable]) -> None:
        self._schema = schema
        self._present = present

    def by_table(self, things: Iterable[OfTable]) -> list[list[OfTable]]:
        """Those of a table together, as they would wait for each other; the largest table first."""
        groups: dict[str, list[OfTable]] = {name: [] for name in self._present}
        for thing in things:
            groups[thing.table].append(thing)
        return [group for group in groups.values() if group]

    def build(self, connection: psycopg.Connection, indexes: Iterable[Index]) -> None:
        """Build indexes one after another."""
        for index in indexes:
            with self._locked(connection, index):
                if not has_index(connection, self._schema, index):
                    name = self._free_name(connection, index)
                    connection.execute(create_index(self._schema, index, name))

    def add(self, connection: psycopg.Connection, keys: Iterable[ForeignKey]) -> None:
        """Add foreign keys, to be validated later."""
        for key in keys:
            with self._locked(connection, key):
                if not read_foreign_keys(connection, self._schema, key):
                    name = self._free_name(connection, key)
                    # A partitioned table can have no key that is not valid.
                    validated = self._present[key.table].partitioned
                    connection.execute(
                        add_foreign_key(self._schema, key, name, validated=validated)
                    )

    def validate(self, connection: psycopg.Connection, keys: Iterable[ForeignKey]) -> None:
        """Validate foreign keys one after another."""
        for key in keys:
            for name, valid in read_foreign_keys(connection, self._schema, key).items():
                if not valid:
                    connection.execute(validate(self._schema, key.table, name))

    def analyze(self, connection: psycopg.Connection, table: str) -> None:
        """Count anew: what the server knows of the table is from before the load."""
        connection.execute(sql.SQL("analyze {}").format(qualified(self._schema, table)))

    @contextmanager
    def _locked(self, connection: psycopg.Connection, wanted: Index | ForeignKey) -> Iterator[None]:
        # By the first name, so that no two look for a free one in its place at the same time.
        first = next(wanted.names())
        with connection.transaction():
            connection.execute(_LOCK, [f"aci-jobs {self._schema}.{first}"])
            yield

    def _free_name(self, connection: psycopg.Connection, wanted: Index | ForeignKey) -> str:
        return next(name for name in wanted.names() if not is_taken(connection, self._schema, name))
