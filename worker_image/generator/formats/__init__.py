"""The forms that documents can have."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from ..dataset import Record
from ..frame import Frame
from . import csv
from .compression import Compression
from .csv import Csv
from .layout import Dialect, Layout
from .ndjson import Ndjson
from .parquet import Parquet


class Format(StrEnum):
    """How records are written."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Form:
    """A format and how it is compressed: Parquet inside, the others as a whole."""

    format: Format = Format.NDJSON
    compression: Compression = Compression.NONE

    @property
    def joined(self) -> bool:
        """Whether all record types of a unit are in one document."""
        return self.format is Format.NDJSON

    @property
    def suffix(self) -> str:
        """What the name of a document ends with."""
        outer = "" if self.format is Format.PARQUET else self.compression.suffix
        return f".{self.format}{outer}"

    @property
    def content_type(self) -> str:
        """The media type of a document."""
        return {
            Format.NDJSON: "application/x-ndjson",
            Format.CSV: "text/csv",
            Format.PARQUET: "application/vnd.apache.parquet",
        }[self.format]

    def encode(self, content: bytes) -> bytes:
        """A document as it is stored; the same bytes for the same content, always."""
        return content if self.format is Format.PARQUET else self.compression.compress(content)


@dataclass(frozen=True, slots=True)
class Document:
    """Rows of one record type, or with None of all that a unit has. Not yet compressed."""

    record: str | None
    content: bytes


Write = Callable[[Frame], bytes]


def writer(record: Record, form: Form) -> Write:
    """What writes the rows of a record type, for one thread at a time.

    Raises:
        SpecError: the format needs a layer that this image is without.
    """
    match form.format:
        case Format.NDJSON:
            return _lines(record, Ndjson(), b"")
        case Format.CSV:
            return _lines(record, Csv(), csv.header([f.column.name for f in record.written]))
        case Format.PARQUET:
            return Parquet(record.written, form.compression).write


def documents(form: Form, written: Iterable[tuple[str, bytes]]) -> tuple[Document, ...]:
    """The documents of a unit, from what each of its record types has come to."""
    if form.joined:
        return (Document(None, b"".join(content for _, content in written)),)
    return tuple(Document(record, content) for record, content in written)


def _lines(record: Record, dialect: Dialect, head: bytes) -> Write:
    fields = record.written
    layout = Layout(record.name, fields, dialect)

    def write(frame: Frame) -> bytes:
        numbers = [field.spelling.numbers(frame.values[field.column.name]) for field in fields]
        nulls = [frame.nulls.get(field.column.name) for field in fields]
        return head + layout.write(numbers, nulls, frame.rows)

    return write
