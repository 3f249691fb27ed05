"""The blobs that the app reads and writes; Blob Storage as far as a run needs it."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    BlobClient,
    BlobPrefix,
    BlobServiceClient,
)
from pydantic import BaseModel

from worker_image.contract import naming

from .listing import ListedBlob, list_blobs

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

TRIES = 20
BATCH = 256  # the most deletions that one call may have
GONE = (202, 404)


class Blobs:
    """The blobs of the runs, and those of others for reading.

    Writes are idempotent; reads of what is absent give None.
    """

    def __init__(self, service: BlobServiceClient) -> None:
        self._service = service
        self._runs = service.get_container_client(naming.RUNS)

    def create_container(self, name: str = naming.RUNS) -> None:
        """Make a container; it may be there."""
        try:
            self._service.create_container(name)
        except ResourceExistsError as error:
            if getattr(error, "error_code", None) != "ContainerAlreadyExists":
                raise

    def read(self, path: str, container: str = naming.RUNS) -> bytes | None:
        """The content of a blob."""
        try:
            return self._service.get_blob_client(container, path).download_blob().readall()
        except ResourceNotFoundError:
            return None

    def read_as(self, kind: type[T], path: str) -> T | None:
        """The content of a JSON blob as a value; what a newer app has added is passed over."""
        content = self.read(path)
        return None if content is None else _value(kind, content)

    def version(self, container: str, path: str) -> tuple[str, int]:
        """The etag of anybody's blob, and its size in bytes.

        Raises:
            ResourceNotFoundError: there is no such blob.
        """
        found = self._service.get_blob_client(container, path).get_blob_properties()
        return str(found.etag), found.size

    def pieces(self, container: str, path: str, *, start: int, etag: str) -> Iterator[bytes]:
        """One version of anybody's blob from a byte on, a few MiB at a time.

        Raises:
            ResourceModifiedError: there is another version by now.
            ResourceNotFoundError: there is no such blob.
        """
        blob = self._service.get_blob_client(container, path)
        yield from blob.download_blob(start, **if_at(etag)).chunks()

    def stretch(
        self, path: str, start: int, length: int, container: str = naming.RUNS, etag: str = ""
    ) -> bytes:
        """So many bytes of a blob from one on, of a version if need be; fewer at its end.

        There must be a byte at `start`.

        Raises:
            ResourceModifiedError: there is another version by now.
            ResourceNotFoundError: there is no such blob.
        """
        blob = self._service.get_blob_client(container, path)
        content: bytes = blob.download_blob(start, length, **if_at(etag)).readall()
        return content

    def write(
        self, path: str, content: str | bytes, metadata: dict[str, str] | None = None
    ) -> None:
        """Write a blob, over what was there."""
        self._runs.upload_blob(path, content, overwrite=True, metadata=metadata)

    def create(
        self, path: str, content: str | bytes, metadata: dict[str, str] | None = None
    ) -> bool:
        """Write a blob that nobody has written yet; False if somebody has."""
        try:
            self._runs.upload_blob(path, content, overwrite=False, metadata=metadata)
        except ResourceExistsError:
            return False
        return True

    def edit(self, path: str, kind: type[T], change: Callable[[T], T]) -> T:
        """Change a JSON blob under its etag, again if somebody else was faster.

        What is absent is `kind()`, and what is not changed is not written.

        Raises:
            ResourceModifiedError: others were faster all the time.
        """
        blob = self._runs.get_blob_client(path)
        return again_if_slower(lambda: self._edit_once(blob, kind, change))

    def _edit_once(self, blob: BlobClient, kind: type[T], change: Callable[[T], T]) -> T:
        etag = None
        try:
            download = blob.download_blob()
        except ResourceNotFoundError:
            found = kind()
        else:
            found, etag = _value(kind, download.readall()), download.properties.etag
        changed = change(found)
        if changed != found:
            blob.upload_blob(changed.model_dump_json(), overwrite=bool(etag), **if_at(etag))
        return changed

    def delete(self, path: str) -> None:
        """Delete a blob; it may be gone already."""
        with suppress(ResourceNotFoundError):
            self._runs.delete_blob(path)

    def move(self, source: str, target: str) -> None:
        """Move a blob; it may have been moved already."""
        content = self.read(source)
        if content is not None:
            self.write(target, content)
            self.delete(source)

    def clear(self, prefix: str) -> None:
        """Delete the blobs below a prefix."""
        self._delete(blob.name for blob in self.listing(naming.RUNS, prefix))

    def folders(self, container: str, prefix: str) -> Iterator[str]:
        """The folders right below a prefix, whatever is in them, each as a prefix."""
        client = self._service.get_container_client(container)
        with suppress(ResourceNotFoundError):
            for item in client.walk_blobs(name_starts_with=prefix, delimiter="/"):
                if isinstance(item, BlobPrefix):
                    yield str(item.name)

    def listing(self, container: str, prefix: str, behind: str = "") -> Iterator[ListedBlob]:
        """The blobs below a prefix of anybody's container, in the order of their names.

        Only those `behind` a name: the service starts there, an emulator at the beginning.

        Raises:
            ResourceNotFoundError: there is no such container.
        """
        blobs = list_blobs(self._service.get_container_client(container), prefix, behind)
        return (blob for blob in blobs if blob.name > behind)

    def delete_older(self, prefix: str, than: datetime, but: Collection[str] = ()) -> None:
        """Delete the blobs of the runs below a prefix that were written before a time."""
        try:
            blobs = list(self.listing(naming.RUNS, prefix))
        except ResourceNotFoundError:
            return
        self._delete(
            blob.name for blob in blobs if blob.last_modified < than and blob.name not in but
        )

    def _delete(self, paths: Iterator[str]) -> None:
        """Delete blobs, many a call; some may have gone."""
        while batch := list(islice(paths, BATCH)):
            answers = self._runs.delete_blobs(*batch, raise_on_any_failure=False)
            failed = [answer.status_code for answer in answers if answer.status_code not in GONE]
            if failed:
                raise OSError(f"{len(failed)} of {len(batch)} blobs were not deleted: {failed[0]}")


def again_if_slower(act: Callable[[], R]) -> R:
    """Act on the version of a blob that is there, again if somebody else was faster.

    Raises:
        ResourceModifiedError, ResourceExistsError: others were faster all the time.
    """
    for _ in range(TRIES - 1):
        with suppress(ResourceModifiedError, ResourceExistsError):
            return act()
    return act()


def _value(kind: type[T], content: bytes) -> T:
    return kind.model_validate_json(content, extra="ignore")


def if_at(etag: str | None) -> dict[str, Any]:
    """The condition that a blob is at this version, if one is named."""
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
