"""Rows as JSON, cut into bodies that are the same for the same document, however it arrives."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

import orjson

from ..errors import PermanentError
from .sink import Document, Row

LARGEST = 4 * 1024 * 1024


@dataclass(slots=True)
class Body:
    """Some rows of one record type, each as JSON, in the order of the document.

    Bodies are counted from 1 in each record type, and so are their rows, from `first`.
    """

    record_type: str
    number: int = 1
    first: int = 1
    lines: list[bytes] = field(default_factory=list)
    size: int = 0

    @property
    def last(self) -> int:
        """The last row of it."""
        return self.first + len(self.lines) - 1

    def takes(self, line: bytes, most_rows: int) -> bool:
        """Whether a row has room; the first one always has."""
        fits = len(self.lines) < most_rows and self.size + len(line) < LARGEST
        return fits or not self.lines

    def add(self, line: bytes) -> None:
        """Take a row, and the byte between it and the next one."""
        self.lines.append(line)
        self.size += len(line) + 1

    def following(self) -> "Body":
        """The empty one after it."""
        return Body(self.record_type, self.number + 1, self.last + 1)

    def ndjson(self) -> bytes:
        """A line a row."""
        return b"\n".join([*self.lines, b""])

    def json(self) -> bytes:
        """An array."""
        return b"[" + b",".join(self.lines) + b"]"


def bodies(document: Document, most_rows: int) -> Iterator[Body]:
    """All rows of a document, at most `most_rows` and about 4 MiB of them at a time.

    How a document is cut into batches depends on how it arrives, and with it the order of record
    types; that of the rows of one type does not. So each type is cut by itself.

    Raises:
        PermanentError: a row cannot be read, or has a value that JSON has not.
    """
    filling: dict[str, Body] = {}
    for batch in document.batches():
        kind = batch.record_type
        body = filling.setdefault(kind, Body(kind))
        for row in batch.rows():
            line = _line(row, document, body)
            if not body.takes(line, most_rows):
                yield body
                body = filling[kind] = body.following()
            body.add(line)
    yield from (body for body in filling.values() if body.lines)


def json_text(value: Any) -> bytes:
    """A value of a row as JSON: numbers exact, times in ISO 8601, bytes in base64.

    Raises:
        ValueError: JSON has no such value.
    """
    try:
        text = orjson.dumps(value, default=_plain)
    except TypeError as error:
        raise ValueError(str(error)) from error
    # NaN and the infinities come out as null.
    if b"null" in text and not _finite(value):
        raise ValueError("NaN and infinity are no JSON")
    return text


def _line(row: Row, document: Document, body: Body) -> bytes:
    try:
        return json_text(row)
    except ValueError as error:
        place = f"row {body.last + 1} of {body.record_type[:80]}{_column(row)}"
        raise PermanentError(f"{document.name}: {place}: {error}") from error


def _column(row: Row) -> str:
    """The column that makes a row no JSON."""
    for column, value in row.items():
        try:
            json_text(value)
        except ValueError:
            return f", column {column[:80]}"
    return ""


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return orjson.Fragment(str(value)) if value.is_finite() else None
        case bytes():
            return base64.b64encode(value).decode()
        case timedelta():
            return f"PT{Decimal(value // timedelta(microseconds=1)).scaleb(-6):f}S"
    raise TypeError


def _finite(value: Any) -> bool:
    match value:
        case float():
            return isfinite(value)
        case Decimal():
            return value.is_finite()
        case list():
            return all(map(_finite, value))
        case dict():
            return all(map(_finite, value.values()))
    return True
