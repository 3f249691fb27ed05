"""The integer arithmetic under everything, against Python's own exact integers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_image.generator.randomness import Permutation, scaled, stream, turns, words

WORDS = st.integers(0, 2**64 - 1)


@given(st.lists(WORDS, min_size=1, max_size=20), st.integers(2**32 + 1, 2**63 - 1))
def test_scales_wide_ranges_exactly(drawn: list[int], size: int) -> None:
    expected = [word * size >> 64 for word in drawn]
    assert scaled(np.array(drawn, dtype=np.uint64), size).tolist() == expected


@given(st.lists(WORDS, min_size=1, max_size=20), st.integers(1, 2**32))
def test_scales_narrow_ranges_by_the_upper_half(drawn: list[int], size: int) -> None:
    expected = [(word >> 32) * size >> 32 for word in drawn]
    assert scaled(np.array(drawn, dtype=np.uint64), size).tolist() == expected


def test_scales_by_row() -> None:
    drawn = words(np.array([1], dtype=np.uint64), 0, 1000)[0]
    sizes = np.arange(1, 1001)
    by_row = scaled(drawn, sizes, 1000)
    assert by_row.tolist() == [int(scaled(drawn[n : n + 1], n + 1)[0]) for n in range(1000)]


@given(st.integers(1, 3000), WORDS)
def test_permutes_all_of_a_small_range(size: int, key: int) -> None:
    moved = Permutation(size)(np.arange(size, dtype=np.uint64), turns(key))
    assert sorted(moved.tolist()) == list(range(size))


@pytest.mark.parametrize("size", [10**9 + 7, 2**53, 2**62])
def test_permutes_part_of_a_large_range(size: int) -> None:
    numbers = np.arange(200_000, dtype=np.uint64)
    moved = Permutation(size)(numbers, turns(5))
    assert len(np.unique(moved)) == len(numbers)
    assert 0 <= moved.min() < size // 1000
    assert size - size // 1000 < moved.max() < size


def test_words_of_a_stream_are_all_different_and_of_two_streams_unlike() -> None:
    keys = np.array([stream(1, "a"), stream(1, "b")], dtype=np.uint64)
    drawn = np.concatenate([words(keys, unit, 50_000) for unit in (0, 1, 5999)], axis=1)
    assert len(np.unique(drawn[0])) == 150_000
    assert not np.intersect1d(drawn[0], drawn[1]).size
    bits = np.unpackbits(drawn.view(np.uint8)).mean()
    assert abs(bits - 0.5) < 0.001


def test_a_unit_is_a_window_of_the_stream() -> None:
    keys = np.array([7, 8], dtype=np.uint64)
    assert (words(keys, 3, 10) == words(keys, 3, 500)[:, :10]).all()


def test_streams_are_told_apart_by_each_part_of_their_path() -> None:
    paths: list[tuple[str | int, ...]] = [("a", "b"), ("ab",), ("a", "b", 0), ("a", "b", 1), ()]
    assert len({stream(seed, *path) for seed in (0, 1) for path in paths}) == 2 * len(paths)
