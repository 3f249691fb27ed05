"""What people have stored by name, each a blob that changes under its own etag."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from .blobs import again_if_slower, if_at

T = TypeVar("T")


class Noun(StrEnum):
    """What can be stored; the definitions of each lie in a container of their own."""

    DATASET = "dataset"
    JOB = "job"
    SCHEDULE = "schedule"

    @property
    def container(self) -> str:
        """Where they lie."""
        return f"{self}s"

    @property
    def suffix(self) -> str:
        """What a blob's name has behind that of the definition."""
        return ".yaml" if self is Noun.DATASET else ".json"


@dataclass(frozen=True)
class Version:
    """One version of a definition: its etag in quotes, as HTTP has it, and its size in bytes."""

    name: str
    etag: str
    changed: datetime
    size: int


@dataclass(frozen=True)
class Stored(Version):
    """A definition as it was stored."""

    content: bytes


@dataclass(frozen=True)
class Expected:
    """Which version a caller has in mind: the words of `If-Match` and `If-None-Match`."""

    match: str | None = None
    none_match: str | None = None

    def met_by(self, etag: str | None) -> bool:
        """Whether a definition at this version, or one that is absent, is as expected."""
        if self.match is not None and not _names(self.match, etag):
            return False
        weakly = (self.none_match or "").replace('W/"', '"')
        return not _names(weakly, etag)


def _names(tags: str, etag: str | None) -> bool:
    """Whether a list of etags, or `*`, names a version that is there."""
    if etag is None:
        return False
    return tags.strip() == "*" or etag in [tag.strip() for tag in tags.split(",")]


ANY = Expected()


class VersionError(Exception):
    """A definition is not at the version that is expected; `etag` is None of one that is absent."""

    def __init__(self, etag: str | None) -> None:
        super().__init__(f"it is at {etag}" if etag else "there is none")
        self.etag = etag


class Definitions:
    """The definitions of one noun."""

    def __init__(self, container: ContainerClient, suffix: str) -> None:
        self._container = container
        self._suffix = suffix

    def names(self) -> list[str]:
        """The names that are taken, in their order."""
        try:
            blobs = list(self._container.list_blob_names())
        except ResourceNotFoundError:
            return []
        ours = (blob for blob in blobs if blob.endswith(self._suffix))
        return sorted(blob.removesuffix(self._suffix) for blob in ours)

    def read(self, name: str) -> Stored | None:
        """A definition, None if there is none of this name."""
        try:
            download = self._container.download_blob(f"{name}{self._suffix}")
        except ResourceNotFoundError:
            return None
        content, found = download.readall(), download.properties
        return Stored(name, _quoted(found.etag), found.last_modified, len(content), content)

    def put(
        self, name: str, content: bytes, expected: Expected = ANY
    ) -> tuple[Version, str | None]:
        """Store a definition; the new version, and the etag of the one whose place it took.

        Raises:
            VersionError: it is not at the version that is expected; nothing was changed.
            ResourceModifiedError: others were faster all the time.
        """

        def upload(etag: str | None) -> tuple[Version, str | None]:
            return self._upload(name, content, etag), etag

        return self._under_its_etag(name, expected, upload)

    def delete(self, name: str, expected: Expected = ANY) -> bool:
        """Delete a definition; False if there is none. Raises what `put` does."""

        def remove(etag: str | None) -> bool:
            if etag is None:
                return False
            with suppress(ResourceNotFoundError):
                self._container.delete_blob(f"{name}{self._suffix}", **if_at(etag))
            return True

        return self._under_its_etag(name, expected, remove)

    def _under_its_etag(self, name: str, expected: Expected, act: Callable[[str | None], T]) -> T:
        """Act on the version that was looked at, if it is the one that is expected."""

        def once() -> T:
            etag = self._etag(name)
            if not expected.met_by(etag):
                raise VersionError(etag)
            return act(etag)

        return again_if_slower(once)

    def _etag(self, name: str) -> str | None:
        blob = self._container.get_blob_client(f"{name}{self._suffix}")
        try:
            return _quoted(blob.get_blob_properties().etag)
        except ResourceNotFoundError:
            return None

    def _upload(self, name: str, content: bytes, etag: str | None) -> Version:
        if etag is None:
            with suppress(ResourceExistsError):
                self._container.create_container()
        blob = self._container.get_blob_client(f"{name}{self._suffix}")
        answer = blob.upload_blob(content, overwrite=etag is not None, **if_at(etag))
        return Version(name, _quoted(answer["etag"]), answer["last_modified"], len(content))


def _quoted(etag: str) -> str:
    return f'"{etag.strip(chr(34))}"'
