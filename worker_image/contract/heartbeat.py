"""What a worker says of itself: progress for people, never proof of a unit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .message import VERSION, known_fields, members_of, parsed


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Counts since the worker started, by stage; `current` names the units it holds.

    `worked` is when it last held a unit. `pushbacks` counts how often a target was away or asked
    for less, `pushback` is what it said last.
    """

    worker: str
    at: str
    state: str  # starting | working | idle | left
    units: Mapping[str, int] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)
    retries: int = 0
    dead: int = 0
    pushbacks: int = 0
    pushback: str = ""
    current: tuple[str, ...] = ()
    worked: str = ""
    version: int = VERSION

    def encode(self) -> str:
        """As JSON text."""
        return json.dumps(members_of(self), separators=(",", ":"))

    def to_metadata(self) -> dict[str, str]:
        """The same on the blob's metadata, so that one listing reads every worker."""
        return {"heartbeat": self.encode()}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str] | None) -> "Heartbeat | None":
        """Read blob metadata; None when it is not a heartbeat."""
        try:
            members: dict[str, Any] = parsed((metadata or {})["heartbeat"])
            return known_fields(cls, {**members, "current": tuple(members.get("current", ()))})
        except (KeyError, ValueError, TypeError):
            return None
