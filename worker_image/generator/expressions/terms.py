"""Terms: what an expression is made of, with bounds that are known before any row is made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Any, TypeAlias

import numpy as np

from ..frame import Frame, Mask, Source, either
from ..instants import DAY
from ..problems import Refusal

_LIMIT = 1 << 63
_SCALE_LIMIT = 18


Blank: TypeAlias = Callable[[Frame], Mask | None]
"""Where something is null; None if it is nowhere."""


class Sort(StrEnum):
    """What the integers of a term stand for."""

    NUMBER = "number"
    TRUTH = "truth"
    TIME = "time"  # seconds since 1970 UTC
    DURATION = "duration"  # seconds
    TEXT = "text"  # its place in the term's texts


@dataclass(frozen=True, slots=True)
class Term:
    """One integer a row in [low, high], or one for all rows; numbers in units of 10**-scale.

    It is null where one of the fields `follows` is, all of which may be, and where `blank` says so.
    `literal` is a text as it was written, which becomes a time or duration beside one; `after` is
    that of `Reading`, for a time. One that is `fixed` is written in the expression itself.
    """

    sort: Sort
    low: int
    high: int
    evaluate: Callable[[Frame], Any]
    scale: int = 0
    texts: tuple[str, ...] = ()
    day: bool = False
    follows: tuple[Source, ...] = ()
    blank: Blank | None = None
    literal: str | None = None
    after: Mapping[Source, int] = field(default_factory=dict)
    fixed: bool = False

    @property
    def nullable(self) -> bool:
        """Whether it may be null."""
        return bool(self.follows or self.blank)

    def missing(self, frame: Frame) -> Mask | None:
        """Where it is null; None if it is nowhere."""
        followed = frame.nowhere(self.follows)
        return either(followed, self.blank(frame)) if self.blank else followed

    def at_scale(self, scale: int) -> "Term":
        """The same number in smaller units."""
        factor = 10 ** (scale - self.scale)
        if factor == 1:
            return self
        return made(
            replace(self, scale=scale), (self.low * factor, self.high * factor), self,
            lambda value: value * factor,
        )  # fmt: skip

    def renumbered(self, texts: tuple[str, ...]) -> "Term":
        """The same text by its place in other texts, of which it is one."""
        known = {text: place for place, text in enumerate(texts)}
        places = np.array([known[text] for text in self.texts])
        return made(
            replace(self, texts=texts), (0, len(texts) - 1), self, lambda value: places[value]
        )


def constant(sort: Sort, value: int, scale: int = 0) -> Term:
    """The same for all rows."""
    return checked(Term(sort, value, value, lambda _: value, scale, fixed=True))


def made(like: Term, bounds: tuple[int, int], *parts: Any) -> Term:
    """A term like `like` worked out from others: the last part is the function of their values.

    Raises:
        Refusal: it could leave 64 bits.
    """
    *terms, function = parts
    return joined(like, bounds, terms, lambda values: function(*values))


def joined(
    like: Term, bounds: tuple[int, int], terms: Sequence[Term], join: Callable[[Iterator[Any]], Any]
) -> Term:
    """The same with a function that takes the values one after the other, each worked out once.

    Raises:
        Refusal: it could leave 64 bits.
    """
    evaluations = [term.evaluate for term in terms]

    def evaluate(frame: Frame) -> Any:
        return join(one(frame) for one in evaluations)

    follows = tuple(dict.fromkeys(source for term in terms for source in term.follows))
    low, high = bounds
    return checked(
        replace(
            like,
            low=low,
            high=high,
            evaluate=evaluate,
            follows=follows,
            blank=_any_blank([term.blank for term in terms if term.blank]),
            literal=None,
            after={},
            fixed=False,
        )
    )


def _any_blank(blanks: Sequence[Blank]) -> Blank | None:
    if len(blanks) < 2:
        return blanks[0] if blanks else None
    return lambda frame: reduce(either, (blank(frame) for blank in blanks))


def checked(term: Term) -> Term:
    """The term, if all its values fit 64 bits.

    Raises:
        Refusal: they do not, or have more digits after the point than 64 bits could have.
    """
    if term.scale > _SCALE_LIMIT:
        reason = f"{term.scale} digits after the point; at most {_SCALE_LIMIT} are allowed"
        raise Refusal(f"{reason}: use round", None)
    if term.low <= -_LIMIT or term.high >= _LIMIT:
        reason = f"from {term.low} to {term.high} in units of 1e-{term.scale}: more than 64 bits"
        raise Refusal(f"{reason}; use round, or a smaller range", None)
    return term


def all_days(*terms: Term) -> bool:
    """Whether times are days, each and every one; a fixed midnight is what the others are."""
    midnights = [term.fixed and term.low % DAY == 0 for term in terms]
    days = [term.day for term in terms]
    return any(days) and all(map(or_, days, midnights))


def alike(*terms: Term) -> list[Term]:
    """Terms of one sort, in the same units or with the same texts.

    Raises:
        Refusal: they are of different sorts.
    """
    for left, right in pairwise(terms):
        if left.sort is not right.sort:
            raise Refusal(f"a {left.sort} and a {right.sort} do not go together", None)
    if terms[0].sort is Sort.NUMBER:
        scale = max(term.scale for term in terms)
        return [term.at_scale(scale) for term in terms]
    if terms[0].sort is Sort.TEXT:
        texts = tuple(dict.fromkeys(text for term in terms for text in term.texts))
        return [term.renumbered(texts) for term in terms]
    return list(terms)
