"""When to ask the queue again, for how many messages, and when to stop asking."""

from collections.abc import Sequence

from .contract import ExitCode
from .storage import RECEIVE_LIMIT

LONGEST_WAIT = 5.0
FAILING = 5  # so many idle times without an answer are too many
AHEAD_SECONDS = 0.5  # of work that may wait in a worker
WEIGHT = 0.2  # of the latest unit in the mean


class Polling:
    """Decides from what each receive has brought; times are seconds of a steady clock."""

    def __init__(self, poll_seconds: float, idle_seconds: float, now: float) -> None:
        self._poll = poll_seconds
        self._idle = idle_seconds
        self._answered = now
        self._busy = now
        self._quiet = 0

    def next_step(self, found: int | None, *, holding: bool, now: float) -> float | ExitCode:
        """The wait before the next receive, or how the worker ends.

        `found` counts the messages received, None if the queue did not answer; `holding` says
        whether the worker held any as it asked. Waits double while nothing comes.
        """
        if found is not None:
            self._answered = now
        if found or found is None or holding:
            self._busy = now
        if now - self._answered >= FAILING * self._idle:
            return ExitCode.INTERNAL
        left = self._busy + self._idle - now
        if left <= 0:
            return ExitCode.OK
        self._quiet = 0 if found else self._quiet + 1
        if self._quiet == 0:
            return 0.0
        return min(self._poll * 2.0 ** (self._quiet - 1), LONGEST_WAIT, left)


class Stock:
    """How many messages a worker holds: one for each slot, and ahead of them a moment's work.

    Of short units the next ones are received while the slots work. Long ones are left to others,
    who may have nothing to do; and what cannot afford to wait (see `Delivery.patient`) ends
    holding ahead until a receive brings none of it.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._seconds = float("inf")  # that a unit takes, as far as is known
        self._patient = False

    def took(self, seconds: float) -> None:
        """A unit took so long."""
        known = self._seconds if self._seconds < float("inf") else seconds
        self._seconds = known + WEIGHT * (seconds - known)

    def received(self, patient: Sequence[bool]) -> None:
        """Messages came, those that can wait and those that cannot."""
        if patient:
            self._patient = all(patient)

    def wanted(self, held: int) -> int:
        """How many messages to ask for now, with so many held; not a few at a time."""
        ahead = self._ahead()
        room = self._slots + ahead - held
        return min(room, RECEIVE_LIMIT) if held < self._slots or room > ahead / 2 else 0

    def _ahead(self) -> int:
        if not self._patient:
            return 0
        return int(min(self._slots * AHEAD_SECONDS / max(self._seconds, 1e-3), RECEIVE_LIMIT))
