"""Dates and times."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import ClassVar

import numpy as np
from pydantic import Field

from ...tables import Column, ColumnType
from .. import frame as frames
from ..frame import Frame, Times
from ..instants import DAY, FIRST, LAST, Moment
from ..problems import Refusal, located
from ..randomness import Ints, Words, scaled
from ..spelling import Pool, Spelling, Value
from .base import FieldSpec, Options, Scope

_DAYS_LIMIT = 400 * 366
_EPOCH = date(1970, 1, 1).toordinal()


class Span(Options):
    """From one moment to another, both included: absolute, relative to `as_of`, or to a field."""

    from_: str = Field(alias="from", description="For example 2024-01-01, -5y, customer.signup_ts")
    to: str = Field(description="For example as_of, ts + 30d")


class DateField(FieldSpec):
    """A day."""

    kind: ClassVar[str] = "date"
    date: Span

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        return _built(scope, self.date, Column(scope.field, ColumnType.DATE), DAY)


class DatetimeField(FieldSpec):
    """A moment to the second, in UTC."""

    kind: ClassVar[str] = "datetime"
    datetime: Span

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        return _built(scope, self.datetime, Column(scope.field, ColumnType.TIMESTAMP), 1)


def _built(scope: Scope, span: Span, column: Column, step: int) -> frames.Field:
    with located("from"):
        start = scope.moment(span.from_)
    with located("to"):
        end = scope.moment(span.to)
    if not start.precedes(end):
        raise Refusal("from must never be later than to", f"{span.from_} .. {span.to}")
    low, high = start.low // step * step, end.high // step * step
    if low < FIRST or high > LAST or (high - low) // DAY > _DAYS_LIMIT:
        reason = "allowed: the years 1 to 9999, of them 400 between the first and the last moment"
        raise Refusal(reason, f"{span.from_} .. {span.to}")
    times = Times(low, high, {name: least - step + 1 for name, least in start.after.items()})
    spelling = _date(low, high) if step == DAY else _datetime(low, high)
    return frames.Field(column, spelling, _drawing(start, end, step), streams=1, times=times)


def _drawing(start: Moment, end: Moment, step: int) -> Callable[[Frame, Words], Value]:
    largest = (end.high - start.low) // step + 2

    def draw(frame: Frame, words: Words) -> Value:
        first, last = start.at(frame) // step, end.at(frame) // step
        return ((scaled(words[0], last - first + 1, largest) + first) * step,)

    return draw


def _days(low: int, high: int, end: str) -> Pool:
    days = range(low // DAY + _EPOCH, high // DAY + _EPOCH + 1)
    return Pool(date.fromordinal(day).isoformat() + end for day in days)


def _date(low: int, high: int) -> Spelling:
    return Spelling((_days(low, high, ""),), lambda value: (_whole(value, DAY) - low // DAY,))


@lru_cache(maxsize=1)
def _clock() -> tuple[Pool, Pool]:
    minutes = Pool(f"{minute // 60:02}:{minute % 60:02}:" for minute in range(24 * 60))
    return minutes, Pool(f"{second:02}Z" for second in range(60))


def _datetime(low: int, high: int) -> Spelling:
    def numbers(value: Value) -> Value:
        day, minute = _whole(value, DAY), _whole(value, 60)
        return (day - low // DAY, minute - day * (24 * 60), value[0] - minute * 60)

    return Spelling((_days(low, high, "T"), *_clock()), numbers)


def _whole(value: Value, step: int) -> Ints:
    return np.asarray(value[0] // step)
