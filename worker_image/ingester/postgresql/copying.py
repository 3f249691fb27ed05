"""One document's way into tables, and COPY statements one after another."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Protocol

import psycopg
from psycopg import sql

from ..sink import Batch, CopyText, Dialect
from .catalogue import TargetTable
from .copy_rows import Columns, Fit, RowError, copy_statement

NO_TABLE = "there is no such table"


class Target(Protocol):
    """Where rows go within an open transaction, as long as its context is.

    All are there once that is left without an error; then `counts` has their number by table.
    """

    counts: Counter[str]

    def write(self, table: TargetTable, text: CopyText) -> None:
        """Take some rows of a table."""


def fitted(
    tables: Mapping[str, TargetTable], fit: Fit, batches: Iterable[Batch]
) -> Generator[tuple[TargetTable, CopyText], None, None]:
    """The rows of all batches as text for their tables.

    Raises:
        RowError: there is no such table or column.
    """
    for batch in batches:
        table = tables.get(batch.record_type)
        if table is None:
            raise RowError(NO_TABLE)
        for text in fit.texts(table, batch):
            yield table, text


class Copies(ExitStack):
    """COPY statements of one cursor: one at a time, open as long as text is for it."""

    def __init__(self, cursor: psycopg.Cursor) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._cursor = cursor
        self._into: tuple[sql.Composable, Columns, Dialect] | None = None

    def write(self, table: str, into: sql.Composable, text: CopyText) -> None:
        """Take some rows, to be counted as those of `table`."""
        if self._into != (into, text.columns, text.dialect):
            self.end()
            self._into = (into, text.columns, text.dialect)
            self._copy = self.enter_context(self._copying(table, *self._into))
        self._copy.write(text.text)

    def end(self) -> None:
        """End the statement that is open: the cursor is free for others."""
        self.close()
        self._into = None

    @contextmanager
    def _copying(
        self, table: str, into: sql.Composable, columns: Columns, dialect: Dialect
    ) -> Iterator[psycopg.Copy]:
        with self._cursor.copy(copy_statement(into, columns, dialect)) as copy:
            yield copy
        self.counts[table] += self._cursor.rowcount
