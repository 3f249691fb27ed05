"""Batches as the text that COPY reads, in columns that their table has."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from operator import itemgetter

import orjson
from psycopg import sql

from ..sink import Batch, CopyText, Dialect, Row, Texts
from .catalogue import TargetTable
from .lines import DIALECT, Values, lines

Columns = tuple[str, ...]


class RowError(Exception):
    """Rows that do not fit their table; the message tells what is wrong."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How rows are fitted to their table.

    Columns that the table does not have are left out with `ignore`. A column that a row does not
    name is NULL, or its default if it has one; with `named` only what a row names is written.
    """

    ignore: bool = False
    named: bool = False

    def texts(self, table: TargetTable, batch: Batch) -> Iterable[CopyText]:
        """The rows as text: their own if they have it, or else lines of their values.

        Raises:
            RowError: a row names a column that the table does not have, or cannot be encoded.
        """
        text = batch.copy_text(table.json_columns, table.text_columns)
        if text and (table.has(text.columns) or not self.ignore):
            _refuse_unknown(table, text.columns)
            return (text,)
        return self.lines(table, batch.rows())

    def lines(self, table: TargetTable, rows: list[Row]) -> Iterator[CopyText]:
        """Whole lines; most often all rows have the same columns.

        Numbers, strings and booleans go as their text, into JSON columns as JSON; what is nested
        goes as JSON everywhere. The same errors.
        """
        json_columns = () if isinstance(rows[0], Texts) else table.json_columns
        for columns, values in _by_columns(partial(self._columns, table), rows):
            places = {place for place, name in enumerate(columns) if name in json_columns}
            try:
                yield CopyText(columns, lines(values, places), DIALECT)
            except orjson.JSONEncodeError as error:
                cause = error.__cause__ or error
                raise RowError(str(cause)) from error

    def _columns(self, table: TargetTable, named: Columns) -> Columns:
        """The columns to copy such a row into."""
        if not self.ignore:
            _refuse_unknown(table, named)
        columns = tuple(
            column.name
            for column in table.columns
            if column.name in named or not (self.named or column.has_default)
        )
        if not columns:
            raise RowError("a row without columns")
        return columns


def copy_statement(into: sql.Composable, columns: Columns, dialect: Dialect) -> sql.Composed:
    """The COPY that takes text of such columns."""
    return sql.SQL(
        "copy {} ({}) from stdin with (format csv, delimiter {}, quote {}, escape {}, null {})"
    ).format(
        into,
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        *map(sql.Literal, (dialect.delimiter, dialect.quote, dialect.escape, dialect.null)),
    )


def _refuse_unknown(table: TargetTable, named: Columns) -> None:
    if not table.has(named):
        unknown = set(named).difference(column.name for column in table.columns)
        raise RowError(f"there is no column {min(unknown)[:80]!r}")


def _by_columns(
    columns_of: Callable[[Columns], Columns], rows: list[Row]
) -> Iterable[tuple[Columns, Values]]:
    columns = columns_of(tuple(rows[0]))
    if len(columns) > 1 and sum(map(len, rows)) == len(rows) * len(columns):
        with suppress(KeyError):
            return [(columns, list(map(itemgetter(*columns), rows)))]
    known = cache(columns_of)
    groups = defaultdict(list)
    for row in rows:
        columns = known(tuple(row))
        groups[columns].append(tuple(map(row.get, columns)))
    return groups.items()
