"""Texts by shape: UUIDs and patterns."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import prod
from string import ascii_lowercase, ascii_uppercase, digits
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ...tables import Column, ColumnType
from .. import frame as frames
from ..frame import Enumeration, Frame
from ..phrases import Deck, shaped
from ..randomness import Ints, Words, scaled
from ..spelling import Pool, Value, pointed
from ..uniqueness import CODES_LIMIT
from .base import FieldSpec, Scope

_SYMBOLS = {
    "#": Deck(tuple(digits)),
    "%": Deck(tuple(digits[1:])),
    "?": Deck(tuple(ascii_uppercase)),
    "&": Deck(tuple(ascii_lowercase)),
}


class UuidField(FieldSpec):
    """A UUID of version 8, unique over the run: its first bits come from a bijection."""

    kind: ClassVar[str] = "uuid"
    examples: ClassVar[tuple[str, ...]] = ("{uuid: true}",)
    uuid: Literal[True]

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        four = _hexadecimal(0, 1 << 16, 4)
        version, variant = _hexadecimal(0x8000, 0x9000, 4), _hexadecimal(0x8000, 0xC000, 4)
        parts = (four, four, "-", four, "-", version, "-", variant, "-", four, four, four)
        column = Column(scope.field, ColumnType.UUID)
        units = scope.capacity(1 << 62)
        return frames.Field(column, pointed(parts), _uuid, streams=2, units=units)


def _uuid(_: Frame, words: Words) -> Value:
    first, second = words

    def bits(word: Words, shift: int, count: int) -> Words:
        return word >> np.uint64(shift) & np.uint64((1 << count) - 1)

    fields = [bits(first, shift, 16) for shift in (48, 32, 16)]
    joined = bits(first, 0, 4) << np.uint64(10) | bits(second, 54, 10)
    fields += [bits(first, 4, 12), joined, *(bits(second, shift, 16) for shift in (38, 22, 6))]
    return tuple(field.view(np.int64) for field in fields)


@lru_cache(maxsize=8)
def _hexadecimal(first: int, end: int, width: int) -> Pool:
    return Pool(f"{number:0{width}x}" for number in range(first, end))


class PatternField(FieldSpec):
    """A text by shape: `#` 0-9, `%` 1-9, `?` A-Z, `&` a-z; a backslash before any other use."""

    kind: ClassVar[str] = "pattern"
    examples: ClassVar[tuple[str, ...]] = (
        "{pattern: '??-####'}",
        "{pattern: 'SKU-%#####', unique: true}",
    )
    pattern: str = Field(min_length=1, max_length=200)

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        parts = shaped(_symbols(self.pattern))
        sizes = [len(part.texts) for part in parts if isinstance(part, Deck)]
        spelling = pointed([Pool(part.texts) if isinstance(part, Deck) else part for part in parts])
        column = Column(scope.field, ColumnType.TEXT)
        batches = _batches(sizes, 1 << 32)
        return frames.Field(
            column,
            spelling,
            _random(batches),
            streams=len(batches),
            enumeration=_enumeration(sizes),
        )


def _enumeration(sizes: Sequence[int]) -> Enumeration:
    """As many places from the left as one number can count; the others are drawn."""
    first, *others = _batches(sizes, CODES_LIMIT) or [[]]
    batches = _batches([size for batch in others for size in batch], 1 << 32)
    size, rest = prod(first), _random(batches)

    def pick(frame: Frame, words: Words, codes: Ints) -> Value:
        return (*_decoded(codes, first), *rest(frame, words[: len(batches)]))

    return Enumeration(size, lambda _: size, pick)


def _symbols(pattern: str) -> Iterator[tuple[str, Deck | None]]:
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            yield next(characters, "\\"), None
        else:
            yield character, _SYMBOLS.get(character)


def _batches(sizes: Sequence[int], limit: int) -> list[list[int]]:
    """Sizes in a row, as many together as one number below `limit` can choose from."""
    batches: list[list[int]] = []
    for size in sizes:
        if batches and prod(batches[-1]) * size <= limit:
            batches[-1].append(size)
        else:
            batches.append([size])
    return batches


def _random(batches: Sequence[Sequence[int]]) -> Callable[[Frame, Words], Value]:
    def draw(_: Frame, words: Words) -> Value:
        drawn = zip(words, batches, strict=True)
        return tuple(
            number for word, sizes in drawn for number in _decoded(scaled(word, prod(sizes)), sizes)
        )

    return draw


def _decoded(code: Ints, sizes: Sequence[int]) -> list[Ints]:
    """The digits of a number whose places have these sizes."""
    numbers = []
    for size in reversed(sizes[1:]):
        upper = code // size
        numbers.append(code - upper * size)
        code = upper
    return [code, *reversed(numbers)] if sizes else []
