"""Documents as batches of rows, or row by row, whatever their format."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol

from ...contract import Reading
from ...errors import PermanentError
from ..sink import Batch, SourceRow
from . import ndjson
from .compression import content, without_suffix


class _Format(Protocol):
    """A module that reads a format, from blocks of its content or the stream itself."""

    def batches(self, blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[Batch]: ...
    def rows(self, blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[SourceRow]: ...


_FORMATS: dict[str, _Format] = {"ndjson": ndjson}
_SUFFIXES = {".ndjson": "ndjson", ".jsonl": "ndjson"}

Open = Callable[[], BinaryIO]


def batches(open_: Open, name: str, reading: Reading) -> Iterator[Batch]:
    """The rows of a document, in bounded memory. What opening and reading raise passes through.

    Raises:
        PermanentError: the document is damaged or of no known format; with its name, and the
            number and beginning of the line.
    """
    format_, reading = _format(name, reading)
    yield from format_.batches(content(open_(), name), name, reading)


def rows(open_: Open, name: str, reading: Reading) -> Iterator[SourceRow]:
    """The same rows one by one with their place, those that cannot be read among them."""
    format_, reading = _format(name, reading)
    yield from format_.rows(content(open_(), name), name, reading)


def _format(name: str, reading: Reading) -> tuple[_Format, Reading]:
    suffix = PurePosixPath(without_suffix(name)).suffix.lower()
    if suffix not in _SUFFIXES:
        raise PermanentError(f"{name}: no reader for {suffix!r}; there are {', '.join(_SUFFIXES)}")
    format_ = _SUFFIXES[suffix]
    if format_ != "ndjson" and not reading.record_type:  # no tag: the folder is named like it
        reading = replace(reading, record_type=PurePosixPath(name).parent.name)
    return _FORMATS[format_], reading
