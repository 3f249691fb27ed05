"""Rows appended to tables: in which order they are copied, and which of them wait."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO

import psycopg
from psycopg import sql

from ..sink import CopyText, Dialect
from .catalogue import TargetTable
from .copy_rows import Columns
from .copying import Copies, Target

_IN_MEMORY = 8 * 1024 * 1024
_BLOCK = 256 * 1024


@contextmanager
def appending(
    cursor: psycopg.Cursor, schema: str, tables: Mapping[str, TargetTable]
) -> Iterator[Target]:
    """A target that copies rows into the tables of a schema; `tables` has parents first.

    Rows go to the server as they come, unless the first ones of their table come before any row
    of a table that they refer to: then all rows of their table wait for the end, in memory and
    beyond 8 MiB on disk. So a document may have each row after its own parent, or its tables one
    by one in any order. One that has nothing but rows of one table for 8 MiB is taken to have no
    others: the rows that they refer to are there already.
    """
    with _Waiting() as waiting, Copies(cursor) as copies:
        target = _Appended(copies, waiting, schema)
        yield target
        for table in tables.values():
            for text in waiting.of(table.name):
                target.copy(table, text)


class _Appended:
    def __init__(self, copies: Copies, waiting: "_Waiting", schema: str) -> None:
        self._copies = copies
        self._waiting = waiting
        self._schema = schema
        self.counts = copies.counts

    def write(self, table: TargetTable, text: CopyText) -> None:
        """Copy the rows, or keep them."""
        if not self._waiting.takes(table):
            self.copy(table, text)
            return
        self._waiting.write(table.name, text)
        if self._waiting.in_vain:
            for kept in self._waiting.released(table.name):
                self.copy(table, kept)

    def copy(self, table: TargetTable, text: CopyText) -> None:
        """Copy the rows now."""
        self._copies.write(table.name, sql.Identifier(self._schema, table.name), text)


class _Waiting(ExitStack):
    """The tables that came before one that they refer to, and their text."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0
        self._waits: dict[str, bool] = {}
        self._spools: dict[str, dict[tuple[Columns, Dialect], IO[bytes]]] = {}

    def takes(self, table: TargetTable) -> bool:
        """Whether the table waits, as its first rows decide."""
        if table.name not in self._waits:
            parents = table.parents
            self._waits[table.name] = any(self._waits.get(parent, True) for parent in parents)
        return self._waits[table.name]

    @property
    def in_vain(self) -> bool:
        """Whether so much waits that no other table is to be expected, and none came."""
        return len(self._waits) == 1 and self._size > _IN_MEMORY

    def released(self, table: str) -> Iterator[CopyText]:
        """What waits for one table; its other rows do not wait any more."""
        yield from self.of(table)
        del self._spools[table]
        self._waits[table] = False

    def write(self, table: str, text: CopyText) -> None:
        """Keep some rows."""
        self._size += len(text.text)
        spools = self._spools.setdefault(table, {})
        like = (text.columns, text.dialect)
        if like not in spools:
            spool = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the stack closes it
            spools[like] = self.enter_context(spool)
        spools[like].write(text.text)

    def of(self, table: str) -> Iterator[CopyText]:
        """What waits for one table, in blocks."""
        for (columns, dialect), spool in self._spools.get(table, {}).items():
            spool.seek(0)
            while block := spool.read(_BLOCK):
                yield CopyText(columns, block, dialect)
