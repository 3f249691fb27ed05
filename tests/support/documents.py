"""Documents of NDJSON in memory, for the tests of sinks."""

import io
from functools import partial
from typing import Any, cast

import orjson

from worker_image.contract import Reading
from worker_image.ingester import Document, reading


class Pieces(io.BytesIO):
    """A stream that gives at most so many bytes at a time, as a network may."""

    def __init__(self, content: bytes, most: int) -> None:
        super().__init__(content)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self._most if size is None or size < 0 else min(size, self._most))


def document(
    *records: dict[str, Any] | bytes, name: str = "in/d.ndjson", etag: str = "1", piece: int = 65536
) -> Document:
    """A document of records, or of lines as they are, which arrives in pieces."""
    lines = [each if isinstance(each, bytes) else orjson.dumps(each) for each in records]
    stream = partial(Pieces, b"\n".join(lines), piece)
    opened = cast("reading.documents.Open", stream)
    return Document(
        name,
        etag,
        batches=lambda: reading.batches(opened, name, Reading()),
        rows=lambda: reading.rows(opened, name, Reading()),
    )
