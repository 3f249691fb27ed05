"""NDJSON: one JSON object a line, in UTF-8."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

import orjson

from ...contract import Reading
from ...errors import PermanentError
from ..sink import Batch, CopyText, Dialect, Row, SourceRow
from .ndjson_text import Lines
from .rows import Rows

TAG = "type"
_CHUNK = 128 * 1024
_LONGEST_LINE = 32 * 1024 * 1024
_WORTHWHILE = 8 * 1024  # bytes of lines from which on it pays to look at all at once
_SHOWN = 80
_BOM = b"\xef\xbb\xbf"
_TAG = re.compile(rb'\{("type":"([^"\\]*)"),')
# Digits become 0, to find long numbers and small exponents at the speed of memory.
_DIGITS = bytes.maketrans(b"0123456789.E", b"00000000000e")
_LONG = b"0" * 16
_TINY = b"0e-000"
# As JSON writes strings, so that they are taken over as they are.
_DIALECT = Dialect(escape="\\", null="null")

Load = Callable[[bytes], Any]
ByType = dict[str, list[Row]]


def batches(blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[Batch]:
    """The rows of the document, about 128 KiB of it at a time.

    Without a record type the member `type` of each object tells it and is taken out of the row.
    A number is an int, a float, or an `orjson.Fragment` with its text where those would change
    its value.

    Raises:
        PermanentError: a line is not an object in UTF-8, has no type, or is over 32 MiB; some
            batches find that out when they are asked for their rows.
    """
    record_type = reading.record_type or None
    seen: dict[str, None] = {}  # rows of parents stay before others where they once were
    for run in _runs(blocks, name, record_type):
        if run.alike:
            yield run
            continue
        batch = run.by_type()
        seen.update(dict.fromkeys(batch))
        yield from (Rows(kind, batch[kind]) for kind in seen if kind in batch)


def rows(blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[SourceRow]:
    """Every line but the blank ones."""
    record_type = reading.record_type or None
    number = 1
    for chunk in _chunks(blocks, name):
        lines = chunk.split(b"\n")[:-1]
        for place, line in enumerate(lines, number):
            if line.strip():
                yield _source_row(line, name, place, record_type)
        number += len(lines)


def _source_row(line: bytes, name: str, number: int, record_type: str | None) -> SourceRow:
    raw = line.decode(errors="replace")
    try:
        kind, row = _record(line, record_type)
    except (ValueError, TypeError) as error:
        return SourceRow(name, number, record_type or "", {}, raw, str(error))
    return SourceRow(name, number, kind, row, raw)


class _Run:
    """Lines of a document from line `number` on; if they are `alike`, a batch.

    `tag` is the member that they then begin with, empty where the document has one record type.
    """

    def __init__(self, text: bytes, tag: bytes, record_type: str | None, name: str, number: int):
        self.record_type = record_type or ""
        self._text = text
        self._tag = tag
        self._typed = record_type if not tag else None
        self._name = name
        self._number = number
        lines = Lines(text) if record_type and len(text) >= _WORTHWHILE else None
        self._csv = lines.as_csv(tag) if lines else None
        self.count = lines.count if lines else text.count(b"\n")

    @property
    def alike(self) -> bool:
        """Whether all lines are of one record type, and have a text."""
        return self._csv is not None

    def rows(self) -> list[Row]:
        """The rows as values."""
        return self.by_type().get(self.record_type, [])

    def copy_text(
        self,
        json_columns: Collection[str],
        text_columns: Collection[str] = (),  # noqa: ARG002 - any spelling will do
    ) -> CopyText | None:
        """The rows as text, if it takes no look at their values."""
        if self._csv is None or not set(self._csv[0]).isdisjoint(json_columns):
            return None
        return CopyText(*self._csv, _DIALECT)

    def by_type(self) -> ByType:
        """The rows by record type, types in the order of their first row here."""
        lines = self._text.split(b"\n")
        load = _load_exactly if _may_change(self._text) else orjson.loads
        try:
            return _batch(lines, load, self._typed)
        except (ValueError, TypeError, KeyError, AttributeError):
            return _batch_by_line(lines, self._name, self._number, self._typed)


def _runs(blocks: Iterator[bytes], name: str, record_type: str | None) -> Iterator[_Run]:
    """The document in runs of lines, each of one record type where types are not mixed."""
    number = 1
    for chunk in _chunks(blocks, name):
        start = 0
        while start < len(chunk):
            tag = _TAG.match(chunk, start) if record_type is None else None
            end = _end_of_run(chunk, tag, start)
            kind = tag[2].decode(errors="replace") if tag else record_type
            run = _Run(chunk[start:end], tag[1] if tag else b"", kind, name, number)
            yield run
            start, number = end, number + run.count


def _end_of_run(chunk: bytes, tag: re.Match[bytes] | None, start: int) -> int:
    """The end of the last line of a chunk that begins with the tag."""
    if tag is None:
        return len(chunk)
    last = chunk.rfind(b"\n{" + tag[1] + b",", start)
    return chunk.find(b"\n", max(last + 1, start)) + 1 or len(chunk)


def _chunks(blocks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Whole lines, each with its line feed."""
    pending: list[bytes] = []
    size = 0
    for block in _without_bom(blocks):
        end = block.rfind(b"\n") + 1
        if end and size + end >= _CHUNK:
            yield b"".join([*pending, block[:end]])
            pending, size = [block[end:]], len(block) - end
        else:
            pending.append(block)
            size += len(block)
        if size > _LONGEST_LINE:
            raise PermanentError(f"{name}: a line is over {_LONGEST_LINE} bytes")
    if rest := b"".join(pending):
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def _without_bom(blocks: Iterable[bytes]) -> Iterator[bytes]:
    beginning: bytes | None = b""
    for block in blocks:
        if beginning is None:
            yield block
        elif len(beginning := beginning + block) >= len(_BOM):
            yield beginning.removeprefix(_BOM)
            beginning = None
    if beginning:
        yield beginning


def _batch(lines: list[bytes], load: Load, record_type: str | None) -> ByType:
    """Raises one of many errors if any line is not a record, and perhaps if one is blank."""
    rows: list[Row] = list(map(load, filter(None, lines)))
    if record_type is None:
        batch: ByType = defaultdict(list)
        for row in rows:
            batch[row.pop(TAG)].append(row)
    else:
        batch = {record_type: rows} if rows else {}
    if not set(map(type, rows)) <= {dict} or not set(map(type, batch)) <= {str}:
        raise TypeError
    return batch


def _batch_by_line(lines: list[bytes], name: str, first: int, record_type: str | None) -> ByType:
    batch: ByType = {}
    for number, line in enumerate(lines, first):
        try:
            if line.strip():
                kind, row = _record(line, record_type)
                batch.setdefault(kind, []).append(row)
        except (ValueError, TypeError) as error:
            beginning = line[:_SHOWN].decode(errors="replace")
            raise PermanentError(f"{name}, line {number}: {error}: {beginning!r}") from error
    return batch


def _record(line: bytes, record_type: str | None) -> tuple[str, Row]:
    row = _load_exactly(line)
    if not isinstance(row, dict):
        raise ValueError("not an object")
    kind = row.pop(TAG, None) if record_type is None else record_type
    if not isinstance(kind, str):
        raise ValueError(f"no {TAG!r} that names its record type")
    return kind, row


def _may_change(text: bytes) -> bool:
    """Whether a number may be of more digits or smaller than a double can tell."""
    digits = text.translate(_DIGITS)
    return _LONG in digits or _TINY in digits


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(
    parse_float=orjson.Fragment, parse_int=orjson.Fragment, parse_constant=_refuse
)


def _load_exactly(line: bytes) -> Any:
    if not _may_change(line):
        with suppress(orjson.JSONDecodeError):  # it also refuses what a double cannot hold
            return orjson.loads(line)
    try:
        row = _DECODER.decode(line.decode())
    except RecursionError:
        raise ValueError("nested too deep") from None
    if b"\\u" in line:
        orjson.dumps(row)  # half a surrogate pair passes the decoder and fails here
    return row
