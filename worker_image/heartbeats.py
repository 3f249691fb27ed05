"""What a worker has done so far, counted for its heartbeats."""

import threading
from collections import Counter
from collections.abc import Iterable

from .contract import Heartbeat, Receipt


class Tally:
    """Counts since the start; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._units: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._retries = 0
        self._dead = 0
        self._pushbacks = 0
        self._pushback = ""
        self._worked = ""
        self._told = 0  # units of the last heartbeat

    def done(self, receipt: Receipt) -> None:
        """A unit was committed."""
        with self._lock:
            self._units[receipt.stage] += 1
            self._rows[receipt.stage] += receipt.rows
            self._bytes[receipt.stage] += receipt.bytes

    def rows(self) -> dict[str, int]:
        """Rows of the units that were committed, by stage."""
        with self._lock:
            return dict(self._rows)

    def bytes(self) -> dict[str, int]:
        """Bytes of their documents, by stage."""
        with self._lock:
            return dict(self._bytes)

    def put_back(self) -> None:
        """A unit failed and will be tried again."""
        with self._lock:
            self._retries += 1

    def buried(self) -> None:
        """A unit went to the dead letters."""
        with self._lock:
            self._dead += 1

    def pushed_back(self, reason: str) -> None:
        """The target turned a unit away."""
        with self._lock:
            self._pushbacks += 1
            self._pushback = reason[:300]

    def heartbeat(self, worker: str, at: str, state: str, current: Iterable[str]) -> Heartbeat:
        """The counts of this moment."""
        current = tuple(current)
        with self._lock:
            if current or self._units.total() != self._told:
                self._worked, self._told = at, self._units.total()
            return Heartbeat(
                worker=worker,
                at=at,
                state=state,
                units=dict(self._units),
                rows=dict(self._rows),
                bytes=dict(self._bytes),
                retries=self._retries,
                dead=self._dead,
                pushbacks=self._pushbacks,
                pushback=self._pushback,
                current=current,
                worked=self._worked,
            )
