"""A sink of files: the rows of each record type as NDJSON, to be looked at."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from worker_image.errors import PermanentError
from worker_image.ingester import Document, Loaded, Rejected
from worker_image.ingester.bodies import json_text
from worker_image.ingester.postgresql.copy_rows import RowError
from worker_image.ingester.postgresql.failures import rejected, told
from worker_image.ingester.sink import SourceRow
from worker_image.tables import Table


class RowFiles:
    """Writes `<record type>.ndjson` into a folder, over what is there.

    Rows that cannot be read are set aside beside the document; more than `bad_rows` of them fail
    it, in the words of the PostgreSQL sink.
    """

    def __init__(self, folder: Path, bad_rows: int) -> None:
        self._folder = folder
        self._bad_rows = bad_rows

    def prepare(self, tables: tuple[Table, ...]) -> None:  # noqa: ARG002 - as a sink is asked
        """Make the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def load(self, document: Document) -> Loaded:
        """Write all rows of a document that can be read, also where it fails for the others.

        Raises:
            PermanentError: the document is damaged, or has too many bad rows; with the first.
        """
        rows: Counter[str] = Counter()
        bad: list[Rejected] = []
        with ExitStack() as opened:
            files: dict[str, BinaryIO] = {}
            for row in document.rows():
                try:
                    line = _line(row)
                except RowError as error:
                    bad.append(rejected(row, error))
                    continue
                kind = row.record_type
                if kind not in files:
                    path = self._folder / f"{quote(kind, safe=' ')}.ndjson"
                    files[kind] = opened.enter_context(path.open("wb"))
                files[kind].write(line)
                rows[kind] += 1
        if bad:
            document.keep_rejected(bad)
        if len(bad) > self._bad_rows:
            raise PermanentError(told(bad[0]))
        return Loaded(rows, len(bad))

    def finish(self, tables: tuple[Table, ...]) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """Nothing is held."""


def _line(row: SourceRow) -> bytes:
    if row.fault:
        raise RowError(row.fault)
    try:
        return json_text(row.row) + b"\n"
    except ValueError as error:
        raise RowError(str(error)) from error
