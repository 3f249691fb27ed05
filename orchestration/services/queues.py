"""The work queue and the dead-letter queue of a run.

Messages are JSON text and travel as they are: no encoding policy on this side or the workers'.
"""

from collections.abc import Callable, Iterable

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage, QueueServiceClient

from worker_image.contract import naming

from .threads import side_by_side

HIDDEN_SECONDS = 60
RECEIVED = 32  # messages that the service hands out in one answer
NEVER = -1


class Queues:
    """Idempotent operations on the queues of runs."""

    def __init__(self, service: QueueServiceClient) -> None:
        self._service = service

    def create(self, run: str) -> None:
        """Make both queues; they may be there."""
        for name in (naming.work_queue(run), naming.dead_letter_queue(run)):
            try:
                self._client(name).create_queue()
            except ResourceExistsError as error:
                # A queue of that name may still be in deletion; that is worth another try.
                if getattr(error, "error_code", None) != "QueueAlreadyExists":
                    raise

    def seed(self, run: str, texts: Iterable[str]) -> int:
        """Put messages on the work queue, many at a time; returns how many. They never expire.

        Cut off half way, some are there: seeding the same again makes duplicates, which the
        workers pass over.
        """
        queue = self._client(naming.work_queue(run))
        return len(side_by_side(lambda text: queue.send_message(text, time_to_live=NEVER), texts))

    def count(self, name: str) -> int:
        """About how many messages a queue holds, hidden ones too; 0 if there is no such queue."""
        return self.length(name) or 0

    def length(self, name: str) -> int | None:
        """The same; None if there is no such queue."""
        try:
            return self._client(name).get_queue_properties().approximate_message_count or 0
        except ResourceNotFoundError:
            return None

    def waiting(self, name: str) -> list[tuple[str, int]]:
        """The first messages that nobody holds, at most 32, each with its deliveries so far.

        None is delivered by that; none if there is no such queue.
        """
        try:
            found = self._client(name).peek_messages(max_messages=RECEIVED)
        except ResourceNotFoundError:
            return []
        return [(message.content, message.dequeue_count or 0) for message in found]

    def discard(self, name: str, unwanted: Callable[[str], bool], most: int | None = None) -> int:
        """Look at `most` messages (32 or more) or all, delete the unwanted, show the others again.

        How many were deleted; cut off half way, the rest shows again by itself. `unwanted` is
        asked of a message's text, from several threads.
        """
        queue = self._client(name)

        def settle(message: QueueMessage) -> bool:
            if unwanted(message.content):
                queue.delete_message(message)
                return True
            queue.update_message(message, visibility_timeout=0)
            return False

        found = queue.receive_messages(
            messages_per_page=RECEIVED, max_messages=most, visibility_timeout=HIDDEN_SECONDS
        )
        return sum(side_by_side(settle, list(found)))

    def delete(self, name: str) -> None:
        """Delete a queue with all it holds; it may be gone already."""
        try:
            self._client(name).delete_queue()
        except ResourceNotFoundError:
            return

    def _client(self, name: str) -> QueueClient:
        return self._service.get_queue_client(
            name, message_encode_policy=None, message_decode_policy=None
        )
