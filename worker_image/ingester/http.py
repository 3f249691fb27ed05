"""The HTTP sink: rows in batches by POST, where a repeated batch has the key that it had before."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import orjson
import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from ..contract import Redaction, hosts
from ..errors import PermanentError, TargetBusyError
from ..tables import Table
from .bodies import Body, bodies
from .sink import Document, Loaded, Surroundings

_CONTENT_TYPES = {"ndjson": "application/x-ndjson", "json": "application/json"}
_CONNECTING = 10.0  # seconds
_ANSWERING = 60.0  # seconds until an answer begins, and for what is read of it
_PAUSES = (1.0, 2.0, 4.0)  # seconds between tries, unless the endpoint asks for its own
_LONGEST_PAUSE = 30.0
_LONGEST_WAIT = 900.0
_BUSY = (408, 425, 429)
_READ = 64 * 1024  # of an answer; most are read to their end, and the connection is kept
_SHOWN = 300

Sleep = Callable[[float], None]


def open_sink(
    members: Mapping[str, Any],
    surroundings: Surroundings,
    sleep: Sleep = time.sleep,
    answering: float = _ANSWERING,
) -> "HttpSink":
    """The sink that a payload describes; an answer may take `answering` seconds.

    Raises:
        PermanentError: the worker must not reach its host, or the secret is no header.
    """
    url, format_ = str(members.get("url", "")), str(members.get("format", "ndjson"))
    if fault := hosts.fault(url, surroundings.http_hosts):
        raise PermanentError(f"sink.url: {fault}")
    if format_ not in _CONTENT_TYPES:
        raise PermanentError(f"sink.format: {format_[:80]!r}; {' or '.join(_CONTENT_TYPES)}")
    secret = surroundings.secret
    if not secret.isascii() or not secret.isprintable() or secret != secret.strip():
        raise PermanentError("ACI_JOBS_SINK_SECRET is no header: printable ASCII is needed")
    rows = int(members.get("batch_rows", 500))
    return HttpSink(url, format_, rows, secret, sleep=sleep, answering=answering)


class HttpSink:
    """An endpoint that takes batches, each of one record type.

    It has no ledger: a load that is made again sends the same batches under the same keys, and
    the endpoint drops what it has. `secret` is the whole `Authorization` header. Not for use by
    several threads at once; each takes a sink of its own.
    """

    def __init__(
        self,
        url: str,
        format_: str,
        batch_rows: int,
        secret: str,
        *,
        sleep: Sleep,
        answering: float,
    ) -> None:
        self._url = url
        self._host = hosts.address(url)
        self._format = format_
        self._batch_rows = batch_rows
        self._sleep = sleep
        self._answering = answering
        self._redact = Redaction((secret,))
        self._session = requests.Session()
        # No proxies, and no passwords of a .netrc, which would take the place of the secret.
        self._session.trust_env = False
        self._session.headers["Content-Type"] = _CONTENT_TYPES[format_]
        if secret:
            self._session.headers["Authorization"] = secret

    def close(self) -> None:
        """Close the connection. Idempotent; a later call opens another."""
        self._session.close()

    def prepare(self, tables: tuple[Table, ...]) -> None:
        """Nothing: the endpoint knows what it takes."""

    def finish(self, tables: tuple[Table, ...]) -> None:
        """Nothing: each batch has been taken by itself."""

    def load(self, document: Document) -> Loaded:
        """Send all rows of a document; after an error some batches may have been taken.

        Raises:
            PermanentError: a row is no JSON, or the endpoint refuses a batch, with its rows.
            TargetBusyError: the endpoint is away or overloaded, beyond a few tries.
        """
        rows: Counter[str] = Counter()
        for body in bodies(document, self._batch_rows):
            self._send(document, body)
            rows[body.record_type] += len(body.lines)
        return Loaded(rows)

    def _send(self, document: Document, body: Body) -> None:
        """Send a batch until it is taken, or for as long as one waits with a document in hand."""
        rows = f"rows {body.first} to {body.last} of {body.record_type[:80]}"
        place = f"{document.name}: batch {body.number}, {rows}: {self._host}"
        content = body.json() if self._format == "json" else body.ndjson()
        headers = {
            "Idempotency-Key": self._key(document, body, content),
            "Record-Type": quote(body.record_type, safe=""),
        }
        for pause in _PAUSES:
            try:
                return self._post(place, content, headers)
            except TargetBusyError as busy:
                if busy.wait > _LONGEST_PAUSE:
                    raise
                self._sleep(busy.wait or pause)
        return self._post(place, content, headers)

    def _post(self, place: str, content: bytes, headers: Mapping[str, str]) -> None:
        try:
            with self._session.post(
                self._url,
                content,
                headers=headers,
                timeout=(_CONNECTING, self._answering),
                allow_redirects=False,
                stream=True,
            ) as answer:
                text = self._beginning(answer)
        except (requests.RequestException, HTTPError) as error:
            raise TargetBusyError(f"{place}: {_cause(error)}") from error
        self._judge(place, answer, text.decode(errors="replace"))

    def _beginning(self, answer: requests.Response) -> bytes:
        """What an answer begins with; one that comes drop by drop is left as it is by then."""
        text, end = b"", time.monotonic() + self._answering
        while len(text) < _READ and time.monotonic() < end:
            piece = answer.raw.read1(_READ - len(text), decode_content=True)
            if not piece:
                break
            text += piece
        return text

    def _judge(self, place: str, answer: requests.Response, text: str) -> None:
        status = answer.status_code
        if 200 <= status < 300:
            return
        redirect = ""
        if status < 400:
            redirect, text = ", a redirect that is not followed", answer.headers.get("Location", "")
        reason = f"{place} answered {status}{redirect}: {self._redact(text)[:_SHOWN]}"
        if status in _BUSY or status >= 500:
            raise TargetBusyError(reason, _retry_after(answer) if status in (429, 503) else 0.0)
        raise PermanentError(reason)

    def _key(self, document: Document, body: Body, content: bytes) -> str:
        """The same for the same batch of a version of a document, and only for that.

        The content is part of it: cut or read in another way, rows are not those that the
        endpoint has.
        """
        names = [document.name, document.etag, self._url, body.record_type, body.number]
        return hashlib.sha256(orjson.dumps(names) + content).hexdigest()


def _retry_after(answer: requests.Response) -> float:
    """The seconds that the endpoint asks for, up to 15 minutes; 0 if it does not say."""
    try:
        asked = Retry().parse_retry_after(answer.headers.get("Retry-After", "0"))
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0
    return min(asked, _LONGEST_WAIT)


def _cause(error: Exception) -> str:
    """What went wrong on the way, without the URL, which the outer errors show."""
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "reason", inner))
