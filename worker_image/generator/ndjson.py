"""Documents of JSON lines, written as a matrix of bytes: a row of the matrix is a line.

Every part of a line has its columns, wide enough for its longest text; what a text leaves free is
NUL and is dropped at the end. JSON escapes NUL, so none is ever part of a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..tables import ColumnType
from .frame import Field
from .randomness import Ints
from .spelling import Pool, Value

Bytes: TypeAlias = npt.NDArray[np.uint8]

_BARE = {ColumnType.INTEGER, ColumnType.DECIMAL, ColumnType.BOOLEAN}
_NULL = b"null"
_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}  # to some readers
_SPARSE = 18  # one NUL in so many bytes: below it, skipping from NUL to NUL is faster
_WIDE = 64
_TYPES = {1: "u1", 2: "u2", 4: "u4", 8: "u8"}


@dataclass(frozen=True, slots=True)
class _Copy:
    """Bytes of a pool's texts that go to `start` of each line: one number a text."""

    field: int
    pool: int
    start: int
    table: npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A field that may be null: where it is written, its fixed bytes, and null in as many."""

    field: int
    start: int
    fixed: npt.NDArray[np.void]
    null: npt.NDArray[np.void]


class Lines:
    """Writes rows of one record type. Not for two threads at once: its matrix is used again."""

    def __init__(self, record: str, fields: Sequence[Field]) -> None:
        self._line = bytearray(b'{"type":' + _quoted(record))
        self._copies: list[_Copy] = []
        cells = [self._add(number, field) for number, field in enumerate(fields)]
        self._line += b"}\n"
        self._cells = [_cell(*cell, bytes(self._line)) for cell in cells if cell]
        self._grow(1)

    def write(self, numbers: Sequence[Value], nulls: Sequence[Ints | None], rows: int) -> bytes:
        """The lines for `rows` rows: each field's numbers for its pools, and its null rows."""
        if len(self._matrix) < rows:
            self._grow(rows + rows // 8)
        for cell, place in zip(self._cells, self._cell_places, strict=True):
            place[:rows] = cell.fixed
        for copy, place in zip(self._copies, self._copy_places, strict=True):
            place[:rows] = copy.table.take(numbers[copy.field][copy.pool])
        for cell, place in zip(self._cells, self._cell_places, strict=True):
            place[nulls[cell.field]] = cell.null
        return _squeezed(self._matrix[:rows])

    def _grow(self, rows: int) -> None:
        """Make the matrix anew, with what is the same in all lines, and find all places in it."""
        self._matrix = np.tile(np.frombuffer(self._line, dtype=np.uint8), (rows, 1))

        def place(start: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
            return np.ndarray((rows,), dtype, self._matrix, start, (len(self._line),))

        self._copy_places = [place(copy.start, copy.table.dtype) for copy in self._copies]
        self._cell_places = [place(cell.start, cell.fixed.dtype) for cell in self._cells]

    def _add(self, number: int, field: Field) -> tuple[int, int, int] | None:
        """Lay a field out; a field that may be null answers with its number, start and end."""
        quote = b"" if field.column.type in _BARE else b'"'
        self._line += b"," + _quoted(field.column.name) + b":"
        start, pool = len(self._line), 0
        self._line += quote
        for part in field.spelling.parts:
            if isinstance(part, str):
                self._line += _escaped(part)
            else:
                self._add_pool(number, pool, part)
                pool += 1
        self._line += quote
        if not field.null:
            return None
        self._line += b"\0" * (start + len(_NULL) - len(self._line))
        return number, start, len(self._line)

    def _add_pool(self, field: int, pool: int, texts: Pool) -> None:
        table = _table(texts)
        for offset, size in _strides(table.shape[1]):
            part = np.ascontiguousarray(table[:, offset : offset + size])
            column = part.view(_TYPES.get(size, f"V{size}")).ravel()
            self._copies.append(_Copy(field, pool, len(self._line) + offset, column))
        self._line += bytes(table.shape[1])


def _cell(field: int, start: int, end: int, line: bytes) -> _Cell:
    null = _NULL.ljust(end - start, b"\0")
    return _Cell(field, start, _void(line[start:end]), _void(null))


def _void(text: bytes) -> npt.NDArray[np.void]:
    return np.frombuffer(text, dtype=f"V{len(text)}")


def _strides(width: int) -> list[tuple[int, int]]:
    """Pieces of 1, 2, 4, 8 or 16 bytes, which NumPy moves fastest; the last may overlap."""
    if width > _WIDE:
        return [(0, width)]
    size = min(16, 1 << (width.bit_length() - 1))
    starts = range(0, width - size, size)
    return [*((start, size) for start in starts), (width - size, size)]


@lru_cache(maxsize=32)  # the pools of digits are in every key and time
def _table(pool: Pool) -> Bytes:
    """Texts as rows of bytes, NUL after their end."""
    together = "".join(pool.texts)
    bare = together.isascii() and len(encode_basestring(together)) == len(together) + 2
    texts = pool.texts if bare else [_escaped(text) for text in pool.texts]
    return np.array(texts, dtype=np.bytes_).view(np.uint8).reshape(len(texts), -1)


def _escaped(text: str) -> bytes:
    """JSON's form of a text, without the quotes: UTF-8, which is shorter and readable."""
    return encode_basestring(text)[1:-1].translate(_LINE_ENDS).encode()


def _quoted(text: str) -> bytes:
    return b'"' + _escaped(text) + b'"'


def _squeezed(matrix: Bytes) -> bytes:
    """The bytes that are not NUL."""
    free = matrix.size - int(np.count_nonzero(matrix))
    if free * _SPARSE < matrix.size:
        return matrix.tobytes().replace(b"\0", b"")
    return matrix.tobytes().translate(None, b"\0")
