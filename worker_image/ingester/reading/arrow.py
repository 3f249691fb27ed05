"""Batches of Arrow as rows of exact values, or as the text that COPY reads."""

from collections.abc import Callable, Collection, Iterator
from decimal import Decimal
from functools import cache
from math import copysign, isfinite
from typing import Any

import pyarrow as pa
from pyarrow import csv, types

from ...errors import PermanentError
from ..sink import CopyText, Dialect, Row, Texts

_ERRORS = (pa.ArrowException, ValueError, OverflowError, KeyError)
_SHOWN = 200
_LARGEST_WHOLE = 2**53  # from there on a double stands for several whole numbers
_OPTIONS = csv.WriteOptions(include_header=False, quoting_style="needed")

_NUMBERS = (types.is_integer, types.is_boolean, types.is_decimal)
_TEXTS = (types.is_string, types.is_large_string)
# Arrow spells these otherwise than JSON does.
_SPELLED = (types.is_floating, types.is_date, types.is_timestamp, types.is_time)


@cache
def _read_as(kind: Any) -> Any:
    """The type that holds the values of a column exactly, or fails to."""
    return next((as_type(kind) for is_such, as_type in _READ_AS if is_such(kind)), kind)


# How a type is read where Python has no such values, or has others for them than PostgreSQL.
_READ_AS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Any]], ...] = (
    (types.is_dictionary, lambda kind: _read_as(kind.value_type)),
    (types.is_timestamp, lambda kind: pa.timestamp("us", "+00:00" if kind.tz else None)),
    (types.is_time, lambda _: pa.time64("us")),
    (types.is_duration, lambda _: pa.duration("us")),
    (types.is_date, lambda _: pa.date32()),
    (types.is_floating, lambda _: pa.float64()),
    (types.is_map, lambda kind: pa.map_(_read_as(kind.key_type), _read_as(kind.item_type))),
    (types.is_list, lambda kind: pa.list_(_field(kind.value_field))),
    (types.is_large_list, lambda kind: pa.large_list(_field(kind.value_field))),
    (types.is_fixed_size_list, lambda kind: pa.list_(_field(kind.value_field), kind.list_size)),
    (types.is_struct, lambda kind: pa.struct([_field(field) for field in kind])),
)


class ArrowBatch:
    """Some rows of the document `name`; a column is converted when it is asked for."""

    def __init__(self, name: str, record_type: str, batch: Any) -> None:
        self._name = name
        self._record_type = record_type
        self._batch = batch

    @property
    def record_type(self) -> str:
        """What the rows are."""
        return self._record_type

    def rows(self) -> list[Row]:
        """The rows.

        Raises:
            PermanentError: a value is none that Python knows, or would lose digits.
        """
        names = self._batch.schema.names
        columns = [self._converted(name, _values) for name in names]
        return [Texts(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]

    def one_by_one(self) -> Iterator[tuple[Row, str]]:
        """Each row with what is wrong with it, if anything is; then it lacks these values."""
        try:
            rows = self.rows()
        except PermanentError:
            yield from map(self._row, range(self._batch.num_rows))
        else:
            yield from ((row, "") for row in rows)

    def copy_text(
        self, json_columns: Collection[str], text_columns: Collection[str] = ()
    ) -> CopyText | None:
        """The same rows as text, if no value is nested or binary.

        None as well if a float or a time is for a JSON or text column, where its spelling stays.

        Raises:
            PermanentError: as of `rows`.
        """
        schema = self._batch.schema
        for field in schema:
            shown = field.name in json_columns or field.name in text_columns
            allowed = _NUMBERS + _TEXTS + (() if shown else _SPELLED)
            if not any(is_such(_read_as(field.type)) for is_such in allowed):
                return None
        columns = [self._converted(name, _exact) for name in schema.names]
        text = pa.BufferOutputStream()
        try:
            csv.write_csv(pa.RecordBatch.from_arrays(columns, schema.names), text, _OPTIONS)
        except _ERRORS as error:
            raise PermanentError(f"{self._name}: {str(error)[:_SHOWN]}") from error
        return CopyText(tuple(schema.names), text.getvalue().to_pybytes(), Dialect())

    def _converted(self, name: str, convert: Callable[[Any], Any]) -> Any:
        try:
            return convert(self._batch.column(name))
        except _ERRORS as error:
            raise PermanentError(f"{self._name}: {_fault(name, error)}") from error

    def _row(self, place: int) -> tuple[Row, str]:
        row, faults = {}, []
        for name in self._batch.schema.names:
            try:
                (row[name],) = _values(self._batch.column(name).slice(place, 1))
            except _ERRORS as error:
                faults.append(_fault(name, error))
        return row, "; ".join(faults)


def _field(field: Any) -> Any:
    return field.with_type(_read_as(field.type))


def _exact(column: Any) -> Any:
    kind = _read_as(column.type)
    return column if kind == column.type else column.cast(kind)


def _values(column: Any) -> Any:
    exact = _exact(column)
    values = exact.to_pylist(maps_as_pydicts="strict")
    return list(map(_number, values)) if types.is_floating(exact.type) else values


def _number(value: float | None) -> float | Decimal | None:
    """A double, a whole one as an int: integer columns take it then, as they take its text.

    Writers make doubles of whole numbers where one is missing. Negative zero, and what is no
    number, is a Decimal: no int can be that, and the text of a float would be `-0.0` or null.
    """
    if value is None:
        return None
    if not isfinite(value) or (value == 0 and copysign(1, value) < 0):
        return Decimal(value)
    return int(value) if value.is_integer() and abs(value) < _LARGEST_WHOLE else value


def _fault(column: str, error: Exception) -> str:
    return f"column {column[:80]!r}: {str(error)[:_SHOWN]}"
