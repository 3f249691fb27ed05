"""Faker as a source of words, compiled: never a call per row, the same on every worker.

A provider is run once with its random choices replaced by notes of what it chooses from. What is
left is a few weighted patterns of lists and digits, drawn here with the whole space of values that
the provider has. One that does anything else with its choices is asked for a pool of values.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import lru_cache, partial
from itertools import product
from math import fsum, prod
from string import ascii_letters, digits
from typing import Any, NoReturn, TypeAlias

from .phrases import Deck, Pattern, Phrase, phrase, shaped
from .problems import Refusal, instead
from .randomness import stream

_PATTERNS_LIMIT = 256
_TOKEN_POOL = 1000
_TRIALS = 10
_STEPS_LIMIT = 200_000
_LENGTH_LIMIT = 1 << 22
_TOKEN = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "urandom"}

_NUMERIC = {
    "#": Deck(tuple(digits)),
    "%": Deck(tuple(digits[1:])),
    "$": Deck(tuple(digits[2:])),
    "!": Deck(("", *digits), (10.0, *[1.0] * 10)),
    "@": Deck(("", *digits[1:]), (9.0, *[1.0] * 9)),
}

_Weighted: TypeAlias = list[tuple[float, Pattern]]


def check_locale(locale: str) -> None:
    """Refuse a locale that Faker does not have."""
    from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415 - a dataset may do without Faker

    if locale not in AVAILABLE_LOCALES:
        raise Refusal(instead(locale, AVAILABLE_LOCALES), locale)


def words(locale: str) -> tuple[str, ...]:
    """The words that sentences of a locale are made of."""
    return tuple(_faker(locale).get_words_list())


def provided(provider: str, locale: str, args: Mapping[str, Any], pool: int) -> Phrase:
    """What `provider` gives, as a phrase; a pool of `pool` values where it hides its lists.

    Raises:
        Refusal: no such provider or locale, wrong arguments, not a text, or one that the day or
            chance of the machine decides.
    """
    return _provided(provider, locale, json.dumps(args, sort_keys=True), pool)


@lru_cache(maxsize=256)
def _provided(provider: str, locale: str, args: str, pool: int) -> Phrase:
    check_locale(locale)
    tracer, arguments = _tracer(locale), json.loads(args)
    if not tracer.has(provider):
        names = {name for one in _faker(locale).providers for name in dir(one) if name[0] != "_"}
        raise Refusal(f"no provider of {locale}; {instead(provider, names)}", provider)
    _try(locale, provider, arguments)
    patterns = tracer.patterns(provider, arguments, pool)
    return phrase([parts for _, parts in patterns], tuple(weight for weight, _ in patterns))


def _new_faker(locale: str) -> Any:
    from faker.factory import Factory  # noqa: PLC0415 - a dataset may do without Faker

    return Factory.create(locale)


_faker = lru_cache(maxsize=8)(_new_faker)


def _deck(locale: str, provider: str, args: Mapping[str, Any], size: int) -> Deck:
    """Values that a provider was asked for, each with the number of times it came."""
    generator = _faker(locale)
    generator.seed_instance(stream(0, locale, provider, json.dumps(args, sort_keys=True)))
    call = partial(getattr(generator, provider), **args)
    length, counts = 0, Counter[str]()
    for _ in range(size):
        value = str(call())
        length += len(value)
        if length > _LENGTH_LIMIT:
            raise Refusal(f"at most {_LENGTH_LIMIT} characters are allowed in a pool", size)
        counts[value] += 1
    return Deck(tuple(counts), tuple(map(float, counts.values())))


def _try(locale: str, provider: str, args: Mapping[str, Any]) -> None:
    """Refuse a provider that fails, gives no text, reads the clock or does not end."""
    with ThreadPoolExecutor(1) as thread:  # a profile function belongs to a thread: this one's own
        values = thread.submit(_watched, locale, provider, args).result()
    for value in values:
        if not isinstance(value, str | int | float | Decimal) or "\0" in str(value):
            raise Refusal(f"a text or number is needed, not {type(value).__name__}", provider)


def _watched(locale: str, provider: str, args: Mapping[str, Any]) -> list[Any]:
    generator = _faker(locale)
    generator.seed_instance(0)
    sys.setprofile(_watch(provider))
    try:
        return [getattr(generator, provider)(**args) for _ in range(_TRIALS)]
    except Refusal:
        raise
    except Exception as error:
        raise Refusal(f"the provider refuses: {error}", args or provider) from error
    finally:
        sys.setprofile(None)


def _watch(provider: str) -> Any:
    steps = 0

    def watch(_: Any, event: str, called: Any) -> None:
        nonlocal steps
        steps += 1
        if steps > _STEPS_LIMIT:
            raise Refusal("the provider takes too long", provider)
        if event == "c_call" and getattr(called, "__name__", "") in _CLOCKS:
            raise Refusal(
                "its values depend on the day or the machine; use date or datetime", provider
            )

    return watch


class _Opaque(Exception):  # noqa: N818 - a signal, not an error
    """A provider looks into a choice or draws in a way that cannot be noted."""


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise _Opaque


class _Note:
    """What a provider holds instead of a text: the patterns that the text would come from."""

    def __init__(self, patterns: _Weighted) -> None:
        self.patterns = patterns

    # Whoever compares, tests or joins a note wants the text, which there is not.
    __eq__ = __hash__ = __bool__ = __str__ = __format__ = __len__ = __iter__ = _refuse


class _Chance:
    """Stands where a provider would find its source of randomness."""

    def __getattr__(self, name: str) -> NoReturn:
        raise _Opaque


class _Tracer:
    """Runs providers of a locale with notes for choices."""

    def __init__(self, locale: str) -> None:
        self._locale, self._faker = locale, _new_faker(locale)
        self._faker.random = _Chance()
        self._faker.parse = self._parse
        for place in (self._faker, *self._faker.providers):
            place.random_element = self._element
            place.numerify = partial(self._shaped, symbols=_NUMERIC)
            place.lexify = self._lexify
            place.bothify = partial(self._lexify, symbols=_NUMERIC)

    def has(self, name: str) -> bool:
        """Whether a provider of that name exists."""
        return name[:1] != "_" and any(
            callable(getattr(provider, name, None)) for provider in self._faker.providers
        )

    def patterns(self, provider: str, args: Mapping[str, Any], pool: int) -> _Weighted:
        """The patterns of a provider; one with a pool where they cannot be seen."""
        try:
            result = getattr(self._faker, provider)(**args)
        except Exception:  # a note is no text: anything may go wrong, and means the same
            result = None
        if isinstance(result, str):
            return [(1.0, [result])]
        if isinstance(result, _Note) and len(result.patterns) <= _PATTERNS_LIMIT:
            return result.patterns
        return [(1.0, [_deck(self._locale, provider, args, pool)])]

    def _element(self, elements: Any = ()) -> _Note:
        texts = tuple(elements)
        if not texts or not all(isinstance(text, str) for text in texts):
            raise _Opaque
        weights = tuple(map(float, elements.values())) if isinstance(elements, dict) else None
        return _Note([(1.0, [Deck(texts, weights)])])

    def _shaped(self, text: Any, symbols: Mapping[str, Deck]) -> _Note:
        return _Note(
            [(w, shaped((c, symbols.get(c)) for c in choice)) for w, choice in _choices(text)]
        )

    def _lexify(
        self, text: Any, letters: str = ascii_letters, symbols: Mapping[str, Deck] | None = None
    ) -> _Note:
        return self._shaped(text, {**(symbols or {}), "?": Deck(tuple(letters))})

    def _parse(self, text: Any) -> _Note:
        expanded: _Weighted = []
        for weight, choice in _choices(text):
            pieces = _TOKEN.split(choice)
            if any("{{" in literal for literal in pieces[::2]):
                raise _Opaque
            tokens: list[_Weighted] = [
                self.patterns(piece, {}, _TOKEN_POOL) if place % 2 else [(1.0, [piece])]
                for place, piece in enumerate(pieces)
            ]
            if prod(map(len, tokens)) > _PATTERNS_LIMIT:
                raise _Opaque
            expanded += _combined(weight, tokens)
        return _Note(expanded)


def _combined(weight: float, tokens: Iterable[_Weighted]) -> _Weighted:
    """Every way to choose a pattern for each token, the weights of each token taken as shares."""
    ways = product(*([(w / fsum(v for v, _ in token), p) for w, p in token] for token in tokens))
    return [
        (weight * prod(share for share, _ in way), [part for _, parts in way for part in parts])
        for way in ways
    ]


_tracer = lru_cache(maxsize=8)(_Tracer)


def _choices(text: Any) -> Iterator[tuple[float, str]]:
    """The texts that a note of one choice may be, with their weights."""
    if isinstance(text, str):
        yield 1.0, text
        return
    if not isinstance(text, _Note) or len(text.patterns) != 1 or len(text.patterns[0][1]) != 1:
        raise _Opaque
    deck = text.patterns[0][1][0]
    if isinstance(deck, str):
        yield 1.0, deck
    else:
        yield from zip(deck.weights or [1.0] * len(deck.texts), deck.texts, strict=True)
