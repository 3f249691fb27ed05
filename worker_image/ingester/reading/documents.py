"""Documents as batches of rows, or row by row, whatever their format."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol

from ...contract import Reading
from ...errors import PermanentError
from ..sink import Batch, SourceRow
from . import csv_text, ndjson, parquet
from .compression import content, without_suffix


class _Format(Protocol):
    """A module that reads a format from blocks of its content."""

    def batches(self, blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[Batch]: ...
    def rows(self, blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[SourceRow]: ...


_FORMATS: dict[str, _Format] = {"ndjson": ndjson, "csv": csv_text, "parquet": parquet}
_SUFFIXES = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
_BOM = b"\xef\xbb\xbf"
_MOST_BLANKS = 64 * 1024

Open = Callable[[], BinaryIO]


def batches(open_: Open, name: str, reading: Reading) -> Iterator[Batch]:
    """The rows of a document, in bounded memory. What opening and reading raise passes through.

    Raises:
        PermanentError: the document is damaged or not what `reading` says; with its name, and
            where there is one the number and beginning of the line.
    """
    format_, blocks, reading = _opened(open_, name, reading)
    yield from format_.batches(blocks, name, reading)


def rows(open_: Open, name: str, reading: Reading) -> Iterator[SourceRow]:
    """The same rows one by one with their place, those that cannot be read among them."""
    format_, blocks, reading = _opened(open_, name, reading)
    yield from format_.rows(blocks, name, reading)


def _opened(open_: Open, name: str, reading: Reading) -> tuple[_Format, Iterator[bytes], Reading]:
    """The format by what the reading, the name or else the content says, in this order."""
    blocks = content(open_(), name, reading.compression)
    suffix = PurePosixPath(without_suffix(name)).suffix.lower()
    format_ = reading.format or _SUFFIXES.get(suffix, "")
    if not format_:
        head = _head(blocks)
        format_, blocks = _format_of(head), chain([head], blocks)
    if format_ not in _FORMATS:
        raise PermanentError(f"{name}: no format {format_[:80]!r}; there are {', '.join(_FORMATS)}")
    return _FORMATS[format_], blocks, _completed(reading, name, format_, suffix)


def _completed(reading: Reading, name: str, format_: str, suffix: str) -> Reading:
    """The reading with what the name of the document says."""
    if suffix == ".tsv" and reading.delimiter == Reading().delimiter:
        reading = replace(reading, delimiter="\t")
    if format_ == "ndjson" or reading.record_type:
        return reading
    folder = PurePosixPath(name).parent.name  # no row has a tag: the folder is named like it
    if not folder:
        raise PermanentError(f"{name}: it is in no folder that names its record type")
    return replace(reading, record_type=folder)


def _head(blocks: Iterator[bytes]) -> bytes:
    """The beginning of the content, with a byte that tells its format if there is one."""
    head = b""
    for block in blocks:
        head += block
        if len(head) > _MOST_BLANKS or (len(head) >= len(parquet.MAGIC) and _begins(head)):
            break
    return head


def _format_of(head: bytes) -> str:
    if head.startswith(parquet.MAGIC):
        return "parquet"
    return "ndjson" if _begins(head).startswith(b"{") else "csv"


def _begins(head: bytes) -> bytes:
    return head[:_MOST_BLANKS].removeprefix(_BOM).lstrip()
