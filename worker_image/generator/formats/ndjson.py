"""Lines of JSON, each with the type of its record: all records of a unit in one document."""

from json.encoder import encode_basestring
from typing import ClassVar

from ...tables import ColumnType
from ..frame import Field
from .layout import Dialect

BARE = {ColumnType.INTEGER, ColumnType.DECIMAL, ColumnType.BOOLEAN, ColumnType.JSON}
"""Types whose values are JSON without quotes."""

_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}  # to some readers


class Ndjson(Dialect):
    """Members in the order of the fields; UTF-8, which is shorter and readable."""

    null: ClassVar[bytes] = b"null"
    end: ClassVar[bytes] = b"}\n"

    def start(self, record: str) -> bytes:
        """See `Dialect`."""
        return b'{"type":' + _quoted(record)

    def before(self, place: int, name: str) -> bytes:  # noqa: ARG002 - as the dialect asks
        """See `Dialect`."""
        return b"," + _quoted(name) + b":"

    def quote(self, field: Field) -> bytes:
        """See `Dialect`."""
        return b"" if field.column.type in BARE else b'"'

    def escape(self, text: str, field: Field) -> bytes:
        """See `Dialect`."""
        return (text if field.column.type is ColumnType.JSON else escaped(text)).encode()


def escaped(text: str) -> str:
    """A text as JSON has it between quotes."""
    return encode_basestring(text)[1:-1].translate(_LINE_ENDS)


def _quoted(text: str) -> bytes:
    return f'"{escaped(text)}"'.encode()
