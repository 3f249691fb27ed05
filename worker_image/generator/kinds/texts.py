"""Texts: identifiers, patterns, templates, vocabularies and words."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod
from string import Formatter, ascii_lowercase, ascii_uppercase, digits
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag

from ...tables import Column, ColumnType
from .. import frame as frames
from .. import vocabulary
from ..corpora import LONGEST, running_text
from ..frame import Enumeration, Frame, Reading, Source
from ..phrases import Deck, Phrase, shaped
from ..problems import Refusal, instead
from ..randomness import Ints, Words, scaled
from ..spelling import Corpus, Pool, Spelling, Value, pointed, slug, zero_padded
from ..uniqueness import CODES_LIMIT
from .base import TAG, FieldSpec, Options, Scope, shape

_SYMBOLS = {
    "#": Deck(tuple(digits)),
    "%": Deck(tuple(digits[1:])),
    "?": Deck(tuple(ascii_uppercase)),
    "&": Deck(tuple(ascii_lowercase)),
}
_PADDED = re.compile("0[1-9][0-9]?")
_PARTS_LIMIT = 500
_CHANGES: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper, "slug": slug}


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


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a template: a fixed text or, with a source, a field."""

    spelling: Spelling
    source: Source | None = None
    units: int | None = None


class TemplateField(FieldSpec):
    """Other fields in a text: `{first_name:lower}.{id}@example.com`, `{customer.id}-{number}`.

    A name may be followed by `:lower`, `:upper` or `:slug` (ASCII letters and digits alone), that
    of a whole number by `:06` for so many digits.
    """

    kind: ClassVar[str] = "template"
    examples: ClassVar[tuple[str, ...]] = (
        "{template: '{first_name:slug}.{id}@example.com'}",
        "{template: '{customer.id}-{number}'}",
    )
    unique_needs: ClassVar[str] = (
        "a unique template needs a unique field of this record type that always has the same"
        " length, with nothing but such parts before it or after it"
    )
    template: str = Field(min_length=1, max_length=2000)

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        pieces = list(self._pieces(scope))
        parts = [part for piece in pieces for part in piece.spelling.parts]
        if len(parts) > _PARTS_LIMIT:
            reason = f"at most {_PARTS_LIMIT} parts are allowed, those of templates in it included"
            raise Refusal(reason, len(parts))

        def draw(frame: Frame, _: Words) -> Value:
            return tuple(
                number
                for piece in pieces
                if piece.source
                for number in piece.spelling.numbers(frame.value(piece.source))
            )

        column = Column(scope.field, ColumnType.TEXT)
        follows = tuple(piece.source for piece in pieces if piece.source)
        units = _unique_units(pieces)
        return frames.Field(column, pointed(parts), draw, units=units, follows=follows)

    def _pieces(self, scope: Scope) -> Iterator[_Piece]:
        try:
            written = list(Formatter().parse(self.template))
        except ValueError as error:
            reason = f"{error}; a brace that is meant as such is written twice"
            raise Refusal(reason, self.template) from None
        for literal, path, change, conversion in written:
            if literal:
                yield _Piece(pointed([literal]))
            if path is not None:
                yield _field_piece(scope, path, f"{'!' if conversion else ''}{change}")


def _field_piece(scope: Scope, path: str, change: str) -> _Piece:
    padded = _PADDED.fullmatch(change)
    if change and change not in _CHANGES and not padded:
        raise Refusal(f"{instead(change, _CHANGES)}; or 01 to 018", change)
    source, field = scope.source(path)
    if padded:
        field = replace(field, spelling=_zero_padded(field, path, int(change)))
    elif change:
        return _Piece(field.spelling.mapped(_CHANGES[change]), source)
    own = source.record == scope.record and source.link is None
    return _Piece(field.spelling, source, field.units if own else None)


def _zero_padded(field: frames.Field, path: str, size: int) -> Spelling:
    reading = field.reading
    if reading is None or field.column.type is not ColumnType.INTEGER:
        raise Refusal("digits are for whole numbers", path)
    if reading.low < 0 or reading.high >= 10 ** (size + 4):
        reason = f"digits are for whole numbers from 0 on, not from {reading.low}"
        reason = reason if reading.low < 0 else f"{reading.high} needs many more digits"
        raise Refusal(reason, path)
    spelling, read = zero_padded(size, reading.high), reading.read
    return Spelling(spelling.parts, lambda value: spelling.numbers((read(value),)))


def _unique_units(pieces: Sequence[_Piece]) -> int | None:
    """For how many units one unique part makes the whole unique: where it can be read back."""
    fixed = [piece.spelling.fixed for piece in pieces]
    units = [
        piece.units
        for place, piece in enumerate(pieces)
        if piece.units and fixed[place] and (all(fixed[:place]) or all(fixed[place:]))
    ]
    return max(units, default=None)


class FakerOptions(Options):
    """A provider with arguments; `pool` values are drawn where it has no lists or formats."""

    provider: str = Field(description="The name of the provider")
    locale: str | None = Field(None, description="Instead of that of the dataset")
    args: dict[str, Any] = Field(default_factory=dict, description="Arguments by their names")
    pool: int = Field(1000, ge=1, le=20_000, description="Values that are asked for at the start")


class FakerField(FieldSpec):
    """A text from the vocabulary of a Faker provider: its name, or a mapping of options."""

    kind: ClassVar[str] = "faker"
    examples: ClassVar[tuple[str, ...]] = (
        "{faker: first_name}",
        "{faker: {provider: city, locale: de_DE}}",
        "{faker: {provider: bothify, args: {text: '??-##'}}}",
    )
    faker: Annotated[
        Annotated[str, Tag(f"{TAG}short")] | Annotated[FakerOptions, Tag(f"{TAG}mapping")],
        Discriminator(shape),
    ]

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        asked = FakerOptions(provider=self.faker) if isinstance(self.faker, str) else self.faker
        locale = asked.locale or scope.locale
        return _phrased(scope, vocabulary.provided(asked.provider, locale, asked.args, asked.pool))


class TextOptions(Options):
    """How long a text is."""

    min: int = Field(ge=0, le=LONGEST, description="The fewest")
    max: int = Field(ge=1, le=LONGEST, description="The most")
    of: Literal["words", "characters"] = Field(
        "words", description="Characters: cut from running text as it comes, without a full stop"
    )


class TextField(FieldSpec):
    """Running text of so many words of the locale, in sentences, or of so many characters."""

    kind: ClassVar[str] = "text"
    examples: ClassVar[tuple[str, ...]] = (
        "{text: {min: 3, max: 12}}",
        "{text: {min: 200, max: 400}}",
        "{text: {min: 10, max: 43, of: characters}}",
    )
    text: TextOptions

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        low, high = self.text.min, self.text.max
        if low > high:
            raise Refusal("min must not be above max", [low, high])
        column = Column(scope.field, ColumnType.TEXT)
        if self.text.of == "characters":
            corpus = running_text(scope.locale, low, high, characters=True)
            return frames.Field(column, pointed([corpus]), _stretch(corpus), streams=2)
        corpus = running_text(scope.locale, max(low, 1) - 1, high - 1)
        opening = [word.capitalize() for word in vocabulary.words(scope.locale)]
        draw = _sentences(corpus, len(opening))
        spelling = pointed([Pool(opening), corpus, "."])
        return frames.Field(column, spelling, draw, streams=3)


def _stretch(corpus: Corpus) -> Callable[[Frame, Words], Value]:
    """Any stretch of a corpus, from any of its pieces on."""
    places = len(corpus.borders) - corpus.longest
    lengths = corpus.longest - corpus.shortest + 1

    def draw(_: Frame, words: Words) -> Value:
        return scaled(words[0], places), scaled(words[1], lengths) + corpus.shortest

    return draw


def _sentences(corpus: Corpus, openings: int) -> Callable[[Frame, Words], Value]:
    stretch = _stretch(corpus)
    return lambda frame, words: (scaled(words[2], openings), *stretch(frame, words))


def _phrased(scope: Scope, made: Phrase) -> frames.Field:
    column = Column(scope.field, ColumnType.TEXT)
    texts = made.texts
    reading = Reading(0, len(texts) - 1, texts=texts) if texts else None
    return frames.Field(
        column, made.spelling, lambda _, words: made.draw(words), made.streams, reading=reading
    )
