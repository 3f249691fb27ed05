"""Keeping secrets out of all that is written for people."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from .environment import WorkerEnvironment
from .telemetry import header_secrets

MASK = "***"

# Where a secret lies inside a connection string, a URL or a libpq string.
_PARTS = re.compile(
    r"(?:AccountKey|SharedAccessSignature|InstrumentationKey)=([^;]+)|password='?([^&\s']+)|://[^:/@]*:([^@]+)@",
    re.IGNORECASE,
)


class Redaction:
    """Replaces every known secret, and every known part of one, by a mask."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {text for secret in secrets for text in (secret, *_parts(secret)) if text}
        longest_first = sorted(known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    @classmethod
    def of(cls, environment: WorkerEnvironment) -> "Redaction":
        """Of the secrets of a worker's environment."""
        secrets = (item.value for item in environment.variables() if item.secret)
        return cls((*secrets, *header_secrets(environment.otlp_headers)))

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub(MASK, text)


def _parts(secret: str) -> Iterable[str]:
    for match in _PARTS.finditer(secret):
        part = match[1] or match[2] or match[3]
        yield from (part, unquote(part))
