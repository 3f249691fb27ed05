"""The blobs of a unit as the document that a sink loads."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import BinaryIO, cast

from .blobs import AbsentError, BlobStore, BlobStream, OtherVersionError, Place
from .contract import IngestPayload, Message, Reading, naming
from .errors import PermanentError
from .ingester import Document, Rejected
from .ingester.sink import Batch, SourceRow
from .tables import Table


class Blobs:
    """One blob, or one for each record type, opened anew for every reading of them.

    All readings are of the versions that the first one has met.
    """

    def __init__(
        self,
        storage: BlobStore,
        message: Message,
        payload: IngestPayload,
        tables: tuple[Table, ...],
    ) -> None:
        self._storage = storage
        self._parts = list(_parts(message, payload, tables))
        self._streams = [self._open(place, payload.etag) for place, _ in self._parts]
        self._unread = list(self._streams)
        self.document = Document(
            name=str(Place(payload.container, payload.path)),
            etag=",".join(stream.etag for stream in self._streams),
            batches=self._batches,
            rows=self._rows,
            reading=payload.reading,
            run=message.run,
            unit=str(message.unit),
            keep_rejected=self._keep,
        )

    @property
    def size(self) -> int:
        """Bytes of all blobs."""
        return sum(stream.size for stream in self._streams)

    def checksum(self) -> str:
        """SHA-256 of the content, one blob after the other; reads what nobody has read."""
        digests = [stream.checksum() for stream in self._streams]
        if len(digests) == 1:
            return digests[0]
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def _batches(self) -> Iterator[Batch]:
        from .ingester import reading  # noqa: PLC0415 - a tenth of the start, ingest alone

        for number, (place, how) in enumerate(self._parts):
            yield from reading.batches(partial(self._stream, number), place.path, how)

    def _rows(self) -> Iterator[SourceRow]:
        from .ingester import reading  # noqa: PLC0415 - as above

        for number, (place, how) in enumerate(self._parts):
            yield from reading.rows(partial(self._stream, number), place.path, how)

    def _stream(self, number: int) -> BinaryIO:
        """A blob from its start; the first to ask gets the stream that is open already."""
        stream = self._streams[number]
        if stream in self._unread:
            self._unread.remove(stream)
        else:
            stream = self._open(self._parts[number][0], stream.etag)
        return cast("BinaryIO", stream)

    def _open(self, place: Place, etag: str | None) -> BlobStream:
        try:
            return self._storage.open(place, etag)
        except AbsentError as error:
            raise PermanentError(f"{place}: there is no such document") from error
        except OtherVersionError as error:
            reason = "it has changed since the run listed it"
            raise PermanentError(f"{place}: {reason}; its version was {etag}") from error

    def _keep(self, rejected: Sequence[Rejected]) -> None:
        """Write rejected rows beside the first blob, a line each."""
        place = self._parts[0][0]
        lines = "".join(f"{json.dumps(_line(each), default=_text)}\n" for each in rejected)
        beside = Place(place.container, place.path + naming.REJECTED)
        self._storage.replace(beside, lines.encode(), "application/x-ndjson")


def _parts(
    message: Message, payload: IngestPayload, tables: tuple[Table, ...]
) -> Iterator[tuple[Place, Reading]]:
    """The blobs of a unit, parents first, and how each is read."""
    reading = payload.reading
    if not payload.each_record:
        yield Place(payload.container, payload.path), reading
        return
    for table in tables:
        if not table.shared or message.unit == 0:
            path = payload.path.replace("*", table.name)
            yield Place(payload.container, path), replace(reading, record_type=table.name)


def _line(rejected: Rejected) -> dict[str, object]:
    row = rejected.row
    return {
        "document": row.name,
        "number": row.number,
        "type": row.record_type,
        "reason": rejected.reason,
        "column": rejected.column,
        "value": rejected.value,
        "row": row.raw,
    }


def _text(value: object) -> str:
    """A value that JSON has none for."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
