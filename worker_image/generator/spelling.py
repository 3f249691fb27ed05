"""How values become text: a value is spelt by pointing into pools of ready-made texts."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

import numpy as np

from .randomness import Ints

Value: TypeAlias = tuple[Ints | int, ...]
"""The values of a field: arrays of one number a row, and numbers that all rows share."""

_GROUP = 10_000  # numbers are spelt in groups of four digits


class Pool:
    """Texts by number. `width` is the most bytes that one takes; `fixed`: all are of one length."""

    __slots__ = ("fixed", "texts", "width")

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(texts)
        lengths = set(map(len, self.texts))
        self.fixed = len(lengths) == 1
        self.width = max(lengths) * (1 if "".join(self.texts).isascii() else 4)

    def mapped(self, change: Callable[[str], str]) -> "Pool":
        """The same numbers for changed texts."""
        return Pool(map(change, self.texts))


class Corpus:
    """Running text in pieces: a value is a stretch of them, told by its first piece and its length.

    `borders` are the places in the text before, between and after the pieces. A stretch has
    `shortest` to `longest` pieces.
    """

    __slots__ = ("borders", "fixed", "longest", "shortest", "text", "width")

    def __init__(self, text: str, borders: Ints, shortest: int, longest: int) -> None:
        self.text, self.borders = text, borders
        self.shortest, self.longest = shortest, longest
        self.fixed = False
        self.width = widest(self.borders if text.isascii() else encoded(self), longest)

    @property
    def pieces(self) -> list[str]:
        """The pieces one by one."""
        return [self.text[start:end] for start, end in pairwise(self.borders.tolist())]

    def mapped(self, change: Callable[[str], str]) -> "Corpus":
        """The same stretches of changed pieces."""
        pieces = list(map(change, self.pieces))
        return Corpus("".join(pieces), borders(pieces), self.shortest, self.longest)


def borders(pieces: Iterable[str | bytes]) -> Ints:
    """The places before, between and after pieces that lie end to end."""
    return np.array([0, *accumulate(map(len, pieces))])


def encoded(corpus: Corpus) -> Ints:
    """The borders of a corpus in UTF-8."""
    points = np.frombuffer(corpus.text.encode("utf-32-le"), dtype=np.uint32)
    sizes = 1 + (points > 0x7F).astype(np.int64) + (points > 0x7FF) + (points > 0xFFFF)
    return np.concatenate(([0], np.cumsum(sizes))).take(corpus.borders)


def widest(places: Ints, longest: int) -> int:
    """The size of the largest stretch of `longest` pieces between these borders."""
    return int((places[longest:] - places[: len(places) - longest]).max())


Part: TypeAlias = str | Pool | Corpus


@dataclass(frozen=True, slots=True)
class Spelling:
    """A text in parts: fixed ones, pools and corpora.

    `numbers` gives, in order, one for each pool and two for each corpus.
    """

    parts: tuple[Part, ...]
    numbers: Callable[[Value], Value]

    @property
    def fixed(self) -> bool:
        """Whether all texts have one length."""
        return all(isinstance(part, str) or part.fixed for part in self.parts)

    @property
    def width(self) -> int:
        """The most bytes that a text takes."""
        return sum(len(part) * 4 if isinstance(part, str) else part.width for part in self.parts)

    def mapped(self, change: Callable[[str], str]) -> "Spelling":
        """Every part changed by `change`."""
        parts = (
            change(part) if isinstance(part, str) else part.mapped(change) for part in self.parts
        )
        return Spelling(tuple(parts), self.numbers)

    def enclosed(self, before: str, after: str) -> "Spelling":
        """The same between two fixed texts."""
        return Spelling((before, *self.parts, after), self.numbers)

    def optional(self, otherwise: str) -> "Spelling":
        """Spell a value with a mask behind it: `otherwise` where the mask is true."""
        parts = (Pool(("", otherwise)), *map(_optional, self.parts))

        def numbers(value: Value) -> Value:
            mask = np.asarray(value[-1], dtype=bool)
            given = iter(self.numbers(value[:-1]))
            return (
                mask.astype(np.int64),
                *(n for part in self.parts for n in _absent(part, mask, given)),
            )

        return Spelling(parts, numbers)


def _optional(part: Part) -> Part:
    """A part that may be left out, by the number after its last."""
    if isinstance(part, Corpus):
        return Corpus(part.text, part.borders, 0, part.longest)
    return Pool((part, "") if isinstance(part, str) else (*part.texts, ""))


def _absent(part: Part, mask: Any, given: Iterator[Ints | int]) -> Iterator[Ints]:
    """The numbers for a part that may be left out."""
    if isinstance(part, str):
        yield mask.astype(np.int64)
    elif isinstance(part, Pool):
        yield np.where(mask, len(part.texts), next(given))
    else:
        yield np.asarray(next(given))
        yield np.where(mask, 0, next(given))


def picked(texts: Sequence[str]) -> Spelling:
    """Spell n by the n-th of `texts`."""
    return Spelling((Pool(texts),), lambda value: value)


def pointed(parts: Sequence[Part]) -> Spelling:
    """Spell a value that has each pool's number already."""
    return Spelling(tuple(parts), lambda value: value)


@lru_cache(maxsize=64)
def digits(count: int) -> Pool:
    """0 to 10**count - 1 with leading zeros."""
    return Pool(f"{number:0{count}}" for number in range(10**count))


def zero_padded(size: int, high: int) -> Spelling:
    """Spell whole numbers up to `high` with so many digits, those that need more with more."""
    sizes = [min(4, size - start) for start in range(0, size, 4)]
    above = high // 10**size
    if above == 0:
        return Spelling(
            tuple(map(digits, sizes)), lambda value: tuple(_tail(np.asarray(value[0]), sizes))
        )
    opening = Pool(str(number or "") for number in range(above + 1))

    def numbers(value: Value) -> Value:
        upper = np.asarray(value[0]) // 10**size
        return (upper, *_tail(value[0] - upper * 10**size, sizes))

    return Spelling((opening, *map(digits, sizes)), numbers)


def decimal(low: int, high: int, scale: int = 0) -> Spelling:
    """Spell integers of [low, high] as decimals with `scale` digits after the point."""
    if high - low < _GROUP:
        pool = Pool(plain(number, scale) for number in range(low, high + 1))
        return Spelling((pool,), lambda value: (value[0] - low,))
    negative = low < 0
    groups = (len(str(max(abs(low), abs(high)) // 10**scale)) + 3) // 4
    tail = [min(4, scale - start) for start in range(0, scale, 4)]

    def numbers(value: Value) -> Value:
        number = np.asarray(value[0])
        signs = ((number < 0).astype(np.int64),) if negative else ()
        number = np.abs(number) if negative else number
        whole = number // 10**scale
        return (*signs, *_whole(whole, groups), *_tail(number - whole * 10**scale, tail))

    sign = (Pool(("", "-")),) if negative else ()
    heads = (_head(last=group == groups - 1) for group in range(groups))
    parts = (*sign, *heads, *(["."] if scale else []), *map(digits, tail))
    return Spelling(parts, numbers)


@lru_cache(maxsize=2)
def _head(*, last: bool) -> Pool:
    """Four digits of a whole number: first as they open it, then as they go on."""
    opening = ("" if number == 0 and not last else str(number) for number in range(_GROUP))
    return Pool((*opening, *digits(4).texts))


def _whole(number: Ints, groups: int) -> list[Ints]:
    above = number // _GROUP ** (groups - 1)
    numbers = [above]
    for place in range(groups - 2, -1, -1):
        upto = number // _GROUP**place
        numbers.append(upto - above * _GROUP + (above > 0) * _GROUP)
        above = upto
    return numbers


def _tail(part: Ints, sizes: Sequence[int]) -> list[Ints]:
    numbers, left = [], sum(sizes)
    for size in sizes[:-1]:
        left -= size
        numbers.append(part // 10**left)
        part = part - numbers[-1] * 10**left
    return [*numbers, *([part] if sizes else [])]


def plain(number: int, scale: int) -> str:
    """An integer number of 10**-scale, exactly."""
    if not scale:
        return str(number)
    whole, part = divmod(abs(number), 10**scale)
    return f"{'-' if number < 0 else ''}{whole}.{part:0{scale}}"


def slug(text: str) -> str:
    """The letters of `text` without accents, lower-case, and its digits: ASCII, for addresses."""
    return re.sub("[^a-z0-9]", "", unicodedata.normalize("NFKD", text).lower())
