"""CSV in any dialect and encoding: records of fields, under a header or names that are given."""

import codecs
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from ...contract import Reading
from ...errors import PermanentError
from ..sink import Batch, CopyText, Row, SourceRow, Texts
from .csv_dialect import CsvDialect, Record
from .rows import checked_names

_CHUNK = 128 * 1024
_LONGEST_RECORD = 32 * 1024 * 1024
_SHOWN = 80
_BOM = b"\xef\xbb\xbf"
_UTF_8 = ("utf-8", "utf-8-sig")
# What bytes that are not UTF-8 are decoded to, to find the records they are in.
_BROKEN = re.compile("[\udc80-\udcff]")


def batches(blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[Batch]:
    """The rows of the document, about 128 KiB of it at a time, as text that is read when asked for.

    Values are texts, or None where unquoted text is the `null` of the dialect. A blank line is no
    row, nor is a document without one an error. A BOM is dropped.

    Raises:
        PermanentError: a name of a column is empty or there twice, a record is over 32 MiB, or
            the text is not in its encoding; from `Batch.rows` with the line, if a record has a
            quote without end or another number of fields than the header.
    """
    yield from _parts(blocks, name, reading)


def rows(blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[SourceRow]:
    """Every record, counted from 1 without the header; the raw row is its text."""
    reads = chain.from_iterable(part.read() for part in _parts(blocks, name, reading))
    for number, read in enumerate(reads, 1):
        yield SourceRow(name, number, reading.record_type, read.row, read.raw, read.fault)


class _Read(NamedTuple):
    start: int
    raw: str
    row: Row
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """Whole records of a document as their text, from a certain line on."""

    name: str
    line: int
    record_type: str
    columns: tuple[str, ...]
    text: bytes
    dialect: CsvDialect

    def rows(self) -> list[Row]:
        """The rows.

        Raises:
            PermanentError: a record cannot be read; with its line and beginning.
        """
        rows = []
        for read in self.read():
            if read.fault:
                place = f"{self.name}, line {self._line(read.start)}"
                raise PermanentError(f"{place}: {read.fault}: {read.raw[:_SHOWN]!r}")
            rows.append(read.row)
        return rows

    def copy_text(
        self,
        json_columns: Collection[str],  # noqa: ARG002 - texts are JSON
        text_columns: Collection[str] = (),  # noqa: ARG002 - and text
    ) -> CopyText | None:
        """The text itself, unless COPY would take it for something else."""
        text = self.dialect.for_copy(self.text)
        return None if text is None else CopyText(self.columns, text, self.dialect.copy)

    def read(self) -> Iterator[_Read]:
        """Each record, perhaps with a fault in place of its row."""
        text = self.text.decode(errors="surrogateescape")
        for record in self.dialect.records(text, self.dialect.copy.null):
            raw = text[record.start : record.end].rstrip("\r\n")
            fault = self._fault(record, raw)
            if fault or record.fields is None:
                raw = raw.encode(errors="surrogateescape").decode(errors="replace")
                yield _Read(record.start, raw, {}, fault)
            else:
                yield _Read(record.start, raw, Texts(zip(self.columns, record.fields, strict=True)))

    def _line(self, start: int) -> int:
        before = self.text.decode(errors="surrogateescape")[:start]
        return self.line + _line_ends(before.encode(errors="surrogateescape"))

    def _fault(self, record: Record, raw: str) -> str:
        if not raw.isascii() and _BROKEN.search(raw):
            return "not UTF-8"
        if record.fields is None:
            return "a quote has no end"
        if len(record.fields) != len(self.columns):
            return f"{len(record.fields)} fields, not {len(self.columns)}"
        return ""


def _parts(blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[_Part]:
    dialect = CsvDialect(reading)
    columns = () if reading.header else checked_names(reading.columns, name)
    for line, text in _chunks(_utf_8(blocks, reading.encoding, name), name, dialect):
        if not text.strip(b"\r\n"):  # to match millions of blank lines takes long
            continue
        start = 0
        if not columns:
            columns, start = _header(text, name, dialect)
        if text[start:].strip(b"\r\n"):
            first = line + _line_ends(text[:start])
            yield _Part(name, first, reading.record_type, columns, text[start:], dialect)


def _header(text: bytes, name: str, dialect: CsvDialect) -> tuple[tuple[str, ...], int]:
    """The names in the first record, if it is there, and where it ends."""
    decoded = text.decode(errors="surrogateescape")
    record = next(dialect.records(decoded, None), None)
    if record is None:
        return (), len(text)
    header = decoded[: record.end].encode(errors="surrogateescape")
    if record.fields is None or _BROKEN.search(decoded, 0, record.end):
        beginning = header[:_SHOWN].decode(errors="replace")
        reason = "a quote in the header has no end, or it is not UTF-8"
        raise PermanentError(f"{name}: {reason}: {beginning!r}")
    return checked_names([field or "" for field in record.fields], name), len(header)


def _chunks(blocks: Iterable[bytes], name: str, dialect: CsvDialect) -> Iterator[tuple[int, bytes]]:
    """Whole records, the last one with a line end if it had none, and the line they begin in."""
    line, pending, size, wanted = 1, [b""], 0, _CHUNK
    for block in blocks:
        pending.append(block)
        size += len(block)
        if size < wanted:
            continue
        text = b"".join(pending)
        end = dialect.whole(text)
        if end:
            yield line, text[:end].removeprefix(_BOM if line == 1 else b"")
            line += _line_ends(text[:end])
        elif size > _LONGEST_RECORD:
            beginning = text[:_SHOWN].decode(errors="replace")
            reason = f"a record is over {_LONGEST_RECORD} bytes"
            raise PermanentError(f"{name}, line {line}: {reason}: {beginning!r}")
        # Twice as much before it is searched again: a long record takes linear time.
        wanted = _CHUNK if end else min(2 * size, _LONGEST_RECORD + 1)
        pending, size = [text[end:]], size - end
    text = b"".join(pending).removeprefix(_BOM if line == 1 else b"")
    if text:
        yield line, text if text.endswith((b"\r", b"\n")) else text + b"\n"


def _utf_8(blocks: Iterator[bytes], encoding: str, name: str) -> Iterator[bytes]:
    try:
        if codecs.lookup(encoding).name in _UTF_8:
            return blocks
        " ".encode(encoding)  # some codecs are not for text
    except LookupError as error:
        raise PermanentError(f"{name}: no encoding {encoding[:40]!r} of text") from error
    return _transcoded(blocks, encoding, name)


def _transcoded(blocks: Iterator[bytes], encoding: str, name: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise PermanentError(f"{name}: not {encoding}: {error}") from error


def _line_ends(text: bytes) -> int:
    return text.count(b"\n") or text.count(b"\r")
