"""Rows as the lines that COPY reads.

A JSON array without its brackets is a line of CSV once COPY is told that the escape character is
the backslash and that `null` without quotes is NULL. So `orjson` writes the lines of many rows in
one call, and only what CSV does not know is done by hand: nested values and control characters.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from operator import itemgetter
from typing import Any

import orjson
from psycopg import sql

from ..sink import Row
from .catalogue import TargetTable

_OPTIONS = sql.SQL(" from stdin with (format csv, null 'null', escape '\\')")
_CONTROL = re.compile(rb'\\[^"]')
_ESCAPE = re.compile(rb"\\(?:u[0-9a-f]{4}|.)")

Columns = tuple[str, ...]
Values = Sequence[tuple[Any, ...]]


class RowError(Exception):
    """Rows that do not fit their table; the message names the table and what is wrong."""


def copy_statement(schema: str, table: str, columns: Columns) -> sql.Composed:
    """The COPY that takes the lines of `copy_lines`."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("copy {} ({})").format(sql.Identifier(schema, table), names) + _OPTIONS


def copy_lines(table: TargetTable, rows: list[Row]) -> Iterator[tuple[Columns, bytes]]:
    """Lines for COPY and the columns they are of; most often all rows have the same columns.

    A column that a row does not name is NULL, or its default if it has one. Numbers, strings and
    booleans go as their text, into JSON columns as JSON; what is nested goes as JSON everywhere.

    Raises:
        RowError: a row names a column that the table does not have, or cannot be encoded.
    """
    json_columns = {column.name for column in table.columns if column.json}
    for columns, values in _by_columns(table, rows):
        json_places = {place for place, name in enumerate(columns) if name in json_columns}
        try:
            yield columns, _lines(values, json_places)
        except orjson.JSONEncodeError as error:
            raise RowError(f"table {table.name}: {error}") from error


def _by_columns(table: TargetTable, rows: list[Row]) -> Iterable[tuple[Columns, Values]]:
    columns = _columns(table, tuple(rows[0]))
    if len(columns) > 1 and sum(map(len, rows)) == len(rows) * len(columns):
        with suppress(KeyError):
            return [(columns, list(map(itemgetter(*columns), rows)))]
    columns_of = cache(partial(_columns, table))
    groups = defaultdict(list)
    for row in rows:
        columns = columns_of(tuple(row))
        groups[columns].append(tuple(map(row.get, columns)))
    return groups.items()


def _columns(table: TargetTable, named: tuple[str, ...]) -> Columns:
    """The columns to copy such a row into: all but those that it leaves to their default."""
    unknown = set(named).difference(column.name for column in table.columns)
    if unknown:
        raise RowError(f"table {table.name}: no column {min(unknown)[:80]!r}")
    columns = tuple(
        column.name for column in table.columns if column.name in named or not column.has_default
    )
    if not columns:
        raise RowError(f"table {table.name}: a row without columns")
    return columns


def _lines(values: Values, json_places: set[int]) -> bytes:
    if not json_places:
        text = orjson.dumps(values)
        # No bracket but those of the rows: nothing is nested, and none can be in a string.
        if text.count(b"[") == len(values) + 1 and b"{" not in text:
            return _with_control_characters(text[2:-2].replace(b"],[", b"\n") + b"\n")
    lines = (
        orjson.dumps([_plain(value, place in json_places) for place, value in enumerate(row)])
        for row in values
    )
    return _with_control_characters(b"".join(line[1:-1] + b"\n" for line in lines))


def _plain(value: Any, as_json: bool) -> Any:
    nested = isinstance(value, (dict, list)) or (as_json and isinstance(value, str))
    return orjson.dumps(value).decode() if nested else value


def _with_control_characters(text: bytes) -> bytes:
    if b"\\" in text and _CONTROL.search(text.replace(b"\\\\", b"")):
        return _ESCAPE.sub(_unescaped, text)
    return text


def _unescaped(escape: re.Match[bytes]) -> bytes:
    if escape[0] in (b"\\\\", b'\\"'):
        return escape[0]
    character: str = orjson.loads(b'"' + escape[0] + b'"')
    return character.encode()
