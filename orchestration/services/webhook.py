"""The app's webhook: who is told of runs."""

from dataclasses import dataclass
from datetime import datetime

import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from .. import signing
from ..settings import Settings

LONGEST_WAIT = 7_200.0


@dataclass(frozen=True)
class Answer:
    """What came of a try; one that was not `taken` says why, and may ask for a `wait`."""

    taken: bool
    words: str
    wait: float = 0.0


class Webhook:
    """One receiver, told by POST under Standard Webhooks' headers. Safe for use by many threads."""

    def __init__(self, url: str, secrets: str) -> None:
        """Raises ValueError for secrets that are none."""
        self._url = url
        self._keys = signing.keys(secrets)

    @classmethod
    def of(cls, settings: Settings) -> "Webhook | None":
        """The receiver that the settings name; None if they name none."""
        url = settings.webhook_url.get_secret_value()
        return cls(url, settings.webhook_secret.get_secret_value()) if url else None

    def send(self, name: str, body: bytes, at: datetime, seconds: float) -> Answer:
        """Try once to deliver a body; never raises for what the receiver or the network does.

        So many `seconds` are left to connect, and again for the answer to begin. Redirects are not
        followed, and nothing is read of an answer but its status.
        """
        signed = signing.headers(self._keys, name, at, body)
        try:
            # No proxies and no passwords of the surroundings.
            with requests.Session() as session:
                session.trust_env = False
                with session.post(
                    self._url,
                    body,
                    headers={"content-type": "application/json", **signed},
                    timeout=seconds,
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    return _judged(answer)
        except (requests.RequestException, HTTPError) as error:
            # Its text may have the URL in it, which may have a password in it.
            return Answer(taken=False, words=type(error).__name__)


def _judged(answer: requests.Response) -> Answer:
    status = answer.status_code
    taken = 200 <= status < 300
    return Answer(taken, f"status {status}", 0.0 if taken else _retry_after(answer))


def _retry_after(answer: requests.Response) -> float:
    try:
        asked = Retry().parse_retry_after(answer.headers.get("Retry-After", "0"))
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0
    return min(asked, LONGEST_WAIT)
