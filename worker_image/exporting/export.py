"""What can be sent away, whoever takes it."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ..contract import Failure
from ..contract.telemetry import Metric

Attributes = Mapping[str, str | int | float]
"""By the names of `Attribute`."""
Read = Callable[[], Iterable[tuple[float, Attributes]]]
"""Gives values, each with what it is told apart by."""


class Kind(StrEnum):
    """What a span is to the one that caused it."""

    SERVER = "server"  # an answer to a request
    CONSUMER = "consumer"  # work on a message
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that has ended. Ids are hexadecimal digits: 32 of a trace, 16 of a span.

    With `error` or `failure` it has failed; the failure is told with its type, message and
    traceback, which must have no secret in them.
    """

    name: str
    kind: Kind
    trace: str
    parent: str | None
    begun: datetime
    ended: datetime
    attributes: Attributes
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    error: str = ""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Who speaks: the service, and which instance of it."""

    service: str
    instance: str


class Export(Protocol):
    """Takes what is said and sends it later, on threads of its own.

    Its methods return at once and never raise for a destination's sake. What cannot be sent is
    dropped: the oldest first, once there is too much.
    """

    def span(self, span: Span) -> None:
        """Say that something has ended."""

    def measure(self, metric: Metric, value: float, attributes: Attributes) -> None:
        """Count, or say how much there is."""

    def watch(self, metric: Metric, read: Read) -> None:
        """Ask `read` each time that the metric goes out; of a counter, for its sums so far."""

    def flush(self) -> None:
        """Send soon what is known by now."""

    def close(self, seconds: float) -> None:
        """Send the rest, for so long at most; nothing is taken any more. Once only."""


class Nowhere:
    """The export of those who have nobody to tell."""

    def span(self, span: Span) -> None:
        """Nothing."""

    def measure(self, metric: Metric, value: float, attributes: Attributes) -> None:
        """Nothing."""

    def watch(self, metric: Metric, read: Read) -> None:
        """Nothing."""

    def flush(self) -> None:
        """Nothing."""

    def close(self, seconds: float) -> None:
        """Nothing."""
