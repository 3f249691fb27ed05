"""Waiting for somebody to be there, for as long as a fault may wait."""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import TypeVar

T = TypeVar("T")
_POLL = 0.05
PATIENCE = 6.0  # seconds: a worker is there by then, if one comes at all


def awaited(read: Callable[[], T], over: Event) -> T:
    """The first answer that is true, or the last one once patience or the storm is over."""
    deadline = monotonic() + PATIENCE
    while not (answer := read()) and monotonic() < deadline and not over.wait(_POLL):
        pass
    return answer
