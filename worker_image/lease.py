"""A message that this worker holds: hidden from others as long as it is renewed."""

import logging
import math
import threading
from collections.abc import Callable

from azure.core.exceptions import HttpResponseError
from azure.storage.queue import QueueClient, QueueMessage

from .clock import Clock

LOG = logging.getLogger(__name__)

_GONE = {"MessageNotFound", "PopReceiptMismatch"}


class Lease:
    """Renewed, put back and completed by any thread, always with the newest pop receipt.

    It ends once: by `complete`, by `put_back`, or by being lost, which is no error, as somebody
    else has the message or is done with it. All that is asked of it afterwards has no effect.
    """

    def __init__(
        self, queue: QueueClient, message: QueueMessage, visibility: float, clock: Clock
    ) -> None:
        self.text: str = message.content
        self.deliveries: int = message.dequeue_count or 1
        self.first_seen = message.inserted_on.isoformat() if message.inserted_on else ""
        self._queue = queue
        self._id: str = message.id
        self._receipt = message.pop_receipt
        self._visibility = visibility
        self._clock = clock
        self._renewed = clock.monotonic()
        self._lock = threading.Lock()
        self._held = True

    @property
    def held(self) -> bool:
        """Whether the message is still this worker's, as far as it knows."""
        return self._held

    def renew(self) -> None:
        """Hide the message for the full visibility again, once half of it has passed."""
        if self._clock.monotonic() - self._renewed >= self._visibility / 2:
            self._change(lambda: self._update(None, math.ceil(self._visibility)))

    def put_back(self, text: str, delay: float) -> bool:
        """End the lease: others get `text` after `delay` seconds. Whether it was ours to end."""
        return self._change(lambda: self._update(text, round(delay)), last=True)

    def complete(self) -> bool:
        """End the lease by deleting the message. Whether it was ours to end."""
        return self._change(lambda: self._queue.delete_message(self._id, self._receipt), last=True)

    def _update(self, text: str | None, seconds: int) -> None:
        now = self._clock.monotonic()
        self._receipt = self._queue.update_message(
            self._id, self._receipt, text, visibility_timeout=seconds
        ).pop_receipt
        self._renewed = now

    def _change(self, change: Callable[[], None], *, last: bool = False) -> bool:
        with self._lock:
            if not self._held:
                return False
            try:
                change()
            except HttpResponseError as error:
                if getattr(error, "error_code", None) not in _GONE:
                    raise
                self._held = False
                LOG.warning("the lease is lost (delivery %d)", self.deliveries)
                return False
            self._held = not last
            return True
