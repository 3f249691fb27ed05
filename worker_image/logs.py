"""The worker's log: JSON lines on standard output, and shipped to a blob that outlives it."""

import logging
import sys
import threading
from collections import deque
from collections.abc import Callable

from .contract import JsonLines, Redaction, WorkerEnvironment

BLOCK_LIMIT = 2 << 20  # bytes appended at once; the service takes 4 MiB
BUFFER_LIMIT = 8 << 20  # bytes kept while they cannot be shipped


class Shipment(logging.Handler):
    """Lines that wait to be shipped; of too many, the oldest are dropped and counted."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        self._guard = threading.RLock()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self._keep(f"{self.format(record)}\n".encode())

    def ship(self, append: Callable[[bytes], None]) -> None:
        """Hand over what waits, the oldest first, in blocks; a refused block waits on.

        Raises:
            Whatever `append` raises.
        """
        while block := self._take():
            try:
                append(block)
            except Exception:
                with self._guard:
                    self._lines.appendleft(block)
                    self._size += len(block)
                raise

    def _take(self) -> bytes:
        with self._guard:
            lines = [self._note()] if self._dropped else []
            size = 0
            # One at least: a block that was refused with its note is over the limit.
            while self._lines and (not size or size + len(self._lines[0]) <= BLOCK_LIMIT):
                lines.append(self._lines.popleft())
                size += len(lines[-1])
            self._size -= size
            return b"".join(lines)

    def _keep(self, line: bytes) -> None:
        with self._guard:
            self._lines.append(line)
            self._size += len(line)
            while self._size > BUFFER_LIMIT:
                dropped = self._lines.popleft()
                self._size -= len(dropped)
                self._dropped += dropped.count(b"\n")

    def _note(self) -> bytes:
        dropped, self._dropped = self._dropped, 0
        note = {
            "levelname": "WARNING",
            "msg": "%d lines of the log were dropped",
            "args": (dropped,),
        }
        return f"{self.format(logging.makeLogRecord(note))}\n".encode()


def configure(environment: WorkerEnvironment) -> Shipment:
    """Send every logger of the process to standard output and to the shipment returned."""
    formatter = JsonLines(
        {"run": environment.run, "worker": environment.worker}, Redaction.of(environment)
    )
    shipment = Shipment()
    for handler in (logging.StreamHandler(sys.stdout), shipment):
        handler.setFormatter(formatter)
        logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("azure").setLevel(logging.WARNING)
    return shipment
