"""The clock of a simulation, and what happens when. Times are in seconds since its start."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


def moment(seconds: float) -> datetime:
    """The time that people see."""
    return START + timedelta(seconds=seconds)


class Agenda:
    """Events in the order of their times; those of one time in the order they were noted."""

    def __init__(self) -> None:
        self.now = 0.0
        self._noted: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, seconds: float, happens: Callable[[], None]) -> None:
        """Note what happens in so many seconds."""
        self._count += 1
        heapq.heappush(self._noted, (self.now + seconds, self._count, happens))

    def advance(self, until: float) -> None:
        """Let everything happen that is due until a time, which is then now."""
        while self._noted and self._noted[0][0] <= until:
            self.now, _, happens = heapq.heappop(self._noted)
            happens()
        self.now = max(self.now, until)
