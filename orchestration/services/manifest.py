"""The list of a run's documents: one blob, made of a block for each part that was audited."""

from collections.abc import Iterable
from dataclasses import dataclass

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobClient

from .blobs import if_at

PIECE = 256 << 10


@dataclass(frozen=True)
class Lines:
    """Lines of a version of a manifest; behind the last one `end` is the byte, None at its end."""

    lines: list[bytes]
    etag: str
    end: int | None


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

    def lines(self, start: int, most: int, etag: str = "") -> Lines | None:
        """At most so many lines from a byte on that one begins with; None if there is no manifest.

        Raises:
            ResourceModifiedError: it is not of this version any more.
        """
        try:
            found = self._blob.get_blob_properties()
            content, etag = bytearray(), etag or str(found.etag)
            while content.count(b"\n") < most and start + len(content) < found.size:
                content += self._piece(start + len(content), etag)
        except ResourceNotFoundError:
            return None
        lines = bytes(content).splitlines(keepends=True)[:most]
        end = start + sum(map(len, lines))
        return Lines(lines, etag, end if end < found.size else None)

    def _piece(self, start: int, etag: str) -> bytes:
        piece: bytes = self._blob.download_blob(start, PIECE, **if_at(etag)).readall()
        return piece

    def commit(self, parts: Iterable[int]) -> None:
        """Make the manifest of the latest lines of these parts, in this order, and no others.

        Raises:
            HttpResponseError: the lines of one are not there.
        """
        self._blob.commit_block_list([BlobBlock(_name(part)) for part in parts])


def _name(part: int) -> str:
    # The service wants names of one length in a blob.
    return f"{part:010d}"
