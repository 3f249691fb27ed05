"""CSV as RFC 4180 and COPY have it: a document for each record type, with a line of names first.

Null is nothing at all, an empty text is `""`. A field is in quotes in all rows or in none, by what
its texts may be.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from ...tables import ColumnType
from ..frame import Field
from ..spelling import Part, Pool
from .layout import Dialect

_SPECIAL = re.compile('[",\r\n]')
_TEXTS = {ColumnType.TEXT, ColumnType.JSON}


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


def header(names: Sequence[str]) -> bytes:
    """The line of names; none of them needs quotes."""
    return (",".join(names) + "\n").encode()


def _texts(part: Part) -> Sequence[str]:
    if isinstance(part, str):
        return (part,)
    if isinstance(part, Pool):
        return part.texts
    return (part.text,) if part.shortest else (part.text, "")
