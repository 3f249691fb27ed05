"""The rows of one record type in one unit while they are made, and the fields that make them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from ..tables import Column
from .randomness import Ints, Words
from .spelling import Spelling, Value

Source: TypeAlias = tuple[str, str]
"""A record type and a field of it."""


@dataclass(frozen=True)
class Frame:
    """Rows of `record` in `unit`; `values` fills up field by field, in dependency order.

    `nulls` has the rows where a field has no value; `rows_limit` is the most that a unit may have.
    `lineage` has, for each ancestor, its frame and the row there that each row here belongs to;
    `earlier` has the frames of all record types that came before.
    """

    record: str
    unit: int
    rows: int
    rows_limit: int
    keys: Mapping[str, int]
    lineage: Mapping[str, tuple["Frame", Ints]]
    earlier: Mapping[str, "Frame"]
    values: dict[str, Value] = field(default_factory=dict)
    nulls: dict[str, Ints] = field(default_factory=dict)

    def value(self, source: Source) -> Value:
        """A field of this row or of an ancestor's, one number for each row here."""
        record, name = source
        if record == self.record:
            return self.values[name]
        frame, rows = self.lineage[record]
        return gathered(frame.values[name], rows)

    @cached_property
    def numbers(self) -> Ints:
        """The rows, from 0."""
        return np.arange(self.rows)

    @cached_property
    def positions(self) -> Ints:
        """The place of each row among its parent's, from 0."""
        if not self.lineage:
            return self.numbers
        _, parents = next(iter(self.lineage.values()))
        opens = np.append(True, parents[1:] != parents[:-1])[: self.rows]
        return self.numbers - np.maximum.accumulate(np.where(opens, self.numbers, 0))

    def counter(self) -> Words:
        """Numbers that no other row of the run has, dense from 0."""
        return (self.numbers + self.unit * self.rows_limit).view(np.uint64)


def gathered(value: Value, rows: Ints) -> Value:
    """A value's entries at `rows`; what all rows share stays as it is."""
    return tuple(part if isinstance(part, int) else part.take(rows) for part in value)


@dataclass(frozen=True, slots=True)
class Times:
    """What is known of a field of times, all of which are in [low, high], seconds since 1970 UTC.

    `after` names fields that it follows by so many seconds at least (below 0: that it may precede).
    """

    low: int
    high: int
    after: Mapping[Source, int]


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be made: `draw` gets one row of words for each of `streams`.

    `units` is how many units it stays unique for, where it is unique at all.
    """

    column: Column
    spelling: Spelling
    draw: Callable[[Frame, Words], Value]
    streams: int = 0
    null: float = 0.0
    times: Times | None = None
    units: int | None = None
