"""How many units are in the target at once: fewer when it asks for less, more again by and by."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import TargetBusyError


class Gate:
    """Lets at most `most` threads in at a time.

    The number is halved whenever the target turns somebody away, and grows by one with as many
    successes in a row as it has places: it falls in a moment and recovers within seconds.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = most
        self._inside = 0
        self._successes = 0
        self._changed = threading.Condition()

    @property
    def open(self) -> int:
        """How many are let in at present."""
        return self._open

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Wait for a place and hold it."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside < self._open)
            self._inside += 1
        turned_away = False
        try:
            yield
        except TargetBusyError:
            turned_away = True
            raise
        finally:
            with self._changed:
                self._inside -= 1
                self._learn(turned_away)
                self._changed.notify_all()

    def _learn(self, turned_away: bool) -> None:
        if turned_away:
            self._open, self._successes = max(1, self._open // 2), 0
            return
        self._successes += 1
        if self._successes >= self._open and self._open < self._most:
            self._open, self._successes = self._open + 1, 0
