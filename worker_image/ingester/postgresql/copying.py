"""One document's way into the tables: in which order rows are copied, and which of them wait."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO

import psycopg

from ..sink import Batch
from .catalogue import TargetTable
from .copy_rows import Columns, RowError, copy_lines, copy_statement

_IN_MEMORY = 8 * 1024 * 1024
_BLOCK = 256 * 1024


def copy_document(
    cursor: psycopg.Cursor,
    schema: str,
    tables: Mapping[str, TargetTable],
    batches: Iterable[Batch],
) -> dict[str, int]:
    """Copy all rows within the open transaction and return their number by table.

    `tables` has parents first. Rows go to the server as they come, unless the document began
    with them before it had any row of a table that they refer to: then all rows of their table
    wait for the document's end, in memory and beyond 8 MiB on disk. So a document may have each
    row after its own parent, or its tables one by one in any order.

    Raises:
        RowError: there is no such table or column.
        psycopg.Error: what the server finds wrong.
    """
    counts: Counter[str] = Counter()
    with ExitStack() as files, ExitStack() as opened:
        copies, waiting = _Copies(cursor, schema, opened), _Waiting(tables, files)
        for batch in batches:
            waiting.notice(batch)
            table, rows = tables[batch.record_type], batch.rows()
            place = waiting if waiting.takes(table.name) else copies
            for columns, lines in copy_lines(table, rows):
                place.write(table.name, columns, lines)
            counts[table.name] += len(rows)
        for name in tables:
            for columns, lines in waiting.of(name):
                copies.write(name, columns, lines)
    return dict(counts)


class _Copies:
    """COPY statements of one cursor: one at a time, open as long as lines are for it."""

    def __init__(self, cursor: psycopg.Cursor, schema: str, opened: ExitStack) -> None:
        self._cursor = cursor
        self._schema = schema
        self._opened = opened
        self._target: tuple[str, Columns] | None = None

    def write(self, table: str, columns: Columns, lines: bytes) -> None:
        if self._target != (table, columns):
            self._opened.close()
            statement = copy_statement(self._schema, table, columns)
            self._copy = self._opened.enter_context(self._cursor.copy(statement))
            self._target = (table, columns)
        self._copy.write(lines)


class _Waiting:
    """The tables that came before one that they refer to, and their lines."""

    def __init__(self, tables: Mapping[str, TargetTable], files: ExitStack) -> None:
        self._tables = tables
        self._files = files
        self._waits: dict[str, bool] = {}
        self._spools: dict[str, dict[Columns, IO[bytes]]] = {}

    def notice(self, batch: Batch) -> None:
        """Decide on the table of the batch, if these are its first rows."""
        name = batch.record_type
        if name not in self._tables:
            raise RowError(f"no table {name[:80]!r}")
        if name not in self._waits:
            parents = self._tables[name].parents
            self._waits[name] = any(self._waits.get(parent, True) for parent in parents)

    def takes(self, table: str) -> bool:
        return self._waits[table]

    def write(self, table: str, columns: Columns, lines: bytes) -> None:
        spools = self._spools.setdefault(table, {})
        if columns not in spools:
            spool = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the stack closes it
            spools[columns] = self._files.enter_context(spool)
        spools[columns].write(lines)

    def of(self, table: str) -> Iterator[tuple[Columns, bytes]]:
        """What waits for one table, in blocks."""
        for columns, spool in self._spools.get(table, {}).items():
            spool.seek(0)
            while block := spool.read(_BLOCK):
                yield columns, block
