"""Documents for the tests of readers, and what is read of them."""

import gzip
import io
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, BinaryIO, cast

from worker_image.contract import Reading
from worker_image.ingester import reading
from worker_image.ingester.sink import CopyText, Row, SourceRow


def gzipped(content: bytes) -> bytes:
    """Without the time, so that tests have the same names in every process."""
    return gzip.compress(content, mtime=0)


class Blocks(io.RawIOBase):
    """A stream that gives blocks as they are; nobody holds those to come."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)

    def read(self, _size: int = -1, /) -> bytes:
        return next(self._blocks, b"")


def blocks(content: bytes, size: int = 0) -> Callable[[], BinaryIO]:
    """What opens a document that comes in blocks of `size` bytes, or as it is asked for."""
    if not size:
        return lambda: io.BytesIO(content)
    starts = range(0, len(content), size)
    return lambda: cast("BinaryIO", Blocks(content[start : start + size] for start in starts))


def read(content: bytes, name: str = "t/d.csv", size: int = 0, **how: Any) -> list[Row]:
    """The rows of a document of one record type: the same row by row, in batches, and as text."""
    one_by_one = list(reading.rows(blocks(content, size), name, Reading(**how)))
    rows: list[Row] = []
    for batch in reading.batches(blocks(content, size), name, Reading(**how)):
        of_batch = batch.rows()
        rows += of_batch
        text = batch.copy_text(()) if name.endswith(".csv") else None
        assert text is None or written(text) == of_batch
    assert [row.fault for row in one_by_one] == [""] * len(rows)
    assert same([row.row for row in one_by_one]) == same(rows)
    return rows


def same(values: Any) -> str:
    """Equal for equal values of equal types, NaN and time zones among them."""
    return repr(values)


def one_by_one(content: bytes, name: str = "t/d.csv", **how: Any) -> list[SourceRow]:
    """The rows of a document, bad ones among them."""
    return list(reading.rows(blocks(content), name, Reading(**how)))


def copy_texts(content: bytes, name: str = "t/d.csv", **how: Any) -> list[CopyText | None]:
    """The text of each batch of a document."""
    return [batch.copy_text(()) for batch in reading.batches(blocks(content), name, Reading(**how))]


def written(text: CopyText) -> list[Row]:
    """The rows of a text for COPY; it has line feeds alone, and no line that COPY mistakes."""
    outside = text.text.split(text.dialect.quote.encode())[::2]
    assert text.dialect.escape != text.dialect.quote or b"\r" not in b"".join(outside)
    how = Reading(header=False, columns=text.columns, **asdict(text.dialect))
    (batch,) = reading.batches(blocks(text.text), "t/copied.csv", how)
    return batch.rows()


@contextmanager
def memory_below(limit: int) -> Iterator[None]:
    """Fail if Python's objects take more bytes than `limit` at any time."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit
