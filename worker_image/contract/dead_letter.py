"""A unit that will not be tried again: the record for the ledger, the message for people."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import naming
from .failure import Failure
from .message import VERSION, Message, known_fields, members_of, parsed


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message with the error that ended it. `message` is raw text if it was undecodable."""

    message: Mapping[str, Any] | str
    error: Failure
    deliveries: int
    worker: str
    first_seen: str
    dead_at: str
    version: int = VERSION

    @classmethod
    def of(
        cls, message: Message, error: Failure, *, deliveries: int, first_seen: str
    ) -> "DeadLetter":
        """The dead letter of a message that could be read."""
        return cls(
            message=json.loads(message.encode()),
            error=error,
            deliveries=deliveries,
            worker=error.worker,
            first_seen=first_seen,
            dead_at=error.at,
        )

    def encode(self) -> str:
        """As JSON text."""
        members = members_of(self)
        members["error"]["fingerprint"] = self.error.fingerprint
        return json.dumps(members, separators=(",", ":"))

    @classmethod
    def decode(cls, text: str | bytes) -> "DeadLetter":
        """Read JSON text of this or a newer writer.

        Raises:
            ValueError, KeyError, TypeError: `text` is not a dead letter.
        """
        members = parsed(text)
        return known_fields(cls, {**members, "error": known_fields(Failure, members["error"])})

    def record_path(self, run: str) -> str:
        """Where the record lies among the blobs of the runs."""
        if isinstance(self.message, str):
            digest = hashlib.sha256(self.message.encode()).hexdigest()
            return naming.undecodable(run, digest)
        return naming.dead_letter(run, self.message["stage"], int(self.message["unit"]))

    def to_metadata(self) -> dict[str, str]:
        """The summary for listings: what failed, how, after how many deliveries, on whom."""
        unit, stage = "", "undecodable"
        if not isinstance(self.message, str):
            unit, stage = str(self.message["unit"]), str(self.message["stage"])
        return {
            "unit": unit,
            "stage": stage,
            "type": _ascii(self.error.type, 100),
            "error": _ascii(self.error.message, 300),
            "fingerprint": self.error.fingerprint,
            "permanent": str(self.error.permanent).lower(),
            "deliveries": str(self.deliveries),
            "worker": self.worker,
            "deadat": self.dead_at,
        }


def _ascii(text: str, limit: int) -> str:
    # Metadata travels in HTTP headers: printable ASCII alone, no space at either end.
    printable = "".join(c if " " <= c <= "~" else "?" for c in text)
    return printable[:limit].strip() or "-"
