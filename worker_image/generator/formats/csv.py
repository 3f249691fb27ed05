"""CSV as RFC 4180 and COPY have it: a document for each record type, with a line of names first.

Null is nothing at all, an empty text is `""`. A field is in quotes in all rows or in none, by what
its texts may be. A record type whose only field may be null is refused: such a row is a blank line,
which readers pass over.
"""

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from ...tables import ColumnType
from ..dataset import Record
from ..frame import Field
from ..problems import Problem
from ..spelling import Part, Pool
from .layout import Dialect

_SPECIAL = re.compile('[",\r\n]')
_TEXTS = {ColumnType.TEXT, ColumnType.JSON}
_BLANK = (
    "may be null, and a row of nothing else is a blank line, which readers pass over;"
    " allowed: a field that is never null, a second field, or the format ndjson or parquet"
)


class Csv(Dialect):
    """Values by comma, lines by a line feed."""

    null: ClassVar[bytes] = b""
    end: ClassVar[bytes] = b"\n"

    def start(self, record: str) -> bytes:  # noqa: ARG002 - as the dialect asks
        """See `Dialect`."""
        return b""

    def before(self, place: int, name: str) -> bytes:  # noqa: ARG002 - as the dialect asks
        """See `Dialect`."""
        return b"," if place else b""

    def quote(self, field: Field) -> bytes:
        """See `Dialect`."""
        if field.column.type not in _TEXTS:
            return b""
        parts = field.spelling.parts
        special = any(_SPECIAL.search(text) for part in parts for text in _texts(part))
        return b'"' if special or all("" in _texts(part) for part in parts) else b""

    def escape(self, text: str, field: Field) -> bytes:
        """See `Dialect`."""
        return (text.replace('"', '""') if field.column.type in _TEXTS else text).encode()


def problems(record: Record) -> Iterator[Problem]:
    """Why its rows would be lost, if they would."""
    columns = [field.column for field in record.written]
    if len(columns) == 1 and columns[0].nullable:
        yield Problem(f"records.{record.name}.fields.{columns[0].name}", "csv", _BLANK)


def header(names: Sequence[str]) -> bytes:
    """The line of names; none of them needs quotes."""
    return (",".join(names) + "\n").encode()


def _texts(part: Part) -> Sequence[str]:
    if isinstance(part, str):
        return (part,)
    if isinstance(part, Pool):
        return part.texts
    return (part.text,) if part.shortest else (part.text, "")
