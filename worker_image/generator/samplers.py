"""Distributions as tables of integers, made once: a draw is a look-up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from math import gcd
from typing import Any

import numpy as np
import numpy.typing as npt

from .curves import Floats, exp, log, normal_quantiles
from .randomness import Ints, Words, scaled

WEIGHT_SHARE = Fraction(1, 1 << 20)
"""The smallest share of the total that a weight may have."""

_TABLE = 1 << 16
_FINE = 1 << 17


@dataclass(frozen=True, slots=True)
class Sampler:
    """Draws integers of [low, high], one a word."""

    low: int
    high: int
    draw: Callable[[Words], Ints]


def constant(value: int) -> Sampler:
    """Always `value`."""
    return Sampler(value, value, lambda words: np.full(words.shape, value))


def uniform(low: int, high: int) -> Sampler:
    """Every integer of [low, high] alike."""
    size = high - low + 1
    return Sampler(low, high, lambda words: scaled(words, size) + low)


def weighted(cards: Ints, low: int = 0) -> Sampler:
    """One of `cards` (see `deal`), counted from `low`."""
    size, table = len(cards), compact(cards)
    return Sampler(
        int(cards.min()) + low,
        int(cards.max()) + low,
        lambda words: table.take(scaled(words, size)).astype(np.int64) + low,
    )


def chance(probability: float) -> Callable[[Words], npt.NDArray[np.bool_]]:
    """True for `probability` of the words, to 2**-32."""
    share = np.uint64(Fraction(str(probability)) * (1 << 32))
    return lambda words: words >> np.uint64(32) < share


def deal(weights: Sequence[int], size: int = _TABLE) -> Ints:
    """A deck that holds each index as often as its weight says.

    Exactly so where the reduced weights sum to `size` at most, else rounded to shares of `size`.
    """
    common = gcd(*weights)
    total = sum(weights) // common
    reduced = [weight // common for weight in weights]
    if total > size:
        ends = accumulate(reduced, initial=0)
        borders = [(2 * end * size + total) // (2 * total) for end in ends]
        reduced = [after - before for before, after in pairwise(borders)]
    return np.repeat(np.arange(len(weights)), reduced)


def fine_deal(weights: Sequence[int]) -> Ints:
    """A deck in which every weight of at least `WEIGHT_SHARE` of the total is present."""
    rare = min(weights) * _TABLE < sum(weights)
    return deal(weights, WEIGHT_SHARE.denominator if rare else _TABLE)


def whole(weights: Sequence[float]) -> list[int]:
    """Decimal weights as integers in the same proportion."""
    shares = [Decimal(str(weight)) for weight in weights]
    scale = max(-int(share.as_tuple().exponent) for share in shares)
    return [int(share.scaleb(max(0, scale))) for share in shares]


def poisson(mean: float) -> Sampler:
    """Counts of independent events, `mean` on average."""
    spread = 12 * int(mean**0.5 + 1)
    first = max(0, int(mean) - spread)
    likelihood = [1.0]
    for count in range(first + 1, int(mean) + spread):
        likelihood.append(likelihood[-1] * mean / count)
    return weighted(deal(_proportions(np.array(likelihood))), first)


def zipf_weights(size: int, exponent: float) -> list[int]:
    """Weights of ranks 1 to `size`: rank ** -exponent, relative to the first."""
    ranks = np.arange(1, size + 1, dtype=np.float64)
    return _proportions(exp(-exponent * log(ranks)))


def normal(mean: float, deviation: float) -> Floats:
    """Quantiles of the normal distribution."""
    return mean + deviation * _standard_normal()


def lognormal(median: float, sigma: float) -> Floats:
    """Quantiles of a value whose logarithm is normal with deviation `sigma`."""
    return median * exp(sigma * _standard_normal())


def exponential(mean: float) -> Floats:
    """Quantiles of the time between independent events."""
    return -mean * log(1.0 - _shares())


def within(quantiles: Floats, low: int | None, high: int | None) -> Sampler | None:
    """Draw from the part of the distribution in [low, high]; None if that is under a hundredth.

    Between two entries of the table values are interpolated, so that all can occur.
    """
    inside = np.ones(len(quantiles), dtype=bool)
    if low is not None:
        inside &= quantiles >= low
    if high is not None:
        inside &= quantiles <= high
    kept = quantiles[inside]
    if len(kept) * 100 < len(quantiles) or np.abs(kept).max() >= 1 << 53:
        return None
    places = np.arange(_TABLE + 1) * ((len(kept) - 1) / _TABLE)
    lower = np.minimum(places.astype(np.int64), len(kept) - 2)
    edges = kept[lower] + (kept[lower + 1] - kept[lower]) * (places - lower)
    return _interpolated(np.rint(edges).astype(np.int64))


def _interpolated(edges: Ints) -> Sampler:
    low, high = int(edges[0]), int(edges[-1])
    starts, gaps = compact(edges[:-1] - low), compact(np.diff(edges))

    def draw(words: Words) -> Ints:
        at = (words >> np.uint64(48)).view(np.int64)
        part = (words >> np.uint64(32) & np.uint64(0xFFFF)).view(np.int64)
        drawn: Ints = starts.take(at) + (gaps.take(at) * part >> 16) + low
        return drawn

    return Sampler(low, high, draw)


def compact(table: Ints) -> npt.NDArray[Any]:
    """The same numbers in as few bytes as they need: small tables stay in the cache."""
    largest = int(table.max())
    return table.astype(np.min_scalar_type(largest) if largest < 1 << 32 else np.int64)


def _shares() -> Floats:
    return (np.arange(_FINE) + 0.5) / _FINE


@lru_cache(maxsize=1)
def _standard_normal() -> Floats:
    return normal_quantiles(_shares())


def _proportions(likelihood: Floats) -> list[int]:
    scale = float(1 << 40) / likelihood.max()
    return [int(value) for value in np.rint(likelihood * scale)]
