"""Dates, times and durations."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Discriminator, Field, Tag

from ...tables import Column, ColumnType
from .. import frame as frames
from .. import instants, samplers
from ..frame import Frame, Reading
from ..instants import DAY, FIRST, LAST, Moment
from ..problems import Refusal, located
from ..randomness import Ints, Words, scaled
from ..samplers import Sampler
from ..spelling import Pool, Spelling, Value, decimal
from .base import TAG, FieldSpec, Options, Scope
from .numbers import counted

_DAYS_LIMIT = 400 * 366
_EPOCH = date(1970, 1, 1).toordinal()


class Span(Options):
    """From one moment to another, both included: absolute, relative to `as_of`, or to a field."""

    from_: str = Field(alias="from", description="For example 2024-01-01, -5y, customer.signup_ts")
    to: str = Field(description="For example as_of, ts + 30d")


class Gaps(Options):
    """Pauses in a series."""

    share: float = Field(gt=0, le=1, description="The share of rows with a pause before them")
    to: str = Field(description="The longest pause, for example 6h")


class Series(Options):
    """Times in steps over the rows of one parent, or of a unit without one."""

    from_: str = Field(alias="from", description="The first, as in a span")
    every: str = Field(description="The step, for example 15m")
    jitter: str | None = Field(None, description="How much later each may be; less than a step")
    gaps: Gaps | None = None


class DateField(FieldSpec):
    """A day."""

    kind: ClassVar[str] = "date"
    examples: ClassVar[tuple[str, ...]] = ("{date: {from: 1950-01-01, to: -18y}}",)
    date: Span

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        return _built(scope, self.date, Column(scope.field, ColumnType.DATE), DAY)


class DatetimeField(FieldSpec):
    """A moment to the second, in UTC: anywhere in a span, or in a series."""

    kind: ClassVar[str] = "datetime"
    examples: ClassVar[tuple[str, ...]] = (
        "{datetime: {from: -5y, to: as_of}}",
        "{datetime: {from: ordered + 1h, to: ordered + 14d}}",
        "{datetime: {from: -30d, every: 15m, jitter: 20s, gaps: {share: 0.01, to: 6h}}}",
    )
    datetime: Annotated[
        Annotated[Span, Tag(f"{TAG}span")] | Annotated[Series, Tag(f"{TAG}series")],
        Discriminator(lambda value: TAG + _way(value)),
    ]

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        column = Column(scope.field, ColumnType.TIMESTAMP)
        if isinstance(self.datetime, Series):
            return _series(scope, self.datetime, column)
        return _built(scope, self.datetime, column, 1)


def _way(value: object) -> str:
    in_steps = isinstance(value, Series) or (isinstance(value, dict) and "every" in value)
    return "series" if in_steps else "span"


def _built(scope: Scope, span: Span, column: Column, step: int) -> frames.Field:
    with located("from"):
        start = scope.moment(span.from_)
    with located("to"):
        end = scope.moment(span.to)
    if not start.precedes(end):
        raise Refusal("from must never be later than to", f"{span.from_} .. {span.to}")
    low, high = start.low // step * step, end.high // step * step
    check_span(low, high)
    after = {name: least - step + 1 for name, least in start.after.items()}
    fixed = start.source is None and end.source is None
    return frames.Field(
        column,
        spelt_time(column.type, low, high),
        _drawing(start, end, step),
        streams=1,
        reading=Reading(low, high, after=after),
        follows=(*start.follows, *end.follows),
        enumeration=counted(low, high, step) if fixed else None,
    )


def check_span(low: int, high: int) -> None:
    """Refuse times that have no name or too many of them."""
    if low < FIRST or high > LAST or (high - low) // DAY > _DAYS_LIMIT:
        reason = "allowed: the years 1 to 9999, of them 400 between the first and the last moment"
        raise Refusal(reason, f"{low} .. {high} seconds after 1970")


def _drawing(start: Moment, end: Moment, step: int) -> Callable[[Frame, Words], Value]:
    largest = (end.high - start.low) // step + 2

    def draw(frame: Frame, words: Words) -> Value:
        first, last = start.at(frame) // step, end.at(frame) // step
        return ((scaled(words[0], last - first + 1, largest) + first) * step,)

    return draw


def _series(scope: Scope, series: Series, column: Column) -> frames.Field:
    with located("from"):
        start = scope.moment(series.from_)
    with located("every"):
        step = instants.seconds(series.every)
    with located("jitter"):
        jitter = instants.seconds(series.jitter) if series.jitter else 0
        if jitter >= step:
            raise Refusal("jitter must be less than a step", series.jitter)
    pause = 0
    with located("gaps", "to"):
        pause = instants.seconds(series.gaps.to) if series.gaps else 0
    pauses = samplers.chance(series.gaps.share if series.gaps else 0.0)
    high = start.high + (scope.siblings_limit - 1) * step + scope.siblings_limit * pause + jitter
    check_span(start.low, high)

    def draw(frame: Frame, words: Words) -> Value:
        late = scaled(words[0], jitter + 1)
        if pause:
            late += frame.running(np.where(pauses(words[1]), scaled(words[2], pause + 1), 0))
        return (start.at(frame) + frame.positions * step + late,)

    return frames.Field(
        column,
        spelt_time(column.type, start.low, high),
        draw,
        streams=3 if pause else 1,
        reading=Reading(start.low, high, after=start.after),
        follows=start.follows,
    )


class DurationOptions(Options):
    """From `min` to `max`, for example 90s, 15m, 2h, 1d 12h: all alike, or about a median."""

    min: str = Field(description="The shortest")
    max: str = Field(description="The longest")
    median: str | None = Field(None, description="Half of the values are under it")
    sigma: float = Field(1.0, gt=0, le=5, description="How far they spread about the median")


class DurationField(FieldSpec):
    """A length of time in whole seconds, written as ISO 8601 has it: `PT5400S`."""

    kind: ClassVar[str] = "duration"
    examples: ClassVar[tuple[str, ...]] = (
        "{duration: {min: 5m, max: 2h}}",
        "{duration: {min: 1s, max: 1d, median: 4m, sigma: 1.2}}",
    )
    duration: DurationOptions

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        options = self.duration
        with located("min"):
            low = instants.seconds(options.min)
        with located("max"):
            high = instants.seconds(options.max)
        if low > high:
            raise Refusal("min must not be above max", f"{options.min} .. {options.max}")
        sampler = _lengths(options, low, high)
        return frames.Field(
            Column(scope.field, ColumnType.DURATION),
            spelt_duration(low, high),
            lambda _, words: (sampler.draw(words[0]),),
            streams=1,
            reading=Reading(low, high),
            enumeration=None if options.median else counted(low, high),
        )


def _lengths(options: DurationOptions, low: int, high: int) -> Sampler:
    if options.median is None:
        return samplers.uniform(low, high)
    with located("median"):
        median = instants.seconds(options.median)
    curve = samplers.lognormal(max(1, median), options.sigma)
    if sampler := samplers.within(curve, low, high):
        return sampler
    raise Refusal("a hundredth of the distribution at least must be in [min, max]", options.median)


def spelt_time(column: ColumnType, low: int, high: int) -> Spelling:
    """Spell seconds since 1970 UTC of [low, high] as a date or a time."""
    return _date(low, high) if column is ColumnType.DATE else _datetime(low, high)


def spelt_duration(low: int, high: int) -> Spelling:
    """Spell seconds of [low, high] as ISO 8601 and PostgreSQL have them."""
    return decimal(low, high).enclosed("PT", "S")


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
