"""Time, passed in where it is needed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of day for people, and a steady count of seconds for ages."""

    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic

    def stamp(self) -> str:
        """The time of day, ISO 8601 in UTC."""
        return self.now().isoformat(timespec="milliseconds")
