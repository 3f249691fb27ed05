"""A folder in the place of a worker's storage."""

import hashlib
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from command_line.replay.source import Source
from worker_image.blobs import AbsentError, BlobStream, Place
from worker_image.contract import Message

_STRANGE = re.compile(r"[^\w.=-]|^\.+$")


class Folder:
    """Where a replayed unit writes, and what it reads is kept; nothing goes to the run.

    A document lies below its container as it does in storage. One that is read is the run's, of
    the version that is there now; where the run has none, it is in the folder `made`.
    """

    def __init__(
        self, path: Path, source: Source, message: Message, made: Path | None = None
    ) -> None:
        self.path = path
        self._made = made or path
        self._source = source
        self._message = message
        self._opened: dict[Place, tuple[bytes, str]] = {}
        self.notes: list[str] = []

    def read(self, path: str) -> bytes | None:
        """A blob of the run, of which a unit reads its dataset alone."""
        content = self._source.dataset()
        self.keep(Path(path).name, content)
        return content

    def open(self, place: Place, etag: str | None = None) -> BlobStream:
        """Open a document; one that has changed since the run listed it is read as a redrive would.

        Raises:
            AbsentError: neither the run has it, nor was it made here.
        """
        content, version = self._opened.get(place) or self._fetched(place, etag)
        self._opened[place] = content, version
        return BlobStream(BytesIO(content), len(content), version)

    def create(
        self,
        place: Place,
        content: bytes,
        metadata: Mapping[str, str],  # noqa: ARG002 - the figures have a file of their own
        content_type: str,
    ) -> bool:
        """Write a document."""
        self.replace(place, content, content_type)
        return True

    def replace(self, place: Place, content: bytes, content_type: str) -> None:  # noqa: ARG002
        """Write a document, or overwrite the one that is there."""
        self.keep(_name(place), content)

    def keep(self, name: str, content: bytes) -> None:
        """Write a file of the folder."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def _fetched(self, place: Place, etag: str | None) -> tuple[bytes, str]:
        try:
            content, version = self._source.document(self._message, place)
        except AbsentError:
            return self._made_here(place)
        # A listing gives the same version without the quotes.
        if etag and etag.strip('"') != version.strip('"'):
            self.notes.append(f"{place} has changed since the run listed it; read as it is now")
        self.keep(_name(place), content)
        return content, version

    def _made_here(self, place: Place) -> tuple[bytes, str]:
        path = self._made / _name(place)
        if not path.is_file():
            raise AbsentError(str(place))
        content = path.read_bytes()
        return content, hashlib.sha256(content).hexdigest()


def _name(place: Place) -> str:
    """The file of a document; no name leads out of the folder."""
    parts = (place.container, *place.path.split("/"))
    return "/".join(_STRANGE.sub("_", part) for part in parts if part)
