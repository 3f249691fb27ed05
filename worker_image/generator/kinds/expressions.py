"""Fields worked out from others."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from ...tables import Column, ColumnType
from .. import frame as frames
from ..expressions.terms import Blank, Sort, Term
from ..frame import Frame, Mask, Reading, Source
from ..instants import check_length
from ..randomness import Words
from ..spelling import Spelling, Value, decimal, picked
from .base import FieldSpec, Scope
from .numbers import decimal_column
from .times import check_span, spelt_duration, spelt_time

_PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*")
_NAMES = ("as_of", "unit", "True", "False")


class ExpressionField(FieldSpec):
    """Worked out from other fields, exactly: `round(quantity * price * (1 - discount), 2)`.

    It is null where a field that it uses is null. A field alone, of any kind, is copied, and refers
    to what the field refers to. The syntax is a part of Python's; a text beside a
    time or duration is one itself: `shipped - ordered > '2d'`.
    """

    kind: ClassVar[str] = "expression"
    examples: ClassVar[tuple[str, ...]] = (
        "{expression: 'round(quantity * price * (1 - discount), 2)'}",
        "{expression: \"'late' if shipped - ordered > '7d' else 'on time'\"}",
        "{expression: 'years(born, as_of)'}",
        "{expression: 'cumulative(quantity)'}",
        "{expression: product_id.name}",
    )
    expression: str = Field(min_length=1)

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        if _PATH.fullmatch(self.expression.strip()) and self.expression.strip() not in _NAMES:
            return _copy(scope, self.expression.strip())
        term = scope.term(self.expression)
        column, spelling = _written(scope.field, term)

        def draw(frame: Frame, _: Words) -> Value:
            return (_whole(term.evaluate(frame), frame.rows),)

        reading = Reading(term.low, term.high, term.scale, term.texts, term.after)
        return frames.Field(
            column,
            spelling,
            draw,
            reading=reading,
            follows=term.follows,
            blank=_blank(term.blank) if term.blank else None,
        )


def _blank(blank: Blank) -> Callable[[Frame], Mask]:
    def everywhere(frame: Frame) -> Mask:
        missing = blank(frame)
        return np.zeros(frame.rows, dtype=bool) if missing is None else missing

    return everywhere


def _copy(scope: Scope, path: str) -> frames.Field:
    source, field = scope.source(path)
    column = replace(
        field.column,
        name=scope.field,
        key=False,
        unique=False,
        references=scope.reference(source),
    )
    return frames.Field(
        column,
        field.spelling,
        lambda frame, _: frame.value(source),
        reading=_read_after(field, source),
        follows=(source,),
    )


def _read_after(field: frames.Field, source: Source) -> Reading | None:
    """A copy of a time is no earlier than the time itself."""
    if field.reading is None or not field.column.type.is_time:
        return field.reading
    return replace(field.reading, after={**field.reading.after, source: 0})


def _whole(values: Any, rows: int) -> Any:
    return np.broadcast_to(np.asarray(values, dtype=np.int64), rows)


def _written(name: str, term: Term) -> tuple[Column, Spelling]:
    match term.sort:
        case Sort.NUMBER if term.scale:
            column = decimal_column(name, (term.low, term.high), term.scale)
            return column, decimal(term.low, term.high, term.scale)
        case Sort.NUMBER:
            return Column(name, ColumnType.INTEGER), decimal(term.low, term.high)
        case Sort.TRUTH:
            return Column(name, ColumnType.BOOLEAN), picked(("false", "true"))
        case Sort.DURATION:
            check_length(max(term.low, term.high, key=abs), f"{term.low} .. {term.high} seconds")
            return Column(name, ColumnType.DURATION), spelt_duration(term.low, term.high)
        case Sort.TEXT:
            return Column(name, ColumnType.TEXT), picked(term.texts)
        case Sort.TIME:
            check_span(term.low, term.high)
            kind = ColumnType.DATE if term.day else ColumnType.TIMESTAMP
            return Column(name, kind), spelt_time(kind, term.low, term.high)
