"""What lists show of runs: a blob a run, whose metadata has it all."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient

from ..model import FINAL
from .listing import PAGE, ListedBlob, list_blobs
from .threads import side_by_side

PREFIX = "catalogue/"
OLDEST = timedelta(seconds=10)
FEW = 20

Entry = dict[str, Any]


class Catalogue:
    """The entries of all runs; what was read last is kept for those who look again and again.

    To read a blob of a listing with its metadata takes five times as long as its name alone.
    """

    def __init__(self, runs: ContainerClient) -> None:
        self._runs = runs
        self._kept: dict[str, Entry] = {}
        self._read: datetime | None = None

    def write(self, run: str, summary: Mapping[str, Any], *, new: bool = False) -> None:
        """Keep what a list shows of a run; a `new` one does not replace another."""
        metadata = {"summary": json.dumps(summary, separators=(",", ":"))}
        try:
            self._runs.upload_blob(f"{PREFIX}{run}", b"", overwrite=not new, metadata=metadata)
        except ResourceExistsError:
            if not new:
                raise
        finally:
            self._read = None

    def read(self, prefix: str = "") -> dict[str, Entry]:
        """By run id, in its order, the entries and when each was `changed`; none before a run."""
        blobs = list_blobs(self._runs, f"{PREFIX}{prefix}")
        try:
            return {blob.name.removeprefix(PREFIX): _entry(blob) for blob in blobs}
        except ResourceNotFoundError:
            return {}

    def glance(self, now: datetime) -> dict[str, Entry]:
        """The same, for people: what others have changed of a run that had ended may be `OLDEST`.

        All runs are there and no others, and those that go on are as they are.
        """
        kept, read = self._kept, self._read
        if read is None or now - read > OLDEST:
            return self._all(now)
        names = [str(name).removeprefix(PREFIX) for name in self._names()]
        unsure = [run for run in names if run not in kept or kept[run]["state"] not in FINAL]
        if len(unsure) > FEW:
            return self._all(now)
        found = dict(zip(unsure, side_by_side(self._one, unsure), strict=True))
        entries = {run: found[run] if run in found else kept[run] for run in names}
        return {run: entry for run, entry in entries.items() if entry}

    def _all(self, now: datetime) -> dict[str, Entry]:
        self._read = now  # before the look: what is written meanwhile takes it back
        entries = self.read()
        self._kept = entries
        return entries

    def _names(self) -> list[str]:
        try:
            return list(self._runs.list_blob_names(name_starts_with=PREFIX, results_per_page=PAGE))
        except ResourceNotFoundError:
            return []

    def _one(self, run: str) -> Entry | None:
        try:
            return _entry(self._runs.get_blob_client(f"{PREFIX}{run}").get_blob_properties())
        except ResourceNotFoundError:
            return None


def _entry(blob: ListedBlob | BlobProperties) -> Entry:
    summary: Entry = json.loads(blob.metadata["summary"])
    return {**summary, "changed": blob.last_modified.isoformat()}
