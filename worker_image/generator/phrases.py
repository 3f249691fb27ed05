"""Texts put together by chance: weighted patterns of fixed parts and decks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product, zip_longest
from typing import TypeAlias

import numpy as np

from .randomness import Ints, Words, scaled
from .samplers import compact, fine_deal, whole
from .spelling import Pool, Spelling, Value, pointed

_POOL_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Deck:
    """Texts to draw from, alike or by weight."""

    texts: tuple[str, ...]
    weights: tuple[float, ...] | None = None

    def cards(self) -> Ints:
        """Numbers of texts, each as often as its weight says."""
        if self.weights is None:
            return np.arange(len(self.texts))
        return fine_deal(whole(self.weights))


Pattern: TypeAlias = Sequence[str | Deck]
Weighted: TypeAlias = list[tuple[float, Pattern]]
"""Patterns, each with its weight."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Draws each pool's number for every row from `streams` words."""

    spelling: Spelling
    streams: int
    draw: Callable[[Words], Value]

    @property
    def texts(self) -> tuple[str, ...]:
        """All that it can say, where that is one pool."""
        parts = self.spelling.parts
        return parts[0].texts if len(parts) == 1 and isinstance(parts[0], Pool) else ()


def shaped(characters: Iterable[tuple[str, Deck | None]]) -> list[str | Deck]:
    """Parts for characters that stand for themselves or for a deck, as few parts as is sensible."""
    parts: list[str | Deck] = []
    for character, deck in characters:
        part = character if deck is None else deck
        joined = _joined(parts[-1], part) if parts else None
        parts[-1:] = [*parts[-1:], part] if joined is None else [joined]
    return parts


def _joined(left: str | Deck, right: str | Deck) -> str | Deck | None:
    """One part for two neighbours, where its pool stays small."""
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, str) or isinstance(right, str) or left.weights or right.weights:
        return None
    return _product(left, right) if len(left.texts) * len(right.texts) <= _POOL_LIMIT else None


@lru_cache(maxsize=64)
def _product(left: Deck, right: Deck) -> Deck:
    return Deck(tuple(map("".join, product(left.texts, right.texts))))


def phrase(patterns: Sequence[Pattern], weights: tuple[float, ...] | None = None) -> Phrase:
    """Choose a pattern, then a text for each of its parts.

    The n-th parts of all patterns share one pool, and the cards of all decks lie end to end, so
    that a row costs one look-up a part however many patterns there are.
    """
    choice = Deck(tuple(map(str, range(len(patterns)))), weights).cards()
    cards = _Cards()
    pools, starts, sizes = [], [], []
    for parts in list(zip_longest(*patterns, fillvalue="")) or [("",) * len(patterns)]:
        texts, places = cards.lay(parts)
        pools.append(Pool(texts))
        starts.append([start for start, _ in places])
        sizes.append([size for _, size in places])
    all_starts, all_sizes, largest = np.array(starts), np.array(sizes), max(map(max, sizes))
    laid = compact(np.concatenate(cards.laid))

    def draw(words: Words) -> Value:
        pattern = choice.take(scaled(words[0], len(choice)))
        place = scaled(words[1:], all_sizes.take(pattern, axis=1), largest)
        return tuple(laid.take(all_starts.take(pattern, axis=1) + place))

    return Phrase(pointed(pools), 1 + len(pools), draw)


class _Cards:
    """The cards of all decks of a phrase, end to end."""

    def __init__(self) -> None:
        self.laid: list[Ints] = []
        self._end = 0

    def lay(self, parts: Sequence[str | Deck]) -> tuple[list[str], list[tuple[int, int]]]:
        """Lay the decks of one place; the texts that they point into, and where each deck lies."""
        texts: list[str] = []
        places: dict[str | Deck, tuple[int, int]] = {}
        for part in dict.fromkeys(parts):
            deck = Deck((part,)) if isinstance(part, str) else part
            self.laid.append(deck.cards() + len(texts))
            places[part] = (self._end, len(self.laid[-1]))
            self._end += len(self.laid[-1])
            texts += deck.texts
        return texts, [places[part] for part in parts]
