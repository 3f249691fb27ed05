"""When to ask the queue again, and when to stop asking."""

from .contract import ExitCode

LONGEST_WAIT = 5.0
FAILING = 5  # so many idle times without an answer are too many


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
