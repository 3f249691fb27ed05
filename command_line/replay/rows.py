"""A sink of files: the rows of each record type as NDJSON, to be looked at."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from worker_image.ingester import Document, Loaded
from worker_image.ingester.bodies import bodies
from worker_image.tables import Table

ROWS = 1_000  # that are written at once


class RowFiles:
    """Writes `<record type>.ndjson` into a folder; what an earlier load has written is replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self, tables: tuple[Table, ...]) -> None:  # noqa: ARG002 - as a sink is asked
        """Make the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def load(self, document: Document) -> Loaded:
        """Write all rows of a document; after an error the files have those before it.

        Raises:
            PermanentError: a row cannot be read.
        """
        rows: Counter[str] = Counter()
        files: dict[str, BinaryIO] = {}
        with ExitStack() as opened:
            for body in bodies(document, ROWS):
                kind = body.record_type
                if kind not in files:
                    path = self._folder / f"{quote(kind, safe=' ')}.ndjson"
                    files[kind] = opened.enter_context(path.open("wb"))
                files[kind].write(body.ndjson())
                rows[kind] += len(body.lines)
        return Loaded(rows)

    def finish(self, tables: tuple[Table, ...]) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """Nothing is held."""
