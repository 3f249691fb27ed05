"""The payloads of a command run, written down as its units."""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import NoReturn

from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from pydantic import TypeAdapter

from worker_image.contract import SIZE_LIMIT, naming

from .. import planning
from ..model import MOST_UNITS, RunRecord, Value, payload_text
from ..services import Services
from . import freezing
from .freezing import SourceError


class Payload(Value):
    """One payload as JSON text; its place among all is its unit.

    `line` counts from 1, and `end` is the byte behind that line in a blob.
    """

    text: str
    line: int
    end: int = 0


class Version(Value):
    """A blob as it was when the run began; `size` is in bytes."""

    etag: str
    size: int


PAGE = TypeAdapter(list[Payload])
CHANGED = "it has changed since the run began"


def freeze(services: Services, record: RunRecord) -> int | None:
    """Write the payloads down; the number of units once all are written.

    Raises:
        SourceError: the blob is not there, is empty or has changed since the run began, or a
            payload is no JSON or too large for a message.
    """
    given = record.request.payloads
    source = _Blob(services, record, given) if isinstance(given, str) else _Inline(given or [])
    units = freezing.freeze(services, record.run, PAGE, source.behind)
    if units is not None and not 0 < units <= MOST_UNITS:
        reason = f"it has {units} payloads; 1 to {MOST_UNITS} are allowed"
        raise SourceError(f"payloads: {given}: {reason}")
    return units


class _Inline:
    """Payloads that came with the request, which was refused if one were too large."""

    def __init__(self, payloads: list[object]) -> None:
        self._payloads = payloads

    def behind(self, last: Payload | None) -> Iterator[Payload]:
        begin = last.line if last else 0
        for number, payload in enumerate(self._payloads[begin:], begin + 1):
            yield Payload(text=payload_text(payload), line=number)


class _Blob:
    """Payloads in an NDJSON blob, a line each; blank lines are passed over."""

    def __init__(self, services: Services, record: RunRecord, address: str) -> None:
        self._records = services.records
        self._run = record.run
        self._address = address
        self._place = address.split("/", 1)
        self._room = planning.payload_room(record)

    def behind(self, last: Payload | None) -> Iterator[Payload]:
        line, end = (last.line, last.end) if last else (0, 0)
        try:
            for content in self._lines(end):
                line, end = line + 1, end + len(content) + 1
                if len(content) > SIZE_LIMIT:  # even if of blanks: what is behind it may be cut off
                    raise self._too_long(line)
                if text := content.removeprefix(BOM_UTF8 if line == 1 else b"").strip():
                    yield Payload(text=self._checked(text, line), line=line, end=end)
        except ResourceNotFoundError:
            raise self._refusal("there is no such blob") from None
        except ResourceModifiedError:
            raise self._refusal(CHANGED) from None

    def _lines(self, start: int) -> Iterator[bytes]:
        """The lines from a byte on that one begins with; a far too long one may be cut."""
        version = self._version()
        if start >= version.size:
            return
        rest = b""
        for piece in self._records.pieces(*self._place, start=start, etag=version.etag):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > SIZE_LIMIT:
                break
        if rest:
            yield rest

    def _version(self) -> Version:
        """The version that the run began with, which is the one that is there."""
        etag, size = self._records.version(*self._place)
        found, kept = Version(etag=etag, size=size), naming.payloads(self._run)
        self._records.create(kept, found.model_dump_json())
        if self._records.read_as(Version, kept) != found:
            raise self._refusal(CHANGED)
        return found

    def _checked(self, content: bytes, line: int) -> str:
        if len(content) > self._room:  # JSON in ASCII is not shorter
            raise self._too_long(line)
        try:
            text = content.decode()
            JSON.decode(text)
        except (ValueError, RecursionError) as error:
            raise self._refusal(f"line {line}: it is no JSON: {_cause(error)}") from None
        size = planning.payload_size(text)
        if size > self._room:
            raise self._refusal(f"line {line}: {size} bytes; a message takes {self._room}")
        return text

    def _too_long(self, line: int) -> SourceError:
        return self._refusal(f"line {line}: over {self._room} bytes, all that a message takes")

    def _refusal(self, reason: str) -> SourceError:
        return SourceError(f"payloads: {self._address}: {reason}")


def _cause(error: Exception) -> str:
    # The decoder counts lines itself, and knows of one alone.
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    return str(error)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


JSON = json.JSONDecoder(parse_constant=_no_number)
