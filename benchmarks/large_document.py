"""Whether one large document is loaded in little memory: `make bench-large`.

Run as `python -m benchmarks.large_document`, or with `--mb 50` for a quick look. A document of CSV
and one of lines of JSON in zstd, 1 GB each before compression, are made as streams into an Azurite
and loaded into a PostgreSQL, both of this benchmark's own, by the stage of a worker in a process
of its own. It ends with 1 if a process fails or needs more memory than it should.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Annotated

import psycopg
import typer
import zstandard
from azure.storage.blob import BlobServiceClient
from rich.box import SIMPLE
from rich.table import Table

from benchmarks.generate_contenders import FailedError, run
from benchmarks.large_document_load import CONTAINER, DATASET, RECORD, ROWS
from benchmarks.results import Page
from local_host.services.azurite import Azurite
from local_host.services.postgresql import LocalPostgresql
from local_host.services.toolchain import Toolchain
from worker_image.forms import Compression, Form, Format
from worker_image.generator import Compiled, compile_dataset, parse

FORMS = {"csv": Form(Format.CSV), "ndjson": Form(Format.NDJSON, Compression.ZSTD)}
LIMIT_MB = 300
ROOM = 8
"""Free disk space, in sizes of a document: the document, its table and index, twice as much log."""


class Source:
    """A document as it is made; the rows and bytes that it has had so far, before compression."""

    def __init__(self, form: Form, size: int) -> None:
        self._form = form
        self._wanted = size
        self.rows = self.size = 0

    def stored(self) -> Iterator[bytes]:
        """The document in pieces, as it is stored."""
        if self._form.compression is Compression.NONE:
            yield from self._pieces()
            return
        compressor = zstandard.ZstdCompressor().compressobj()
        yield from map(compressor.compress, self._pieces())
        yield compressor.flush()

    def _pieces(self) -> Iterator[bytes]:
        compiled: Compiled = compile_dataset(parse(DATASET), 2026, self._form)
        for unit in count():
            [document] = compiled.unit(unit).documents
            named = unit == 0 or self._form.format is not Format.CSV
            # One line of names is enough.
            piece = document.content if named else document.content.partition(b"\n")[2]
            self.rows += ROWS
            self.size += len(piece)
            yield piece
            if self.size >= self._wanted:
                return


class Bench:
    """Both services, in a folder that goes with them."""

    def __init__(self, folder: Path) -> None:
        self._azurite = Azurite(folder / "azurite", Toolchain.from_environment())
        self._postgresql = LocalPostgresql(folder / "postgresql")

    def __enter__(self) -> "Bench":
        self._azurite.start()
        self._postgresql.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._postgresql.stop()
        self._azurite.stop()

    def load(self, form: Form, size: int) -> dict[str, float]:
        """What a document of so many bytes took; it is gone afterwards, and so are its rows.

        Raises:
            FailedError: it was not loaded, or not all of it.
        """
        connection, path = self._azurite.connection_string, f"{RECORD}/large{form.suffix}"
        source = Source(form, size)
        with BlobServiceClient.from_connection_string(connection) as blobs:
            container = blobs.get_container_client(CONTAINER)
            if not container.exists():
                container.create_container()
            container.upload_blob(path, source.stored())
            loading = "benchmarks.large_document_load"
            report = run(loading, connection, self._postgresql.url, path)
            container.delete_blob(path)
        self._empty(source.rows)
        return report | {"size": source.size}

    def _empty(self, rows: int) -> None:
        with psycopg.connect(self._postgresql.url, autocommit=True) as connection:
            [found] = connection.execute("select count(*) from large.row").fetchone() or [0]
            connection.execute("drop schema large cascade")
            connection.execute("checkpoint")
        if found != rows:
            raise FailedError(f"{found:,} rows of {rows:,} are there")


def measure(bench: Bench, names: Iterable[str], size: int, table: Table) -> list[str]:
    """A row of the table for each document that was loaded; the faults of the others."""
    faults = []
    for name in names:
        try:
            report = bench.load(FORMS[name], size)
        except FailedError as error:
            faults.append(f"failed  {name}: {error}")
            continue
        seconds, peak = report["seconds"], report["peak"]
        table.add_row(
            f"{name} {FORMS[name].compression}",
            f"{report['size'] / 1e6:,.0f}",
            f"{report['rows']:,}",
            f"{seconds:.1f}",
            f"{report['rows'] / seconds / 1e3:,.1f}",
            f"{peak:.0f}",
        )
        if peak > LIMIT_MB:
            faults.append(f"missed  {name}: {peak:.0f} MB of memory; at most {LIMIT_MB}")
    return faults


def main(
    mb: Annotated[int, typer.Option(min=1, help="The size before compression.")] = 1000,
    only: Annotated[list[str] | None, typer.Option(help="One of the documents.")] = None,
) -> None:
    """Load each, print the table, and judge."""
    if unknown := set(only or ()).difference(FORMS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(FORMS)}")
    page = Page("A large document in little memory")
    table = Table(title="A document loaded into PostgreSQL by one worker", box=SIMPLE)
    table.add_column("document")
    for heading in ("MB", "rows", "seconds", "k rows/s", "most memory, MB"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory(prefix="aci-jobs-large-") as folder:
        free = shutil.disk_usage(folder).free // 10**6
        if free < ROOM * mb:
            raise typer.BadParameter(f"{ROOM * mb:,} MB of disk are needed, {free:,} are free")
        with Bench(Path(folder)) as bench, page.screen.status("making and loading"):
            faults = measure(bench, only or FORMS, mb * 10**6, table)
    page.print(table)
    for fault in faults:
        page.print(fault, style="red", soft_wrap=True)
    if not faults:
        page.print(f"reached  at most {LIMIT_MB} MB of memory", style="green")
    page.publish()
    if faults:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
