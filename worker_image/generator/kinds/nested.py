"""Values within values: JSON objects and arrays."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from ...tables import Column, ColumnType
from .. import frame as frames
from ..formats.ndjson import BARE, escaped
from ..frame import Frame, Mask, Source
from ..problems import Refusal, located
from ..randomness import Words, scaled
from ..samplers import chance
from ..spelling import Part, Spelling, Value, pointed
from .base import FieldSpec, Options, Scope

if TYPE_CHECKING:
    from ..language import AnyField

_LONGEST = 50
_PARTS_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class _Member:
    """A value inside: its spelling as JSON, how it is drawn, and where all of it is null."""

    spelling: Spelling
    draw: Callable[[Frame, Words], Value]
    streams: int
    follows: tuple[Source, ...]
    blank: Callable[[Frame], Mask] | None


def _member(spec: FieldSpec, scope: Scope) -> _Member:
    for option in ("unique", "when", "hidden"):
        if value := getattr(spec, option):
            raise Refusal("allowed for the fields of a record type alone", value, option)
    with located(spec.kind):
        field: frames.Field = spec.build(scope)
    if field.column.key or field.column.references:
        raise Refusal("keys and references are allowed for the fields of a record type", spec.kind)
    column = field.column.type
    quote = "" if column in BARE else '"'
    text = field.spelling.mapped(escaped) if column is ColumnType.TEXT else field.spelling
    spelling, draw, streams = text.enclosed(quote, quote), field.draw, field.streams
    if spec.null:
        missing, drawn, last = chance(spec.null), draw, streams

        def or_null(frame: Frame, words: Words) -> Value:
            return (*drawn(frame, words[:last]), missing(words[last]).astype(np.int64))

        spelling, draw, streams = spelling.optional("null"), or_null, streams + 1
    return _Member(spelling, draw, streams, field.follows, field.blank)


def _check_size(parts: int) -> None:
    if parts > _PARTS_LIMIT:
        reason = f"at most {_PARTS_LIMIT} parts are allowed: fewer members, or shorter arrays"
        raise Refusal(reason, parts)


def _assembled(name: str, members: Sequence[_Member], parts: Sequence[Part]) -> frames.Field:
    """A field of JSON; its value has the numbers of all its parts."""

    def draw(frame: Frame, words: Words) -> Value:
        return tuple(_numbers(frame, words, members))

    return frames.Field(
        Column(name, ColumnType.JSON),
        pointed(parts),
        draw,
        streams=sum(member.streams for member in members),
        follows=tuple(source for member in members for source in member.follows),
        blank=_any_blank([member.blank for member in members if member.blank]),
    )


def _any_blank(blanks: Sequence[Callable[[Frame], Mask]]) -> Callable[[Frame], Mask] | None:
    if not blanks:
        return None
    return lambda frame: reduce(np.logical_or, (blank(frame) for blank in blanks))


def _numbers(frame: Frame, words: Words, members: Sequence[_Member]) -> Iterator[Any]:
    for member in members:
        yield from member.spelling.numbers(member.draw(frame, words[: member.streams]))
        words = words[member.streams :]


class ObjectField(FieldSpec):
    """A JSON object of other fields."""

    kind: ClassVar[str] = "object"
    examples: ClassVar[tuple[str, ...]] = (
        "{object: {street: {faker: street_name}, number: {integer: {min: 1, max: 200}}}}",
    )
    object: dict[str, "AnyField"] = Field(min_length=1, max_length=50)

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        members, parts = [], list[Part]()
        for place, (name, spec) in enumerate(self.object.items()):
            with located(name):
                member = _member(spec, scope)
            members.append(member)
            parts += [f'{"," if place else "{"}"{escaped(name)}":', *member.spelling.parts]
        _check_size(len(parts))
        return _assembled(scope.field, members, [*parts, "}"])


class ArrayOptions(Options):
    """What the elements are and how many there may be."""

    of: "AnyField" = Field(description="An element, written like a field")
    min: int = Field(0, ge=0, le=_LONGEST, description="The fewest elements")
    max: int = Field(ge=1, le=_LONGEST, description="The most elements")


class ArrayField(FieldSpec):
    """A JSON array of `min` to `max` elements of one kind."""

    kind: ClassVar[str] = "array"
    examples: ClassVar[tuple[str, ...]] = (
        "{array: {of: {choice: [red, green, blue]}, min: 0, max: 3}}",
    )
    array: ArrayOptions

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        least, most = self.array.min, self.array.max
        if least > most:
            raise Refusal("min must not be above max", [least, most])
        with located("of"):
            element = _member(self.array.of, scope)
        _check_size(most * (len(element.spelling.parts) + 2))
        spellings = [_place(element.spelling, place, least) for place in range(most)]

        def draw(frame: Frame, words: Words) -> Value:
            length = scaled(words[-1], most - least + 1) + least
            return tuple(
                number
                for place, spelling in enumerate(spellings)
                for number in spelling.numbers(
                    (
                        *element.draw(frame, _part(words, place, element.streams)),
                        (length <= place).astype(np.int64),
                    )
                )
            )

        return frames.Field(
            Column(scope.field, ColumnType.JSON),
            pointed(["[", *(part for spelling in spellings for part in spelling.parts), "]"]),
            draw,
            streams=element.streams * most + 1,
            follows=element.follows,
            blank=element.blank,
        )


def _part(words: Words, place: int, size: int) -> Words:
    return words[place * size : (place + 1) * size]


def _place(element: Spelling, place: int, least: int) -> Spelling:
    """The element at a place, which may be absent: its value has a mask behind it that says so."""
    spelling = element.enclosed("," if place else "", "")
    if place >= least:
        return spelling.optional("")
    return Spelling(spelling.parts, lambda value: spelling.numbers(value[:-1]))
