"""Keys, unique over the run by ranges, and references to them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag

from ...tables import Column, ColumnType, Reference
from .. import frame as frames
from ..frame import Enumeration, Frame, Mask, Reading
from ..problems import Refusal
from ..randomness import UNITS_LIMIT, Ints, Words, scaled
from ..samplers import zipf_weights
from ..spelling import Spelling, Value, decimal, digits
from .base import TAG, FieldSpec, Options, Scope, Target, shape

_FIRST_UNIT = 1_000_000
_KEY_LIMIT = 1 << 53  # what a double holds exactly, as many readers of JSON have it


class KeyOptions(Options):
    """Where numbers start."""

    start: int = Field(1, ge=0, le=10**12, description="The first number")


class KeyField(FieldSpec):
    """An integer that numbers the rows of the whole run, below 2**53.

    `true` gives 12 or 13 digits that open with the unit's number. `{start: 1}` counts from 1 on:
    without gaps where every unit has the same number of rows, else with.
    """

    kind: ClassVar[str] = "key"
    examples: ClassVar[tuple[str, ...]] = ("{key: true}", "{key: {start: 1}}")
    key: Annotated[
        Annotated[Literal[True], Tag(f"{TAG}short")] | Annotated[KeyOptions, Tag(f"{TAG}mapping")],
        Discriminator(shape),
    ]

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        column = Column(scope.field, ColumnType.INTEGER, key=True)
        if isinstance(self.key, KeyOptions):
            return _counted(column, scope.rows_limit, self.key.start)
        row_digits = max(5, len(str(scope.rows_limit - 1)))

        def draw(frame: Frame, _: Words) -> Value:
            return (frame.numbers, frame.unit + _FIRST_UNIT)

        factor = 10**row_digits
        reading = Reading(
            _FIRST_UNIT * factor,
            (_FIRST_UNIT + UNITS_LIMIT) * factor - 1,
            read=lambda value: value[1] * factor + value[0],
        )
        spelling = _spelling(row_digits)
        return frames.Field(column, spelling, draw, reading=reading, units=UNITS_LIMIT)


def _counted(column: Column, rows_limit: int, start: int) -> frames.Field:
    units = min(UNITS_LIMIT, (_KEY_LIMIT - start) // rows_limit)
    high = start + units * rows_limit - 1

    def draw(frame: Frame, _: Words) -> Value:
        return (frame.numbers + (frame.unit * rows_limit + start),)

    return frames.Field(
        column, decimal(start, high), draw, reading=Reading(start, high), units=units
    )


class RefOptions(Options):
    """Which row is referred to: one of all in the unit, of an ancestor's type its own unless a
    distribution is named.
    """

    to: str = Field(description="A key: record.field")
    distribution: Literal["uniform", "zipf"] | None = Field(
        None, description="All rows alike, or the n-th n ** exponent times rarer than the first"
    )
    exponent: float = Field(1.0, gt=0, le=10, description="Of zipf: how unequal rows are")
    rows: list[Annotated[int, Field(ge=0)]] | None = Field(
        None, min_length=1, description="The n-th row refers to this row, counted from 0"
    )


class RefField(FieldSpec):
    """The key of the row's ancestor, of any row of another record type of the unit or a shared one,
    or of an earlier row of its own type (null in the first row).

    Other fields reach through it: `{product_id.price}` in a template, `product_id.price` in an
    expression.
    """

    kind: ClassVar[str] = "ref"
    examples: ClassVar[tuple[str, ...]] = (
        "{ref: customer.id}",
        "{ref: {to: product.id, distribution: zipf, exponent: 0.8}, null: 0.1}",
        "{ref: {to: product.id, rows: [0, 2, 1]}}",
    )
    ref: Annotated[
        Annotated[str, Tag(f"{TAG}short")] | Annotated[RefOptions, Tag(f"{TAG}mapping")],
        Discriminator(shape),
    ]

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        options = RefOptions(to=self.ref) if isinstance(self.ref, str) else self.ref
        target = scope.target(options.to)
        source = target.source
        reference = None  # to what is not written there is none
        if not target.key.hidden:
            reference = Reference(source.record, source.field, shared=target.shared)
        field = frames.Field(
            Column(scope.field, ColumnType.INTEGER, references=reference),
            target.key.spelling,
            lambda frame, _: frame.value(source),
            reading=target.key.reading,
            link=source.record,
        )
        if target.ancestor and not (options.distribution or options.rows):
            draw = _ancestor(scope.field, target)
            return replace(field, draw=draw, ancestor=source.record)
        if options.rows is not None:
            return replace(field, draw=_listed(scope.field, target, options.rows))
        if options.distribution == "zipf":
            if target.own:
                raise Refusal("a reference to earlier rows has no distribution", options.to)
            return replace(field, draw=_chosen(scope.field, target, options), streams=1)
        if target.own:
            return replace(field, draw=_earlier(scope.field, target), streams=1, blank=_first)
        drawn = _chosen(scope.field, target, None)
        return replace(field, draw=drawn, streams=1, enumeration=_enumeration(scope.field, target))


def _ancestor(name: str, target: Target) -> Callable[[Frame, Words], Value]:
    def draw(frame: Frame, _: Words) -> Value:
        frame.links[name] = frame.lineage[target.source.record]
        return frame.value(target.source)

    return draw


def _chosen(name: str, target: Target, zipf: RefOptions | None) -> Callable[[Frame, Words], Value]:
    choose = _zipf(target.rows_limit, zipf.exponent) if zipf else scaled

    def draw(frame: Frame, words: Words) -> Value:
        return _linked(frame, name, target, choose(words[0], _rows(frame, target)))

    return draw


def _listed(name: str, target: Target, rows: list[int]) -> Callable[[Frame, Words], Value]:
    if target.own or max(rows) >= target.fewest:
        reason = f"a unit has {target.fewest} rows of {target.source.record} at least"
        raise Refusal(f"rows of another record type are needed; {reason}", max(rows))
    table = np.array(rows)
    return lambda frame, _: _linked(frame, name, target, table.take(frame.numbers % len(rows)))


def _earlier(name: str, target: Target) -> Callable[[Frame, Words], Value]:
    def draw(frame: Frame, words: Words) -> Value:
        before = np.maximum(frame.numbers, 1)
        return _linked(frame, name, target, scaled(words[0], before, target.rows_limit))

    return draw


def _first(frame: Frame) -> Mask:
    first: Mask = frame.numbers == 0
    return first


def _enumeration(name: str, target: Target) -> Enumeration:
    def pick(frame: Frame, _: Words, codes: Ints) -> Value:
        return _linked(frame, name, target, codes)

    return Enumeration(
        target.fewest, lambda frame: _rows(frame, target), pick, local=not target.shared
    )


def _rows(frame: Frame, target: Target) -> int:
    return frame.frames[target.source.record].rows


def _linked(frame: Frame, name: str, target: Target, rows: Ints) -> Value:
    """The keys of these rows; other fields of them can be reached from now on."""
    chosen = frame.frames[target.source.record]
    frame.links[name] = (chosen, rows)
    return frames.gathered(chosen.values[target.source.field], rows)


def _zipf(rows_limit: int, exponent: float) -> Callable[[Words, int], Ints]:
    ends = np.cumsum(zipf_weights(rows_limit, exponent), dtype=np.int64)

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
