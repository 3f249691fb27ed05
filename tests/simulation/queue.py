"""The simulated work queue: at least once, in no order, its count approximate."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .agenda import Agenda


@dataclass(slots=True, eq=False)
class Message:
    """A unit of a stage on the queue; `tries` are its counted deliveries."""

    stage: str
    unit: int
    tries: int = 0


class Queue:
    """Messages that can be seen, and messages that are leased or put back for later."""

    def __init__(self, agenda: Agenda, vanishing: Mapping[int, int]) -> None:
        self._agenda = agenda
        self._vanishing = Counter(vanishing)
        self._seen: deque[Message] = deque()
        self.held: set[int] = set()  # by identity: leased, or waiting to be seen again
        self._messages: dict[int, Message] = {}
        self.deepest = 0
        self.arrived: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        """Messages, hidden ones too."""
        return len(self._messages)

    @property
    def visible(self) -> bool:
        """Whether any message can be received."""
        return bool(self._seen)

    def send(self, stage: str, unit: int) -> None:
        """Put a unit on the queue, where its messages do not vanish."""
        if self._vanishing[unit]:
            self._vanishing[unit] -= 1
            return
        message = Message(stage, unit)
        self._messages[id(message)] = message
        self._seen.append(message)
        self.deepest = max(self.deepest, len(self._messages))
        self.arrived()

    def receive(self) -> Message | None:
        """Lease a message that can be seen."""
        while self._seen:
            message = self._seen.popleft()
            if id(message) in self._messages:
                message.tries += 1
                self.held.add(id(message))
                return message
        return None

    def complete(self, message: Message) -> None:
        """Delete a message; it may be gone already."""
        self._messages.pop(id(message), None)
        self.held.discard(id(message))

    def put_back(self, message: Message, seconds: float) -> None:
        """Let a message be seen again after some time, unless it is deleted before."""
        self._agenda.after(seconds, lambda: self._show(message))

    def _show(self, message: Message) -> None:
        if id(message) in self._messages and message not in self._seen:
            self.held.discard(id(message))
            self._seen.append(message)
            self.arrived()

    def units(self) -> set[tuple[str, int]]:
        """The stages and units that have a message."""
        return {(message.stage, message.unit) for message in self._messages.values()}

    def lose_one(self) -> None:
        """Let a message that can be seen vanish, as no queue should."""
        if self._seen:
            self._messages.pop(id(self._seen.popleft()), None)

    def clear(self) -> None:
        """Delete the queue."""
        self._messages.clear()
        self._seen.clear()
        self.held.clear()
