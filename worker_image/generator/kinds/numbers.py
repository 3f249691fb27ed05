"""Numbers: counted, whole and decimal."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import ClassVar

import numpy as np
from pydantic import Field

from ...tables import Column, ColumnType
from .. import frame as frames
from .. import samplers
from ..curves import Floats
from ..frame import Enumeration, Frame, Reading
from ..problems import Refusal
from ..randomness import Words
from ..samplers import Sampler
from ..spelling import Value, decimal, picked, plain
from ..uniqueness import CODES_LIMIT
from .base import FieldSpec, Options, Scope

_LIMIT = (1 << 63) - 1
_DECIMAL_LIMIT = 10**12
_ZIPF_LIMIT = 1_000_000


class Normal(Options):
    """The bell curve, cut at min and max."""

    mean: float = Field(ge=-1e12, le=1e12, description="The middle")
    deviation: float = Field(
        gt=0, le=1e12, description="Two of three values are no farther from the mean"
    )

    def quantiles(self) -> Floats:
        """The curve as a table."""
        return samplers.normal(self.mean, self.deviation)


class Lognormal(Options):
    """Half of the values under the median, a long tail above: prices, durations, sizes."""

    median: float = Field(gt=0, le=1e12, description="Half of the values are under it")
    sigma: float = Field(
        gt=0,
        le=5,
        description="How long the tail is: 0.5 is short, 1 usual, 2 very long",
    )

    def quantiles(self) -> Floats:
        """The curve as a table."""
        return samplers.lognormal(self.median, self.sigma)


class Exponential(Options):
    """Times between independent events."""

    mean: float = Field(gt=0, le=1e12, description="The average")

    def quantiles(self) -> Floats:
        """The curve as a table."""
        return samplers.exponential(self.mean)


class Zipf(Options):
    """The n-th value from min on is n ** exponent times rarer than the first."""

    exponent: float = Field(gt=0, le=10, description="0.5 is mild, 1 usual, 2 steep")


class Curves(Options):
    """A distribution: uniform, and in need of min and max, unless one is named."""

    normal: Normal | None = None
    lognormal: Lognormal | None = None
    exponential: Exponential | None = None

    def curves(self) -> list[Normal | Lognormal | Exponential]:
        """The distributions that are named."""
        return [curve for curve in (self.normal, self.lognormal, self.exponential) if curve]

    def sampler(self, low: int | None, high: int | None, scale: int) -> Sampler:
        """Draw in units of 10**-scale, in which `low` and `high` are too.

        Raises:
            Refusal: the range is empty, open where it must not be, or misses the distribution.
        """
        if low is not None and high is not None and low > high:
            raise Refusal("min must not be above max", [plain(low, scale), plain(high, scale)])
        curves = self.curves()
        if len(curves) > 1:
            raise Refusal("one distribution is allowed", sorted(self.model_fields_set))
        if curves:
            return _cut(curves[0], low, high, scale)
        if low is None or high is None:
            raise Refusal("min and max are needed, or a distribution", None)
        return samplers.uniform(low, high)


def _cut(
    curve: Normal | Lognormal | Exponential, low: int | None, high: int | None, scale: int
) -> Sampler:
    sampler = samplers.within(curve.quantiles() * 10.0**scale, low, high)
    if sampler is None:
        reason = "a hundredth of the distribution at least must be in [min, max] and under 2**53"
        raise Refusal(reason, curve.model_dump())
    return sampler


class IntegerOptions(Curves):
    """Whole numbers of [min, max]."""

    min: int | None = Field(None, ge=-_LIMIT, le=_LIMIT, description="The least")
    max: int | None = Field(None, ge=-_LIMIT, le=_LIMIT, description="The most")
    zipf: Zipf | None = None

    def whole_numbers(self) -> Sampler:
        """Draw whole numbers; see `Curves.sampler`."""
        if self.zipf is None:
            return self.sampler(self.min, self.max, 0)
        if self.curves() or self.min is None or self.max is None:
            raise Refusal("zipf needs min and max, and no other distribution", self.max)
        size = self.max - self.min + 1
        if not 1 <= size <= _ZIPF_LIMIT:
            raise Refusal(f"zipf: 1 to {_ZIPF_LIMIT} values are allowed", size)
        weights = samplers.zipf_weights(size, self.zipf.exponent)
        return samplers.weighted(samplers.deal(weights), self.min)


class IntegerField(FieldSpec):
    """A whole number of 64 bits: each of [min, max] alike likely, or by one distribution."""

    kind: ClassVar[str] = "integer"
    examples: ClassVar[tuple[str, ...]] = (
        "{integer: {min: 1, max: 6}}",
        "{integer: {min: 1, max: 12, zipf: {exponent: 1.6}}}",
        "{integer: {min: 100000, max: 999999}, unique: true}",
    )
    integer: IntegerOptions

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        sampler = self.integer.whole_numbers()
        column = Column(scope.field, ColumnType.INTEGER)
        alike = not self.integer.curves() and not self.integer.zipf
        return _number(column, sampler, 0, alike=alike)


class DecimalOptions(Curves):
    """Decimals of [min, max] with `scale` digits after the point."""

    min: float | None = Field(None, ge=-_DECIMAL_LIMIT, le=_DECIMAL_LIMIT, description="The least")
    max: float | None = Field(None, ge=-_DECIMAL_LIMIT, le=_DECIMAL_LIMIT, description="The most")
    scale: int = Field(2, ge=0, le=6, description="Digits after the point")

    def scaled_numbers(self) -> Sampler:
        """Draw in units of 10**-scale; see `Curves.sampler`."""
        low = _scaled(self.min, self.scale, ROUND_CEILING)
        high = _scaled(self.max, self.scale, ROUND_FLOOR)
        return self.sampler(low, high, self.scale)


class DecimalField(FieldSpec):
    """An exact decimal with `scale` digits after the point: each of [min, max] alike likely, or by
    one distribution.
    """

    kind: ClassVar[str] = "decimal"
    examples: ClassVar[tuple[str, ...]] = (
        "{decimal: {min: 0, max: 100}}",
        "{decimal: {scale: 2, lognormal: {median: 24.9, sigma: 0.9}, min: 0.99, max: 999}}",
        "{decimal: {scale: 1, normal: {mean: 36.8, deviation: 0.4}}}",
    )
    decimal: DecimalOptions

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        sampler, scale = self.decimal.scaled_numbers(), self.decimal.scale
        column = decimal_column(scope.field, (sampler.low, sampler.high), scale)
        return _number(column, sampler, scale, alike=not self.decimal.curves())


class SequenceOptions(Options):
    """The first number and the distance to the next."""

    start: int = Field(1, ge=-(10**12), le=10**12, description="The first number")
    step: int = Field(1, ge=-(10**6), le=10**6, description="From one number to the next")


class SequenceField(FieldSpec):
    """Numbers the rows of one parent in order, or those of the unit where there is no parent."""

    kind: ClassVar[str] = "sequence"
    examples: ClassVar[tuple[str, ...]] = ("{sequence: {}}", "{sequence: {start: 10, step: 10}}")
    sequence: SequenceOptions

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        start, step = self.sequence.start, self.sequence.step
        ends = sorted((start, start + step * (scope.siblings_limit - 1)))

        def draw(frame: Frame, _: Words) -> Value:
            return (frame.positions * step + start,)

        column = Column(scope.field, ColumnType.INTEGER)
        reading = Reading(ends[0], ends[1])
        return frames.Field(column, decimal(*ends), draw, reading=reading, numbered=step != 0)


class BooleanField(FieldSpec):
    """True with the given probability."""

    kind: ClassVar[str] = "boolean"
    examples: ClassVar[tuple[str, ...]] = ("{boolean: 0.42}",)
    boolean: float = Field(ge=0, le=1)

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        column = Column(scope.field, ColumnType.BOOLEAN)
        true = samplers.chance(self.boolean)

        def draw(_: Frame, words: Words) -> Value:
            return (true(words[0]).astype(np.int64),)

        spelling = picked(("false", "true"))
        return frames.Field(column, spelling, draw, streams=1, reading=Reading(0, 1))


def decimal_column(name: str, bounds: tuple[int, int], scale: int) -> Column:
    """A column that holds these bounds, given in units of 10**-scale."""
    precision = max(len(str(abs(bound))) for bound in bounds)
    return Column(name, ColumnType.DECIMAL, precision=max(precision, scale + 1), scale=scale)


def _number(column: Column, sampler: Sampler, scale: int, *, alike: bool) -> frames.Field:
    """A field of the sampler's numbers; `alike`: each is as likely as any other."""
    return frames.Field(
        column,
        decimal(sampler.low, sampler.high, scale),
        lambda _, words: (sampler.draw(words[0]),),
        streams=1,
        reading=Reading(sampler.low, sampler.high, scale),
        enumeration=counted(sampler.low, sampler.high) if alike else None,
    )


def counted(low: int, high: int, step: int = 1) -> Enumeration:
    """The numbers of [low, high], or as many of them as can be counted."""
    size = min((high - low) // step + 1, CODES_LIMIT)
    return Enumeration(size, lambda _: size, lambda _, __, codes: (codes * step + low,))


def _scaled(number: float | None, scale: int, rounding: str) -> int | None:
    if number is None:
        return None
    return int(Decimal(str(number)).scaleb(scale).to_integral_value(rounding))
