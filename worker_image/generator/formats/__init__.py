"""Writes documents in every form."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...forms import Form, Format
from ..dataset import Dataset, Record
from ..frame import Frame
from ..problems import SpecError
from . import csv
from .csv import Csv
from .layout import Dialect, Layout
from .ndjson import Ndjson
from .parquet import Parquet


@dataclass(frozen=True, slots=True)
class Document:
    """Rows of one record type, or with None of all that a unit has. Not yet compressed."""

    record: str | None
    content: bytes


Write = Callable[[Frame], bytes]


def check_form(dataset: Dataset, form: Form) -> None:
    """See that readers find every row in documents of this form.

    Raises:
        SpecError: of some record types they would not.
    """
    if form.format is Format.CSV:
        found = [problem for record in dataset.records for problem in csv.problems(record)]
        if found:
            raise SpecError(found)


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
