"""Doing something again and again beside the work."""

import logging
import threading
from collections.abc import Callable

LOG = logging.getLogger(__name__)

PATIENCE = 2.0


class Ticking:
    """Calls `action` at once and then every so many seconds, on a thread of its own, until `stop`.

    An action that fails is logged and called again at its next time.
    """

    def __init__(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        self._seconds = seconds
        self._action = action
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; once only."""
        self._thread.start()

    def stop(self) -> None:
        """End after the call in progress, waiting for that a short while. Idempotent."""
        self._stopped.set()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._action()
            except Exception:
                LOG.exception("%s failed", self._thread.name)
            self._stopped.wait(self._seconds)
