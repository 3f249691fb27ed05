"""Keeping secrets out of all that is written for people."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

from .environment import WorkerEnvironment
from .telemetry import header_secrets

MASK = "***"

# Where a secret lies inside a connection string, a URL or a libpq string.
_PARTS = re.compile(
    r"(?:AccountKey|SharedAccessSignature|InstrumentationKey)=([^;]+)|password='?([^&\s']+)"
    r"|://[^:/@]*:([^@]+)@|^(?:Basic|Bearer) +(\S+)$",
    re.IGNORECASE,
)


class Redaction:
    """Replaces every known secret, and every known part of one, by a mask.

    So it does where they are written as in an address, in JSON, or in base64 by themselves.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        whole = {text for secret in secrets for text in (secret, *_parts(secret)) if text}
        known = {form for text in whole for form in _forms(text)}
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


def _parts(secret: str) -> Iterator[str]:
    for match in _PARTS.finditer(secret):
        part = next(filter(None, match.groups()))
        yield from (part, unquote(part))


def _forms(text: str) -> Iterator[str]:
    written = text.encode(errors="surrogateescape")
    yield from (text, quote(written), quote(written, safe=""), json.dumps(text)[1:-1])
    yield b64encode(written).decode().rstrip("=")
