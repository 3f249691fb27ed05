"""The list of a run's documents: one blob, made of a block for each part that was audited."""

from collections.abc import Iterable

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobClient


class Manifest:
    """A run's manifest; a part is named by its first unit. Every method may be called twice."""

    def __init__(self, blob: BlobClient) -> None:
        self._blob = blob

    def stage(self, part: int, lines: str) -> None:
        """Keep the lines of a part for the next `commit`, in place of earlier ones.

        The service forgets what is not committed within a week.
        """
        self._blob.stage_block(_name(part), lines.encode())

    def parts(self) -> set[int]:
        """The parts whose lines are there, in the manifest as it is or waiting for a commit."""
        try:
            committed, staged = self._blob.get_block_list("all")
        except ResourceNotFoundError:
            return set()
        return {int(str(block.id)) for block in (*committed, *staged)}

    def commit(self, parts: Iterable[int]) -> None:
        """Make the manifest of the latest lines of these parts, in this order, and no others.

        Raises:
            HttpResponseError: the lines of one are not there.
        """
        self._blob.commit_block_list([BlobBlock(_name(part)) for part in parts])


def _name(part: int) -> str:
    # The service wants names of one length in a blob.
    return f"{part:010d}"
