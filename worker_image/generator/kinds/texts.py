"""Words: the vocabularies of Faker, and running text."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from ...tables import Column, ColumnType
from .. import frame as frames
from .. import vocabulary
from ..corpora import LONGEST, running_text
from ..frame import Frame, Reading
from ..phrases import Phrase
from ..problems import Refusal
from ..randomness import Words, scaled
from ..spelling import Corpus, Pool, Value, pointed
from .base import TAG, FieldSpec, Options, Scope, shape


class FakerOptions(Options):
    """A provider with arguments; `pool` values are drawn where it has no lists or formats."""

    provider: str = Field(description="The name of the provider")
    locale: str | None = Field(None, description="Instead of that of the dataset")
    args: dict[str, Any] = Field(default_factory=dict, description="Arguments by their names")
    pool: int = Field(
        vocabulary.POOL, ge=1, le=20_000, description="Values that are asked for at the start"
    )


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
