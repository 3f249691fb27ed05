"""Parquet, from a file that a document is written to first: its end says where all else is.

PyArrow is an optional layer of the image: it is imported when a document is first read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast

from ...contract import Reading
from ...errors import PermanentError
from ..sink import Batch, SourceRow
from .rows import checked_names

if TYPE_CHECKING:
    from .arrow import ArrowBatch

MAGIC = b"PAR1"
_IN_MEMORY = 4 * 1024 * 1024
_BATCH_ROWS = 20_000
_BATCH_BYTES = 4 * 1024 * 1024
_SAMPLE = 64
# Rows that are read at once: a text is stored once for all rows that have it, so what they come to
# is not known before. Writers keep such texts below 1 MiB.
_STEP = 128
_LONGEST_ROW = 32 * 1024 * 1024
_LEAST_BUFFER = 4 * 1024


def batches(blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[Batch]:
    """The rows of the document, at most 20,000 and some 4 MiB of them at a time.

    Values are exact. Times in nanoseconds become microseconds, times with a zone are in UTC, whole
    doubles below 2**53 are ints; a double that is no number, or negative zero, is a Decimal.

    Raises:
        PermanentError: the document is damaged, the image is without PyArrow, two columns have
            one name, a row is over 32 MiB, or a value is none that Python and PostgreSQL know, as a
            time between two microseconds.
    """
    yield from _batches(blocks, name, reading)


def rows(blocks: Iterator[bytes], name: str, reading: Reading) -> Iterator[SourceRow]:
    """Every row, counted from 1; the raw row is its values."""
    number = 0
    for batch in _batches(blocks, name, reading):
        for row, fault in batch.one_by_one():
            number += 1
            values = {} if fault else row
            yield SourceRow(name, number, reading.record_type, values, row, fault)


def _batches(blocks: Iterator[bytes], name: str, reading: Reading) -> "Iterator[ArrowBatch]":
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - an optional layer

        from .arrow import ArrowBatch  # noqa: PLC0415 - needs it as well
    except ImportError as error:
        reason = "this image was built without Parquet; build it with `--build-arg LAYERS=parquet`"
        raise PermanentError(f"{name}: {reason}") from error
    with _file(blocks) as file:
        try:
            for batch in _record_batches(parquet, file, name):
                yield ArrowBatch(name, reading.record_type, batch)
        except (ArrowException, OSError, UnicodeError) as error:
            raise PermanentError(f"{name}: damaged: {error}") from error


@contextmanager
def _file(blocks: Iterator[bytes]) -> Iterator[IO[bytes]]:
    """The content in memory, and beyond 4 MiB on disk."""
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        for block in blocks:
            file.write(block)
        file.seek(0)
        yield cast("IO[bytes]", file)


def _record_batches(parquet: Any, file: IO[bytes], name: str) -> Iterator[Any]:
    metadata = parquet.read_metadata(file)
    # All columns are read side by side, each through a buffer of its own; what PyArrow reads
    # ahead would be whole row groups.
    buffer = max(_LEAST_BUFFER, _BATCH_BYTES // max(1, metadata.num_columns))
    document = parquet.ParquetFile(
        file,
        metadata=metadata,
        pre_buffer=False,
        buffer_size=buffer,
        coerce_int96_timestamp_unit="us",
        page_checksum_verification=True,
    )
    checked_names(document.schema_arrow.names, name)
    if metadata.num_rows:
        rows = _batch_rows(document)
        steps = document.iter_batches(min(rows, _STEP), use_threads=False)
        parts = chain.from_iterable(_parts(step, name) for step in steps)
        yield from _joined(parts, rows)


def _parts(step: Any, name: str) -> Iterator[Any]:
    """Some rows in parts of a few MiB: values are copied more than once on their way."""
    step = _plain(step)
    rows = max(1, step.num_rows * _BATCH_BYTES // max(1, step.nbytes))
    for start in range(0, step.num_rows, rows):
        part = step.slice(start, rows)
        if part.nbytes > _LONGEST_ROW:
            raise PermanentError(f"{name}: a row is over {_LONGEST_ROW} bytes")
        yield part


def _plain(step: Any) -> Any:
    """The rows with each text where it is meant, not as its place in a dictionary."""
    from pyarrow import DictionaryArray, RecordBatch  # noqa: PLC0415 - an optional layer

    columns = [
        column.dictionary_decode() if isinstance(column, DictionaryArray) else column
        for column in step.columns
    ]
    return RecordBatch.from_arrays(columns, step.schema.names)


def _joined(parts: Iterator[Any], rows: int) -> Iterator[Any]:
    """Batches of so many rows or a few MiB at most."""
    from pyarrow import concat_batches  # noqa: PLC0415 - an optional layer

    held: list[Any] = []
    count = size = 0
    for part in parts:
        if held and (count + part.num_rows > rows or size + part.nbytes > _BATCH_BYTES):
            yield concat_batches(held)
            held, count, size = [], 0, 0
        held.append(part)
        count, size = count + part.num_rows, size + part.nbytes
    if held:
        yield concat_batches(held)


def _batch_rows(document: Any) -> int:
    """How many rows are a few MiB, by the sizes in the file and those of its first rows."""
    metadata = document.metadata
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    width: int = sum(group.total_byte_size for group in groups) // metadata.num_rows
    first = next(document.iter_batches(_SAMPLE, use_threads=False), None)
    if not first:
        raise OSError("it has fewer rows than it says")
    width = max(1, width, first.nbytes // first.num_rows)
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES // width))
