"""Loads that look for the bad rows of a document, to name them or to set them aside."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice

import psycopg

from ...errors import PermanentError
from ..reading.rows import Rows
from ..sink import Document, Rejected, SourceRow
from .catalogue import TargetTable
from .copy_rows import Fit, RowError
from .copying import NO_TABLE, Target, fitted
from .failures import is_of_a_reference, is_of_a_row, rejected, told

_CHUNK = 500
_SHOWN = 3

Failed = list[tuple[SourceRow, Exception]]


class CarefulLoad:
    """One load of a document, within an open transaction.

    `counts` are the rows loaded by table, `rejected` those that were not.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        tables: Mapping[str, TargetTable],
        target: Callable[[], AbstractContextManager[Target]],
        document: Document,
        *,
        fit: Fit,
        limit: int,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._target = target
        self._document = document
        self._fit = fit
        self._limit = limit
        self.counts: Counter[str] = Counter()
        self.rejected: list[Rejected] = []

    def load(self) -> None:
        """Load all rows but the bad ones, in one pass for each table; `tables` has parents first.

        A bad row is one that cannot be read, or that the server refuses for itself; a row is also
        bad if one that it refers to is.

        Raises:
            PermanentError: there are more than `limit` bad rows; with the first of them.
            psycopg.Error: no row is the reason.
        """
        found = self._survey()
        for name, table in self._tables.items():
            if name in found:
                self._load_table(table)

    def _survey(self) -> set[str]:
        """The tables of the document; rows that have none, or cannot be read, are bad."""
        found: set[str] = set()
        strange: list[SourceRow] = []
        for row in self._document.rows():
            if row.fault:
                self._reject(row, RowError(row.fault))
            elif row.record_type in self._tables:
                found.add(row.record_type)
            elif len(strange) <= self._limit:
                strange.append(row)
        if strange and not found:  # then it is no row that is wrong
            name = strange[0].record_type[:80]
            raise PermanentError(f"{self._document.name}: table {name}: {NO_TABLE}")
        for row in strange:
            self._reject(row, RowError(NO_TABLE))
        return found

    def _load_table(self, table: TargetTable) -> None:
        orphans: Failed = []
        for rows in self._chunks(table):
            for row, error in self._put(rows):
                if table.nested and is_of_a_reference(error):
                    orphans.append((row, error))  # its parent may be a later row
                else:
                    self._reject(row, error)
        for row, error in self._put_until_nothing_changes(orphans):
            self._reject(row, error)

    def _chunks(self, table: TargetTable) -> Iterator[list[SourceRow]]:
        rows = (
            row for row in self._document.rows() if row.record_type == table.name and not row.fault
        )
        while chunk := list(islice(rows, _CHUNK)):
            yield chunk

    def _put_until_nothing_changes(self, failed: Failed) -> Failed:
        before = 0
        while failed and len(failed) != before:
            before = len(failed)
            failed = self._put([row for row, _ in failed])
        return failed

    def _put(self, rows: list[SourceRow]) -> Failed:
        """Put rows of one table into it, by halves if not together; those that fail alone."""
        batch = Rows(rows[0].record_type, [row.row for row in rows])
        try:
            with self._connection.transaction(), self._target() as target:
                for table, text in fitted(self._tables, self._fit, [batch]):
                    target.write(table, text)
        except (psycopg.Error, RowError) as error:
            if not is_of_a_row(error):
                raise
            if len(rows) == 1:
                return [(rows[0], error)]
        else:
            self.counts += target.counts
            return []
        half = len(rows) // 2
        return self._put(rows[:half]) + self._put(rows[half:])

    def _reject(self, row: SourceRow, error: Exception) -> None:
        self.rejected.append(rejected(row, error))
        if len(self.rejected) <= self._limit:
            return
        first = "; ".join(map(told, self.rejected[:_SHOWN]))
        if not self._limit:
            raise PermanentError(first)
        name = self._document.name
        raise PermanentError(f"{name}: more than {self._limit} bad rows; the first ones: {first}")
