"""Blobs as the stages of work see them, wherever they lie."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class AbsentError(Exception):
    """There is no such blob."""


class OtherVersionError(Exception):
    """A blob is there, but not the version that was asked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a blob is."""

    container: str
    path: str

    def __str__(self) -> str:
        return f"{self.container}/{self.path}"


class Source(Protocol):
    """What bytes come from, once, from the front."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, all that is left if it is negative; empty at the end."""


class BlobStream:
    """A document of `size` bytes as it is read, once, from the front; `etag` names its version."""

    def __init__(self, source: Source, size: int, etag: str) -> None:
        self._source = source
        self._hash = hashlib.sha256()
        self.size = size
        self.etag = etag

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all that is left if it is negative; empty at the end."""
        piece = self._source.read(size)
        self._hash.update(piece)
        return piece

    def checksum(self) -> str:
        """SHA-256 of the whole document; reads what is left of it."""
        while self.read(1 << 20):
            pass
        return self._hash.hexdigest()


class BlobStore(Protocol):
    """What the stages read and write: documents, and blobs of the run. Writes are idempotent."""

    def read(self, path: str) -> bytes | None:
        """A blob of the run; None if there is none."""

    def open(self, place: Place, etag: str | None = None) -> BlobStream:
        """Open a document, of a certain version if need be; reading fails if it changes meanwhile.

        Raises:
            AbsentError: there is none.
            OtherVersionError: it is of another version.
        """

    def create(
        self, place: Place, content: bytes, metadata: Mapping[str, str], content_type: str
    ) -> bool:
        """Write a blob unless one is there; whether it was written."""

    def replace(self, place: Place, content: bytes, content_type: str) -> None:
        """Write a blob, or overwrite the one that is there."""
