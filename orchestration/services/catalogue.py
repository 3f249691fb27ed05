"""What lists show of runs: a blob a run, whose metadata has it all."""

import json
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from typing import Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from .listing import ListedBlob, list_blobs

PREFIX = "catalogue/"

Entry = dict[str, Any]


class Catalogue:
    """The entries of all runs."""

    def __init__(self, runs: ContainerClient) -> None:
        self._runs = runs

    def write(self, run: str, summary: Mapping[str, Any], *, new: bool = False) -> None:
        """Keep what a list shows of a run; a `new` one does not replace another."""
        metadata = {"summary": json.dumps(summary, separators=(",", ":"))}
        with suppress(ResourceExistsError) if new else nullcontext():
            self._runs.upload_blob(f"{PREFIX}{run}", b"", overwrite=not new, metadata=metadata)

    def read(self, prefix: str = "") -> dict[str, Entry]:
        """By run id, in its order, the entries and when each was `changed`; none before a run."""
        blobs = list_blobs(self._runs, f"{PREFIX}{prefix}")
        try:
            return {blob.name.removeprefix(PREFIX): _entry(blob) for blob in blobs}
        except ResourceNotFoundError:
            return {}


def _entry(blob: ListedBlob) -> Entry:
    summary: Entry = json.loads(blob.metadata["summary"])
    return {**summary, "changed": blob.last_modified.isoformat()}
