"""Keys, unique over the run by ranges, and references to them."""

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag

from ...tables import Column, ColumnType, Reference
from .. import frame as frames
from ..frame import Frame
from ..randomness import Ints, Words, scaled
from ..samplers import zipf_weights
from ..spelling import Spelling, Value, digits
from .base import TAG, FieldSpec, Options, Scope, shape

UNITS_LIMIT = 9_000_000
"""Units of a run: their numbers, counted from a million, open every key with seven digits."""

_FIRST_UNIT = 1_000_000


class KeyField(FieldSpec):
    """An integer that numbers the rows of the whole run; 12 or 13 digits, below 2**53."""

    kind: ClassVar[str] = "key"
    key: Literal[True]

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        column = Column(scope.field, ColumnType.INTEGER, key=True)
        row_digits = max(5, len(str(scope.rows_limit - 1)))

        def draw(frame: Frame, _: Words) -> Value:
            return (frame.numbers, frame.unit + _FIRST_UNIT)

        return frames.Field(column, _spelling(row_digits), draw, units=UNITS_LIMIT)


class RefOptions(Options):
    """Which row is referred to, where it is not an ancestor."""

    to: str = Field(description="A key: record.field")
    distribution: Literal["uniform", "zipf"] = "uniform"
    exponent: float = Field(1.0, gt=0, le=10, description="Of zipf: how unequal rows are")


class RefField(FieldSpec):
    """The key of an ancestor, or of any row of another record type of the unit."""

    kind: ClassVar[str] = "ref"
    ref: Annotated[
        Annotated[str, Tag(f"{TAG}short")] | Annotated[RefOptions, Tag(f"{TAG}mapping")],
        Discriminator(shape),
    ]

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        options = RefOptions(to=self.ref) if isinstance(self.ref, str) else self.ref
        target = scope.target(options.to)
        source, key = target.source, target.key
        column = Column(scope.field, ColumnType.INTEGER, references=Reference(*source))
        if target.ancestor:
            return frames.Field(column, key.spelling, lambda frame, _: frame.value(source))
        choose = _zipf(target.rows_limit, options) if options.distribution == "zipf" else scaled

        def draw(frame: Frame, words: Words) -> Value:
            chosen = frame.earlier[source[0]]
            return frames.gathered(chosen.values[source[1]], choose(words[0], chosen.rows))

        return frames.Field(column, key.spelling, draw, streams=1)


def _zipf(rows_limit: int, options: RefOptions) -> Callable[[Words, int], Ints]:
    ends = np.cumsum(zipf_weights(rows_limit, options.exponent), dtype=np.int64)

    def choose(words: Words, rows: int) -> Ints:
        drawn = scaled(words, int(ends[rows - 1]))
        return np.searchsorted(ends[:rows], drawn, side="right")

    return choose


def _spelling(row_digits: int) -> Spelling:
    parts = (digits(3), digits(4), digits(row_digits - 4), digits(4))

    def numbers(value: Value) -> Value:
        row, unit = value
        upper = row // 10_000
        return (unit // 10_000, unit % 10_000, upper, row - upper * 10_000)

    return Spelling(parts, numbers)
