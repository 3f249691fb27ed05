"""Calls to a service side by side: each of them mostly waits."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = 16


def side_by_side(call: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Make a call for each item, some of them at once; their results, in the order of the items.

    What a call raises is raised here, once those under way are over.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, items))
