"""Documents as batches of rows, by the format that their name tells."""

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from ..errors import PermanentError
from . import ndjson
from .compression import content, without_suffix
from .sink import Batch

# Blocks of content, the document's name, the record type of all its rows or None.
Reader = Callable[[Iterator[bytes], str, str | None], Iterator[Batch]]

READERS: dict[str, Reader] = {".ndjson": ndjson.batches, ".jsonl": ndjson.batches}


def read(stream: BinaryIO, name: str, record_type: str | None = None) -> Iterator[Batch]:
    """The rows of a document, in bounded memory.

    Without `record_type` each record tells its own. What reading `stream` raises passes through.

    Raises:
        PermanentError: the document is damaged or of no known format; with its name, and the
            number and beginning of the line.
    """
    suffix = PurePosixPath(without_suffix(name)).suffix.lower()
    if suffix not in READERS:
        raise PermanentError(f"{name}: no reader for {suffix!r}; there are {', '.join(READERS)}")
    yield from READERS[suffix](content(stream, name), name, record_type)
