"""Signatures of notifications, after Standard Webhooks: HMAC-SHA256 over id, time and body."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes


def keys(secrets: str) -> tuple[bytes, ...]:
    """The keys of secrets that spaces separate: a new one beside an old one while it is changed.

    Raises:
        ValueError: there is none, or one is no `whsec_` with 24 to 64 bytes in Base64 behind it.
    """
    found = tuple(map(_key, secrets.split()))
    if not found:
        raise ValueError(f"a secret is needed: {PREFIX} and 24 to 64 random bytes in Base64")
    return found


def headers(keys: tuple[bytes, ...], name: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one try to deliver a body at a time; `name` is the same at every try."""
    second = str(int(at.timestamp()))
    content = b".".join((name.encode(), second.encode(), body))
    signatures = (hmac.digest(key, content, hashlib.sha256) for key in keys)
    return {
        "webhook-id": name,
        "webhook-timestamp": second,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(s).decode()}" for s in signatures),
    }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        # No value here: it is a secret.
        raise ValueError(f"{PREFIX} and 24 to 64 bytes in Base64 are needed")
    return key
