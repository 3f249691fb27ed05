"""Rows of text, written as a matrix of bytes: a row of the matrix is a line.

Every part of a line has its columns, wide enough for its longest text; what a text leaves free is
NUL and is dropped at the end. No text has a NUL of its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from ..frame import Field, Mask
from ..randomness import Ints
from ..spelling import Corpus, Pool, Value, borders, widest

Bytes: TypeAlias = npt.NDArray[np.uint8]

_BLOCK = 1 << 19  # bytes of the matrix: it stays in the cache, however large a unit is
_SPARSE = 18  # one NUL in so many bytes: below it, skipping from NUL to NUL is faster
_WIDE = 64
_MASKED = 512  # bytes: a table of masks grows with the square of it
_TYPES = {1: "u1", 2: "u2", 4: "u4", 8: "u8"}


class Dialect(ABC):
    """How a line is put together. Texts come as they are and leave as the dialect writes them."""

    null: ClassVar[bytes]
    end: ClassVar[bytes]

    @abstractmethod
    def start(self, record: str) -> bytes:
        """What a line begins with."""

    @abstractmethod
    def before(self, place: int, name: str) -> bytes:
        """What comes before the field at this place."""

    @abstractmethod
    def quote(self, field: Field) -> bytes:
        """What encloses the values of a field, if anything does."""

    @abstractmethod
    def escape(self, text: str, field: Field) -> bytes:
        """A part of a value as it stands inside the quotes; longer or the same, never shorter."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """Bytes of a pool's texts that go to `start` of each line: one number a text."""

    field: int
    number: int
    start: int
    table: npt.NDArray[Any]

    def cells(self, numbers: Sequence[Value], rows: slice) -> Any:
        """What to write, a cell a row, or one for all."""
        chosen = numbers[self.field][self.number]
        return self.table.take(chosen if isinstance(chosen, int) else chosen[rows])


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Bytes of a corpus that go to `start` of each line: from `ends[first]` so many pieces on.

    `windows` has what follows each byte of the corpus; `kept` is a mask for each number of bytes,
    where that is a small table.
    """

    field: int
    number: int
    start: int
    ends: Ints
    windows: npt.NDArray[np.void]
    kept: Bytes | None

    @property
    def table(self) -> npt.NDArray[np.void]:
        """Gives the type of a cell."""
        return self.windows

    def cells(self, numbers: Sequence[Value], rows: slice) -> Any:
        """What to write, a cell a row."""
        first, count = (
            np.asarray(n)[rows] for n in numbers[self.field][self.number : self.number + 2]
        )
        begin = self.ends.take(first)
        size = self.ends.take(first + count) - begin
        cells = self.windows[begin].view(np.uint8).reshape(len(begin), -1)
        if self.kept is None:
            cells[np.arange(cells.shape[1]) >= size[:, None]] = 0
        else:
            np.bitwise_and(cells, self.kept.take(size, axis=0), out=cells)
        return cells.view(self.windows.dtype).ravel()


@dataclass(frozen=True, slots=True)
class _Cell:
    """A field that may be null: where it is written, its fixed bytes, and null in as many."""

    field: int
    start: int
    fixed: npt.NDArray[np.void]
    null: npt.NDArray[np.void]


class Layout:
    """Writes rows of one record type. Not for two threads at once: its matrix is used again."""

    def __init__(self, record: str, fields: Sequence[Field], dialect: Dialect) -> None:
        self._dialect = dialect
        self._line = bytearray(dialect.start(record))
        self._copies: list[_Copy | _Stretch] = []
        cells = [self._add(number, field) for number, field in enumerate(fields)]
        self._line += dialect.end
        self._cells = [_cell(*cell, bytes(self._line), dialect.null) for cell in cells if cell]
        self._block = max(16, _BLOCK // len(self._line))
        self._grow(1)

    def write(self, numbers: Sequence[Value], nulls: Sequence[Mask | None], rows: int) -> bytes:
        """The lines for `rows` rows: each field's numbers for its parts, and where it is null."""
        return b"".join(map(squeezed, self._matrices(numbers, nulls, rows)))

    def texts(
        self, numbers: Sequence[Value], nulls: Sequence[Mask | None], rows: int
    ) -> tuple[Ints, bytes]:
        """The same with the number of bytes of each line."""
        sizes, texts = [np.zeros(0, dtype=np.int64)], []
        for matrix in self._matrices(numbers, nulls, rows):
            sizes.append(np.count_nonzero(matrix, axis=1))
            texts.append(squeezed(matrix))
        return np.concatenate(sizes), b"".join(texts)

    def _matrices(
        self, numbers: Sequence[Value], nulls: Sequence[Mask | None], rows: int
    ) -> Iterator[Bytes]:
        """The lines in blocks, each good until the next."""
        if len(self._matrix) < min(rows, self._block):
            self._grow(min(rows + rows // 8, self._block))
        for start in range(0, rows, self._block):
            yield self._filled(numbers, nulls, slice(start, min(rows, start + self._block)))

    def _filled(self, numbers: Sequence[Value], nulls: Sequence[Mask | None], rows: slice) -> Bytes:
        count = rows.stop - rows.start
        for cell, place in zip(self._cells, self._cell_places, strict=True):
            place[:count] = cell.fixed
        for copy, place in zip(self._copies, self._copy_places, strict=True):
            place[:count] = copy.cells(numbers, rows)
        for cell, place in zip(self._cells, self._cell_places, strict=True):
            missing = nulls[cell.field]
            if missing is not None:
                place[np.flatnonzero(missing[rows])] = cell.null
        return self._matrix[:count]

    def _grow(self, rows: int) -> None:
        """Make the matrix anew, with what is the same in all lines, and find all places in it."""
        self._matrix = np.tile(np.frombuffer(self._line, dtype=np.uint8), (rows, 1))

        def place(start: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
            return np.ndarray((rows,), dtype, self._matrix, start, (len(self._line),))

        self._copy_places = [place(copy.start, copy.table.dtype) for copy in self._copies]
        self._cell_places = [place(cell.start, cell.fixed.dtype) for cell in self._cells]

    def _add(self, number: int, field: Field) -> tuple[int, int, int] | None:
        """Lay a field out; a field that may be null answers with its number, start and end."""
        quote = self._dialect.quote(field)
        self._line += self._dialect.before(number, field.column.name)
        start, taken = len(self._line), 0
        self._line += quote
        for part in field.spelling.parts:
            if isinstance(part, str):
                self._line += self._dialect.escape(part, field)
            elif isinstance(part, Pool):
                self._add_pool(number, taken, _table(part, self._dialect, field))
                taken += 1
            else:
                self._add_corpus(number, taken, part, field)
                taken += 2
        self._line += quote
        if not field.column.nullable:
            return None
        self._line += b"\0" * (start + len(self._dialect.null) - len(self._line))
        return number, start, len(self._line)

    def _add_pool(self, field: int, number: int, table: Bytes) -> None:
        for offset, size in _strides(table.shape[1]):
            part = np.ascontiguousarray(table[:, offset : offset + size])
            column = part.view(_TYPES.get(size, f"V{size}")).ravel()
            self._copies.append(_Copy(field, number, len(self._line) + offset, column))
        self._line += bytes(table.shape[1])

    def _add_corpus(self, number: int, taken: int, corpus: Corpus, field: Field) -> None:
        written, ends = _written(corpus, self._dialect, field)
        width = widest(ends, corpus.longest)
        if not width:
            return
        text = np.frombuffer(written + bytes(width), dtype=np.uint8)
        windows = np.ndarray((len(text) - width + 1,), f"V{width}", text, 0, (1,))
        kept = None
        if width <= _MASKED:
            kept = np.tri(width + 1, width, -1, dtype=np.uint8) * np.uint8(255)
        self._copies.append(_Stretch(number, taken, len(self._line), ends, windows, kept))
        self._line += bytes(width)


def _cell(field: int, start: int, end: int, line: bytes, null: bytes) -> _Cell:
    return _Cell(field, start, _void(line[start:end]), _void(null.ljust(end - start, b"\0")))


def _void(text: bytes) -> npt.NDArray[np.void]:
    return np.frombuffer(text, dtype=f"V{len(text)}")


def _strides(width: int) -> list[tuple[int, int]]:
    """Pieces of 1, 2, 4, 8 or 16 bytes, which NumPy moves fastest; the last may overlap."""
    if width > _WIDE:
        return [(0, width)]
    size = min(16, 1 << (width.bit_length() - 1))
    starts = range(0, width - size, size)
    return [*((start, size) for start in starts), (width - size, size)]


def _written(corpus: Corpus, dialect: Dialect, field: Field) -> tuple[bytes, Ints]:
    """The text of a corpus and the borders of its pieces, as a dialect has them."""
    text = dialect.escape(corpus.text, field)
    if len(text) == len(corpus.text):
        return text, corpus.borders
    pieces = [dialect.escape(piece, field) for piece in corpus.pieces]
    return b"".join(pieces), borders(pieces)


def _table(pool: Pool, dialect: Dialect, field: Field) -> Bytes:
    """Texts as rows of bytes, NUL after their end."""
    together = "".join(pool.texts)
    if len(dialect.escape(together, field)) == len(together):  # nothing to escape, all ASCII
        return _bare_table(pool)
    return _matrix([dialect.escape(text, field) for text in pool.texts])


@lru_cache(maxsize=64)  # the pools of digits are in every key and time
def _bare_table(pool: Pool) -> Bytes:
    return _matrix(pool.texts)


def _matrix(texts: Sequence[str | bytes]) -> Bytes:
    return np.array(texts, dtype=np.bytes_).view(np.uint8).reshape(len(texts), -1)


def squeezed(matrix: Bytes) -> bytes:
    """The bytes that are not NUL."""
    free = matrix.size - int(np.count_nonzero(matrix))
    if free * _SPARSE < matrix.size:
        return matrix.tobytes().replace(b"\0", b"")
    return matrix.tobytes().translate(None, b"\0")
