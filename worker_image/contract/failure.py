"""An error as it travels: on the message between deliveries, and into the dead letter."""

import hashlib
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass

MESSAGE_LIMIT = 1_000
TRACEBACK_LIMIT = 2_000

_VARYING = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|0x[0-9a-f]+|'[^']*'|\"[^\"]*\"|\d+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong in one delivery of a unit, bounded in size."""

    type: str
    message: str
    permanent: bool
    worker: str
    delivery: int
    at: str  # ISO 8601, UTC
    traceback: str = ""

    @property
    def fingerprint(self) -> str:
        """The same for failures that differ in numbers and quoted values alone."""
        shape = f"{self.type}: {_VARYING.sub('*', self.message)}"
        return hashlib.sha256(shape.encode()).hexdigest()[:12]

    @classmethod
    def of(
        cls,
        error: BaseException,
        *,
        permanent: bool,
        worker: str,
        delivery: int,
        at: str,
        redact: Callable[[str], str] = str,
    ) -> "Failure":
        """Describe `error`; the start of its message and the end of its traceback are kept.

        They are cut once they are redacted: of a secret that is cut, a part would stay.
        """
        trail = redact("".join(traceback.format_exception(error)))
        return cls(
            type=type(error).__name__,
            message=redact(str(error))[:MESSAGE_LIMIT],
            permanent=permanent,
            worker=worker,
            delivery=delivery,
            at=at,
            traceback=trail[-TRACEBACK_LIMIT:],
        )
