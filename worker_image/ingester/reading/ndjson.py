"""NDJSON: one JSON object a line, in UTF-8."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

import orjson

from ...contract import Reading
from ...errors import PermanentError
from ..sink import Batch, Row, SourceRow
from .rows import Rows

TAG = "type"
_CHUNK = 128 * 1024
_LONGEST_LINE = 32 * 1024 * 1024
_SHOWN = 80
_BOM = b"\xef\xbb\xbf"
# Digits become 0, to find long numbers and small exponents at the speed of memory.
_DIGITS = bytes.maketrans(b"0123456789.E", b"00000000000e")
_LONG = b"0" * 16
_TINY = b"0e-000"

Load = Callable[[bytes], Any]


_ByType = dict[str, list[Row]]


def batches(blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[Batch]:
    """The rows of the document, about 128 KiB of it at a time.

    Without a record type the member `type` of each object tells it and is taken out of the row.
    A number is an int, a float, or an `orjson.Fragment` with its text where those would change
    its value.

    Raises:
        PermanentError: a line is not an object in UTF-8, has no type, or is over 32 MiB.
    """
    number, record_type = 1, reading.record_type or None
    seen: dict[str, None] = {}  # rows of parents stay before others where they once were
    for chunk in _chunks(blocks, name):
        lines = chunk.removeprefix(_BOM if number == 1 else b"").split(b"\n")
        load = _load_exactly if _may_change(chunk) else orjson.loads
        try:
            batch = _batch(lines, load, record_type)
        except (ValueError, TypeError, KeyError, AttributeError):
            batch = _batch_by_line(lines, name, number, record_type)
        seen.update(dict.fromkeys(batch))
        yield from (Rows(kind, batch[kind]) for kind in seen if kind in batch)
        number += len(lines) - 1


def rows(blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[SourceRow]:
    """Every line but the blank ones."""
    number, record_type = 1, reading.record_type or None
    for chunk in _chunks(blocks, name):
        lines = chunk.removeprefix(_BOM if number == 1 else b"").split(b"\n")
        for place, line in enumerate(lines, number):
            if line.strip():
                yield _source_row(line, name, place, record_type)
        number += len(lines) - 1


def _source_row(line: bytes, name: str, number: int, record_type: str | None) -> SourceRow:
    raw = line.decode(errors="replace")
    try:
        kind, row = _record(line, record_type)
    except (ValueError, TypeError, RecursionError) as error:
        return SourceRow(name, number, record_type or "", {}, raw, str(error))
    return SourceRow(name, number, kind, row, raw)


def _chunks(blocks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Whole lines, the last one perhaps without its end."""
    pending: list[bytes] = []
    size = 0
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end and size + end >= _CHUNK:
            yield b"".join([*pending, block[:end]])
            pending, size = [block[end:]], len(block) - end
        else:
            pending.append(block)
            size += len(block)
        if size > _LONGEST_LINE:
            raise PermanentError(f"{name}: a line is over {_LONGEST_LINE} bytes")
    if size:
        yield b"".join(pending)


def _batch(lines: list[bytes], load: Load, record_type: str | None) -> _ByType:
    """Raises one of many errors if any line is not a record, and perhaps if one is blank."""
    rows: list[Row] = list(map(load, filter(None, lines)))
    if record_type is None:
        batch: _ByType = defaultdict(list)
        for row in rows:
            batch[row.pop(TAG)].append(row)
    else:
        batch = {record_type: rows} if rows else {}
    if not set(map(type, rows)) <= {dict} or not set(map(type, batch)) <= {str}:
        raise TypeError
    return batch


def _batch_by_line(lines: list[bytes], name: str, first: int, record_type: str | None) -> _ByType:
    batch: _ByType = {}
    for number, line in enumerate(lines, first):
        try:
            if line.strip():
                kind, row = _record(line, record_type)
                batch.setdefault(kind, []).append(row)
        except (ValueError, TypeError, RecursionError) as error:
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
    row = _DECODER.decode(line.decode())
    if b"\\u" in line:
        orjson.dumps(row)  # half a surrogate pair passes the decoder and fails here
    return row
