"""Running text to cut from: sentences of a locale's words, the same on every machine."""

from functools import lru_cache

import numpy as np

from . import vocabulary
from .randomness import Ints, scaled, stream, words
from .spelling import Corpus, borders

LONGEST = 100_000
"""Words or characters of one text, at most."""

_PIECES = 1 << 15
_LONGEST_SENTENCE, _SHORTEST_SENTENCE = 16, 5


def running_text(locale: str, shortest: int, longest: int, *, characters: bool = False) -> Corpus:
    """Sentences in words, each with what parts it from the one before, or in characters.

    There are many more of them than the `longest` text has.
    """
    text, places = _text(locale, max(_PIECES, 1 << (4 * longest + 3).bit_length()))
    return Corpus(text, np.arange(len(text) + 1) if characters else places, shortest, longest)


@lru_cache(maxsize=4)
def _text(locale: str, size: int) -> tuple[str, Ints]:
    known = vocabulary.words(locale)
    keys = np.array([stream(0, "text", locale, n) for n in range(2)], dtype=np.uint64)
    drawn, lengths = words(keys, 0, size)
    chosen = scaled(drawn, len(known)).tolist()
    span = _LONGEST_SENTENCE - _SHORTEST_SENTENCE + 1
    ends = np.cumsum(scaled(lengths, span) + _SHORTEST_SENTENCE)
    opens = set(ends[ends < size].tolist())
    later = [f" {word}" for word in known]
    first = [f". {word.capitalize()}" for word in known]
    pieces = [first[n] if at in opens else later[n] for at, n in enumerate(chosen)]
    return "".join(pieces), borders(pieces)
