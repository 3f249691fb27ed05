"""What bare COPY needs: a process of its own, one of several, that has its share of the units.

`convert STORAGE URL SCHEMA RUN FOLDER SHARE SHARES` makes the documents of a run ready for COPY, a
file each; `load URL SCHEMA FOLDER SHARE SHARES` loads them.
"""

import pickle
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby
from pathlib import Path

import psycopg
from azure.storage.blob import BlobServiceClient
from psycopg import sql

from benchmarks.headline.pipeline import CONTAINER
from benchmarks.peers.turns import take_turn
from worker_image.contract import Reading, naming
from worker_image.ingester.postgresql.catalogue import TargetTable, read_catalogue
from worker_image.ingester.postgresql.copy_rows import Fit, copy_statement
from worker_image.ingester.postgresql.copying import fitted
from worker_image.ingester.reading import batches

CONNECT = "connect"


def convert(places: Sequence[str], folder: Path, share: slice) -> None:
    """Write what COPY reads, table by table."""
    storage, url, schema, run = places
    with psycopg.connect(url) as connection:
        tables = read_catalogue(connection, schema)
    with BlobServiceClient.from_connection_string(storage) as blobs:
        container = blobs.get_container_client(CONTAINER)
        names = sorted(container.list_blob_names(name_starts_with=naming.documents("", run)))
        for name in names[share]:
            content = container.download_blob(name).readall()
            target = folder / f"{Path(name).name}.copy"
            target.write_bytes(pickle.dumps(list(_copies(schema, tables, name, content))))


def _copies(
    schema: str, tables: dict[str, TargetTable], name: str, content: bytes
) -> Iterator[tuple[str, bytes]]:
    """The statements of a document, each with all of its text."""
    texts = fitted(tables, Fit(), batches(lambda: BytesIO(content), name, Reading()))
    for (table, columns, dialect), group in groupby(
        texts, lambda each: (each[0].name, each[1].columns, each[1].dialect)
    ):
        statement = copy_statement(sql.Identifier(schema, table), columns, dialect)
        yield statement.as_string(), b"".join(text.text for _, text in group)


class Loading:
    """A connection; each document is a transaction."""

    def __init__(self, url: str, folder: Path) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._folder = folder

    def load(self, unit: str) -> None:
        """Copy a document's rows."""
        if unit == CONNECT:
            return
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for statement, text in pickle.loads((self._folder / unit).read_bytes()):  # noqa: S301 - ours
                with cursor.copy(statement) as copy:
                    copy.write(text)


def main(mode: str, *given: str) -> None:
    """Do one of the two."""
    *places, folder, share, shares = given
    mine = slice(int(share), None, int(shares))
    if mode == "convert":
        convert(places, Path(folder), mine)
    else:
        [url] = places
        units = sorted(path.name for path in Path(folder).glob("*.copy"))[mine]
        take_turn(Loading(url, Path(folder)).load, [CONNECT, *units])


if __name__ == "__main__":
    main(*sys.argv[1:])
