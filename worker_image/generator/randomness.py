"""Random words that need no state: a word is a function of its stream, unit and row alone.

A stream is one splitmix64 sequence; unit and row give the position in it. All arithmetic is on
64-bit integers and so the same on every machine. The words of one stream are all different.
"""

import json
from collections.abc import Sequence
from hashlib import blake2b
from math import isqrt
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Key: TypeAlias = np.uint64 | Words
Keys: TypeAlias = Sequence[Key]

ROWS_LIMIT = 1_000_000
"""Rows of one record type in one unit, at most."""

UNITS_LIMIT = 9_000_000
"""Units of a run: their numbers, counted from a million, open every key with seven digits."""

_GOLDEN = 0x9E3779B97F4A7C15
_POSITIONS = 1 << 20  # of one unit in a stream; at least ROWS_LIMIT
_WORD = (1 << 64) - 1
_HALF = np.uint64(32)
_LOW = np.uint64((1 << 32) - 1)


def stream(random_seed: int, *path: str | int) -> int:
    """The key of a stream, by what it is for."""
    text = json.dumps([random_seed, *path])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def words(streams: Words, unit: int, rows: int) -> Words:
    """The words of a unit: shape (streams, rows)."""
    start = np.uint64((unit * _POSITIONS + 1) * _GOLDEN & _WORD)
    positions = np.arange(rows, dtype=np.uint64) * np.uint64(_GOLDEN)
    return mixed((streams + start)[:, None] + positions)


def scaled(draws: Words, sizes: int | Ints, limit: int = 0) -> Ints:
    """Map words onto [0, size) evenly: the top bits of word * size.

    Where `sizes` differ by row, none is over `limit`. Half of a word serves sizes up to 2**32.
    """
    size = np.uint64(sizes) if isinstance(sizes, int) else sizes.view(np.uint64)
    high = draws >> _HALF
    if (sizes if isinstance(sizes, int) else limit) <= 1 << 32:
        return (high * size >> _HALF).view(np.int64)
    low, size_high, size_low = draws & _LOW, size >> _HALF, size & _LOW
    middle = high * size_low + (low * size_low >> _HALF)
    carried = low * size_high + (middle & _LOW)
    top: Words = high * size_high + (middle >> _HALF) + (carried >> _HALF)
    return top.view(np.int64)


def turns(key: int) -> list[np.uint64]:
    """The keys of a permutation, from one."""
    return [np.uint64(stream(key, turn)) for turn in range(Permutation.TURNS)]


class Permutation:
    """A bijection of [0, size), chosen by keys: unique numbers without coordination.

    An alternating Feistel network over a grid that is just large enough; the few numbers that
    land beyond `size` walk on until they land inside.
    """

    TURNS = 4

    def __init__(self, size: int) -> None:
        self.size = size
        self._width = isqrt(size - 1) + 1
        self._height = -(-size // self._width)

    def __call__(self, numbers: Words, keys: Keys) -> Ints:
        """Where each of `numbers` (below `size`) goes; a key for each of `TURNS`, or one a row."""
        moved = self._moved(numbers, keys)
        while (outside := moved >= np.uint64(self.size)).any():
            inner = [key[outside] if isinstance(key, np.ndarray) else key for key in keys]
            moved[outside] = self._moved(moved[outside], inner)
        return moved.view(np.int64)

    def _moved(self, numbers: Words, keys: Keys) -> Words:
        height, width = np.uint64(self._height), np.uint64(self._width)
        row = numbers // width
        column = numbers - row * width
        for row_key, column_key in (keys[:2], keys[2:]):
            row = _turned(row, column, row_key, height)
            column = _turned(column, row, column_key, width)
        return row * width + column


def _turned(turning: Words, by: Words, key: Key, size: np.uint64) -> Words:
    turned = turning + scaled(mixed(by ^ key), int(size)).view(np.uint64)
    return np.where(turned >= size, turned - size, turned)


def mixed(state: Words) -> Words:
    """Finish splitmix64 in place."""
    spare = state >> np.uint64(30)
    np.bitwise_xor(state, spare, out=state)
    np.multiply(state, np.uint64(0xBF58476D1CE4E5B9), out=state)
    np.right_shift(state, np.uint64(27), out=spare)
    np.bitwise_xor(state, spare, out=state)
    np.multiply(state, np.uint64(0x94D049BB133111EB), out=state)
    np.right_shift(state, np.uint64(31), out=spare)
    np.bitwise_xor(state, spare, out=state)
    return state
