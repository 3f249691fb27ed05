"""Runs a Faker provider with its choices replaced by notes of what it chooses from.

What is left is a few weighted patterns of lists and digits: all that the provider can say. One
that does anything else with its choices is asked for a pool of values.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import product
from math import fsum, prod
from string import ascii_letters, digits
from typing import Any, NoReturn, TypeAlias

from .phrases import Deck, Pattern, Weighted, shaped
from .problems import Refusal

Symbols: TypeAlias = Mapping[str, Deck]
"""The characters of a format that stand for others."""

_PATTERNS_LIMIT = 256
_TOKEN_POOL = 1000
_TOKEN = re.compile(r"\{\{\s*(\w+)\s*\}\}")

_NUMERIC = {
    "#": Deck(tuple(digits)),
    "%": Deck(tuple(digits[1:])),
    "$": Deck(tuple(digits[2:])),
    "!": Deck(("", *digits), (10.0, *[1.0] * 10)),
    "@": Deck(("", *digits[1:]), (9.0, *[1.0] * 9)),
}


class _Opaque(Exception):  # noqa: N818 - a signal, not an error
    """A provider looks into a choice or draws in a way that cannot be noted."""


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise _Opaque


class _Note:
    """What a provider holds instead of a text: the patterns that the text would come from."""

    def __init__(self, patterns: Weighted) -> None:
        self.patterns = patterns

    # Whoever compares, tests or joins a note wants the text, which there is not.
    __eq__ = __hash__ = __bool__ = __str__ = __format__ = __len__ = __iter__ = _refuse


class _Chance:
    """Stands where a provider would find its source of randomness."""

    def __getattr__(self, name: str) -> NoReturn:
        raise _Opaque


class Tracer:
    """Traces the providers of `faker`, which is of no other use from then on.

    `check` refuses a provider that cannot be used at all; `pool` asks one for so many values.
    """

    def __init__(
        self,
        faker: Any,
        check: Callable[[str, Mapping[str, Any]], None],
        pool: Callable[[str, Mapping[str, Any], int], Deck],
    ) -> None:
        self._faker, self._check, self._pool = faker, check, pool
        faker.random = _Chance()
        faker.parse = self._parse
        for place in (faker, *faker.providers):
            place.random_element = _element
            place.numerify = partial(_shaped, symbols=_NUMERIC)
            place.lexify = _lexify
            place.bothify = partial(_lexify, symbols=_NUMERIC)

    def patterns(self, provider: str, args: Mapping[str, Any], pool: int) -> Weighted:
        """The patterns of a provider; one with `pool` values where they cannot be seen.

        Raises:
            Refusal: the provider cannot be used.
        """
        self._check(provider, args)
        try:
            result = getattr(self._faker, provider)(**args)
        except Refusal:
            raise
        except Exception:  # a note is no text: anything may go wrong, and means the same
            result = None
        if isinstance(result, str):
            return [(1.0, [result])]
        if isinstance(result, _Note) and len(result.patterns) <= _PATTERNS_LIMIT:
            return result.patterns
        return [(1.0, [self._pool(provider, args, pool)])]

    def _parse(self, text: Any) -> _Note:
        expanded: Weighted = []
        for weight, choice in _choices(text):
            pieces = _TOKEN.split(choice)
            if any("{{" in literal for literal in pieces[::2]):
                raise _Opaque
            tokens: list[Weighted] = [
                self.patterns(piece, {}, _TOKEN_POOL) if place % 2 else [(1.0, [piece])]
                for place, piece in enumerate(pieces)
            ]
            if prod(map(len, tokens)) > _PATTERNS_LIMIT:
                raise _Opaque
            expanded += _combined(weight, tokens)
        return _Note(expanded)


def _element(elements: Any = ()) -> _Note:
    if not elements or not all(isinstance(text, str) for text in elements):
        raise _Opaque
    if not isinstance(elements, dict):
        return _Note([(1.0, [Deck(tuple(sorted(elements)))])])  # some lists come from sets
    likely = {text: float(weight) for text, weight in elements.items() if weight > 0}
    return _Note([(1.0, [Deck(tuple(likely), tuple(likely.values()))])])


def _shaped(text: Any, symbols: Symbols) -> _Note:
    def parts(choice: str) -> Pattern:
        return shaped((character, symbols.get(character)) for character in choice)

    return _Note([(weight, parts(choice)) for weight, choice in _choices(text)])


def _lexify(text: Any, letters: str = ascii_letters, symbols: Symbols | None = None) -> _Note:
    return _shaped(text, {**(symbols or {}), "?": Deck(tuple(letters))})


def _combined(weight: float, tokens: Iterable[Weighted]) -> Weighted:
    """Every way to choose a pattern for each token, the weights of each token taken as shares."""
    ways = product(*([(w / fsum(v for v, _ in token), p) for w, p in token] for token in tokens))
    return [
        (weight * prod(share for share, _ in way), [part for _, parts in way for part in parts])
        for way in ways
    ]


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
