"""The rows of one record type in one unit while they are made, and the fields that make them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ..tables import Column
from .randomness import Ints, Words
from .spelling import Spelling, Value

Mask: TypeAlias = npt.NDArray[np.bool_]
"""One truth a row."""


class Source(NamedTuple):
    """A field of a record type or, with a `link`, of the rows that its reference leads to."""

    record: str
    field: str
    link: str | None = None


@dataclass(frozen=True)
class Frame:
    """Rows of `record` in `unit`; `values` fills up field by field, in dependency order.

    `nulls` has, for each field that may be null, where it is; `rows_limit` is the most rows that a
    unit may have. `lineage` has, for each ancestor, its frame and the row there that each row here
    belongs to; `links` the same for each reference. `frames` has all record types of the unit.
    """

    record: str
    unit: int
    rows: int
    rows_limit: int
    keys: Mapping[str, int]
    lineage: Mapping[str, tuple["Frame", Ints]]
    frames: Mapping[str, "Frame"]
    words: Words
    values: dict[str, Value] = field(default_factory=dict)
    nulls: dict[str, Mask] = field(default_factory=dict)
    links: dict[str, tuple["Frame", Ints]] = field(default_factory=dict)

    def value(self, source: Source) -> Value:
        """A field of this row, of an ancestor's, or through a reference: a number for each row."""
        owner, rows = self._reached(source)
        value = owner.values[source.field]
        return value if rows is None else gathered(value, rows)

    def null(self, source: Source) -> Mask | None:
        """Where a field that may be used like `value` has none; None if it always has one."""
        owner, rows = self._reached(source)
        there = owner.nulls.get(source.field)
        if there is not None and rows is not None:
            there = there.take(rows)
        if source.link is None:
            return there
        return either(self.null(Source(source.record, source.link)), there)

    def nowhere(self, sources: tuple[Source, ...]) -> Mask | None:
        """Where one of the fields at least has no value."""
        missing = None
        for source in sources:
            missing = either(missing, self.null(source))
        return missing

    def _reached(self, source: Source) -> tuple["Frame", Ints | None]:
        owner, rows = (self, None) if source.record == self.record else self.lineage[source.record]
        if source.link is None:
            return owner, rows
        target, chosen = owner.links[source.link]
        return target, chosen if rows is None else chosen.take(rows)

    @cached_property
    def numbers(self) -> Ints:
        """The rows, from 0."""
        return np.arange(self.rows)

    @cached_property
    def starts(self) -> Ints:
        """The first row with the same parent as each row."""
        return self.first_of(next(iter(self.lineage), None))

    @cached_property
    def positions(self) -> Ints:
        """The place of each row among its parent's, from 0."""
        return self.numbers - self.starts

    def first_of(self, ancestor: str | None) -> Ints:
        """The first row that belongs to the same row of `ancestor`, or of the unit if None."""
        if ancestor is None:
            return np.zeros(self.rows, dtype=np.int64)
        _, above = self.lineage[ancestor]
        opens = np.append(True, above[1:] != above[:-1])[: self.rows]
        return np.maximum.accumulate(np.where(opens, self.numbers, 0))

    def running(self, amounts: Ints) -> Ints:
        """The sum of `amounts` over the rows of the same parent, up to each row."""
        total = np.cumsum(amounts)
        return total - (total - amounts).take(self.starts) if self.rows else total

    def counter(self) -> Words:
        """Numbers that no other row of the run has, dense from 0."""
        return (self.numbers + self.unit * self.rows_limit).view(np.uint64)


def gathered(value: Value, rows: Ints) -> Value:
    """A value's entries at `rows`; what all rows share stays as it is."""
    return tuple(part if isinstance(part, int) else part.take(rows) for part in value)


def either(left: Mask | None, right: Mask | None) -> Mask | None:
    """Where one of two masks is true; None is nowhere."""
    if left is None or right is None:
        return right if left is None else left
    return left | right


@dataclass(frozen=True, slots=True)
class Reading:
    """A value as one integer a row in [low, high]: what expressions and typed columns work on.

    Numbers are in units of 10**-scale, times and durations in seconds (times since 1970 UTC),
    booleans 0 or 1, and a text is its place in `texts`. `after` names fields that a time follows
    by so many seconds at least (below 0: that it may precede).
    """

    low: int
    high: int
    scale: int = 0
    texts: tuple[str, ...] = ()
    after: Mapping[Source, int] = field(default_factory=dict)
    read: Callable[[Value], Any] = lambda value: value[0]


@dataclass(frozen=True, slots=True)
class Enumeration:
    """All values of a field by number: what a unique field is drawn from.

    `least` is the smallest number of them in any unit, `size` that of one unit; `local` ones differ
    from unit to unit. `pick` takes a number for each row, and words as `Field.draw` does.
    """

    least: int
    size: Callable[[Frame], int]
    pick: Callable[[Frame, Words, Ints], Value]
    local: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be made: `draw` gets one row of words for each of `streams`.

    It is null for a share of `null`, where `blank` says so, and where one of `follows` is. `units`
    is how many units it stays unique for, where it is unique at all; `enumeration` how it can be
    made so. A `hidden` field is made and not written; `link` is the record type referred to, and a
    `numbered` one differs among the rows of one parent. `ancestor` is set where it is the key of
    the row's own ancestor of that record type.
    """

    column: Column
    spelling: Spelling
    draw: Callable[[Frame, Words], Value]
    streams: int = 0
    reading: Reading | None = None
    follows: tuple[Source, ...] = ()
    blank: Callable[[Frame], Mask] | None = None
    null: float = 0.0
    hidden: bool = False
    link: str | None = None
    ancestor: str | None = None
    numbered: bool = False
    units: int | None = None
    enumeration: Enumeration | None = None
