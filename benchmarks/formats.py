"""What a unit of retail costs in each format: to make, to keep, and to make ready for COPY.

Run as `python -m benchmarks.formats`. Processor milliseconds of one core, medians of the rounds;
storage calls are those that a worker makes to write the unit and to read it again.
"""

import gzip
import io
import statistics
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import zstandard
from rich.console import Console
from rich.table import Table

from worker_image.contract import Reading
from worker_image.generator import (
    Compression,
    Document,
    Form,
    Format,
    compile_dataset,
    encode,
    load,
    parse,
)
from worker_image.ingester.postgresql.catalogue import TargetColumn, TargetTable
from worker_image.ingester.postgresql.copy_rows import Fit
from worker_image.ingester.reading import batches

ROUNDS, UNITS, SEED = 7, 30, 2025
DATASET = parse(
    load((Path(__file__).parents[1] / "examples" / "retail" / "dataset.yaml").read_bytes())
)
TARGETS = {
    table.name: TargetTable(
        table.name,
        tuple(TargetColumn(column.name, json=False, has_default=False) for column in table.columns),
        (),
    )
    for table in DATASET.tables
}
FORMS = [Form(*pair) for pair in product(Format, Compression)]


def ready(form: Form, documents: Iterable[Document]) -> int:
    """Make stored documents ready for COPY, as one would; the bytes."""
    return sum(len(_copy_bytes(form, document.content)) for document in documents)


def _copy_bytes(form: Form, stored: bytes) -> bytes:
    if form.format is Format.PARQUET:
        sink = io.BytesIO()
        pyarrow.csv.write_csv(pyarrow.parquet.read_table(io.BytesIO(stored)), sink)
        return sink.getvalue()
    if form.format is Format.NDJSON:
        read = batches(lambda: io.BytesIO(stored), f"unit{form.suffix}", Reading())
        texts = (Fit().texts(TARGETS[batch.record_type], batch) for batch in read)
        return b"".join(text.text for some in texts for text in some)
    if form.compression is Compression.ZSTD:
        return zstandard.decompress(stored)
    return gzip.decompress(stored) if form.compression is Compression.GZIP else stored


def milliseconds(work: Callable[[int], object]) -> float:
    """Processor time of one call, over all units."""
    started = time.process_time()
    for unit in range(UNITS):
        work(unit)
    return (time.process_time() - started) / UNITS * 1000


def main() -> None:
    """Measure and print one table."""
    compiled = {form: compile_dataset(DATASET, SEED, form) for form in FORMS}

    def made(form: Form, unit: int) -> list[Document]:
        documents = compiled[form].unit(unit).documents
        return [Document(one.record, encode(one.content, form)) for one in documents]

    def made_ready(form: Form, unit: int) -> int:
        return ready(form, stored[form][unit])

    stored = {form: [made(form, unit) for unit in range(UNITS)] for form in FORMS}
    making: dict[Form, list[float]] = {form: [] for form in FORMS}
    reading: dict[Form, list[float]] = {form: [] for form in FORMS}
    for _ in range(ROUNDS):
        for form in FORMS:
            making[form].append(milliseconds(partial(made, form)))
            reading[form].append(milliseconds(partial(made_ready, form)))
    table = Table(
        "format", "make ms", "kB", "storage calls", "ready for COPY ms", title="A unit of retail"
    )
    for form in FORMS:
        size = statistics.mean(len(one.content) for unit in stored[form] for one in unit)
        documents = len(stored[form][0])
        table.add_row(
            f"{form.format} {form.compression}",
            f"{statistics.median(making[form]):.2f}",
            f"{size * documents / 1000:.0f}",
            str(2 * documents),
            f"{statistics.median(reading[form]):.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
