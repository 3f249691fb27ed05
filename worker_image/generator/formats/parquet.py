"""Parquet: a document for each record type, typed columns, compressed inside.

Durations are whole seconds, JSON and UUIDs are texts. PyArrow is an optional layer of the image:
it is imported when a dataset is first compiled for this format.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...tables import Column, ColumnType
from ..frame import Field, Frame, Mask
from ..instants import DAY
from ..problems import Problem, SpecError
from ..spelling import Pool, Value
from .layout import Dialect, Layout

if TYPE_CHECKING:
    import pyarrow as pa

_DIGITS = 38
_MICROSECONDS = 1_000_000


class _Plain(Dialect):
    """Texts as they are, one field a line."""

    null: ClassVar[bytes] = b""
    end: ClassVar[bytes] = b""

    def start(self, record: str) -> bytes:  # noqa: ARG002 - as the dialect asks
        """See `Dialect`."""
        return b""

    def before(self, place: int, name: str) -> bytes:  # noqa: ARG002 - as the dialect asks
        """See `Dialect`."""
        return b""

    def quote(self, field: Field) -> bytes:  # noqa: ARG002 - as the dialect asks
        """See `Dialect`."""
        return b""

    def escape(self, text: str, field: Field) -> bytes:  # noqa: ARG002 - as the dialect asks
        """See `Dialect`."""
        return text.encode()


class Parquet:
    """Writes the rows of one record type as a file of one row group."""

    def __init__(self, fields: Sequence[Field], codec: str) -> None:
        try:
            import pyarrow as arrow  # noqa: PLC0415 - an optional layer of the image
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError:
            reason = "this image is without PyArrow; build it with the layer for Parquet"
            raise SpecError([Problem("format", "parquet", reason)]) from None
        self._arrow, self._parquet = arrow, parquet
        self._fields = fields
        self._columns = [_column(arrow, field) for field in fields]
        self._schema = arrow.schema(
            [
                arrow.field(field.column.name, _type(arrow, field.column), field.column.nullable)
                for field in fields
            ]
        )
        texts = [field.column.name for field in fields if _pool(field)]
        self._options: dict[str, Any] = {
            "compression": codec,
            "compression_level": None if codec == "none" else 1,
            "use_dictionary": texts or False,
            "store_schema": False,
            "store_decimal_as_integer": True,
        }

    def write(self, frame: Frame) -> bytes:
        """The rows of a frame as a file."""
        arrays = []
        for field, column in zip(self._fields, self._columns, strict=True):
            name = field.column.name
            arrays.append(column(frame.values[name], frame.nulls.get(name), frame.rows))
        table = self._arrow.Table.from_arrays(arrays, schema=self._schema)
        sink = self._arrow.BufferOutputStream()
        self._parquet.write_table(table, sink, **self._options)
        return bytes(sink.getvalue())


_Column = Callable[[Value, Mask | None, int], Any]
"""Values, where they are null, and how many rows there are, to an array of Arrow's."""


def _type(arrow: Any, column: Column) -> "pa.DataType":
    match column.type:
        case ColumnType.INTEGER | ColumnType.DURATION:
            return arrow.int64()
        case ColumnType.DECIMAL:
            return arrow.decimal128(min(column.precision or _DIGITS, _DIGITS), column.scale or 0)
        case ColumnType.BOOLEAN:
            return arrow.bool_()
        case ColumnType.DATE:
            return arrow.date32()
        case ColumnType.TIMESTAMP:
            return arrow.timestamp("us", "UTC")
        case _:
            return arrow.string()


def _pool(field: Field) -> Pool | None:
    """The one pool that all of a text is in."""
    parts = field.spelling.parts
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Pool) else None


def _column(arrow: Any, field: Field) -> _Column:
    if field.column.type in (ColumnType.TEXT, ColumnType.JSON, ColumnType.UUID):
        pool = _pool(field)
        return _pooled(arrow, field, pool) if pool else _spelt(arrow, field)
    reading, of_type = field.reading, _type(arrow, field.column)
    assert reading, field.column

    def build(value: Value, null: Mask | None, rows: int) -> Any:
        numbers = np.broadcast_to(reading.read(value), rows)
        buffers = [_validity(arrow, null), arrow.py_buffer(_stored(field.column.type, numbers))]
        return arrow.Array.from_buffers(of_type, rows, buffers)

    return build


def _stored(column: ColumnType, numbers: Any) -> Any:
    """Numbers of a reading as Arrow lays them out."""
    match column:
        case ColumnType.BOOLEAN:
            return np.packbits(numbers.astype(bool), bitorder="little")
        case ColumnType.DATE:
            return (numbers // DAY).astype(np.int32)
        case ColumnType.TIMESTAMP:
            return numbers * _MICROSECONDS
        case ColumnType.DECIMAL:
            return np.stack([numbers, numbers >> 63], axis=1)
        case _:
            return np.ascontiguousarray(numbers)


def _pooled(arrow: Any, field: Field, pool: Pool) -> _Column:
    texts = arrow.array(pool.texts, arrow.string())

    def build(value: Value, null: Mask | None, rows: int) -> Any:
        (number,) = field.spelling.numbers(value)
        numbers = np.broadcast_to(number, rows).astype(np.int32)
        indices = arrow.Array.from_buffers(
            arrow.int32(), rows, [_validity(arrow, null), arrow.py_buffer(numbers)]
        )
        return arrow.DictionaryArray.from_arrays(indices, texts).dictionary_decode()

    return build


def _spelt(arrow: Any, field: Field) -> _Column:
    layout = Layout("", [field], _Plain())

    def build(value: Value, null: Mask | None, rows: int) -> Any:
        sizes, texts = layout.texts([field.spelling.numbers(value)], [null], rows)
        ends = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
        buffers = [_validity(arrow, null), arrow.py_buffer(ends), arrow.py_buffer(texts)]
        return arrow.Array.from_buffers(arrow.string(), rows, buffers)

    return build


def _validity(arrow: Any, null: Mask | None) -> Any:
    return None if null is None else arrow.py_buffer(np.packbits(~null, bitorder="little"))
