"""Listings of blobs with their metadata.

The SDK's own models of a listing take three times as long, which is most of what an audit, the
doctor and a page of runs take. So the SDK lists names, and the rest is read here, from the answers
that it got.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from azure.core.pipeline import PipelineResponse
from azure.storage.blob import ContainerClient

PAGE = 2_000  # the service gives 5,000 at once, which take 70 MB here


@dataclass(frozen=True, slots=True)
class ListedBlob:
    """A blob as a listing shows it; `size` is in bytes, an empty value of `metadata` is ''."""

    name: str
    etag: str
    size: int
    written: str
    metadata: dict[str, str]

    @property
    def last_modified(self) -> datetime:
        """When it was last written, to the second."""
        return parsedate_to_datetime(self.written)


def list_blobs(container: ContainerClient, prefix: str, start: str = "") -> Iterator[ListedBlob]:
    """The blobs below a prefix, in the order of their names, read page by page.

    From a name on, if there is one and the service knows how: an emulator starts at the beginning.

    Raises:
        ResourceNotFoundError: there is no such container.
    """
    answers: list[bytes] = []

    def keep(response: PipelineResponse[Any, Any]) -> None:
        answers[:] = [response.http_response.body()]  # of several tries the last

    pages = container.list_blob_names(
        name_starts_with=prefix,
        include=["metadata"],
        results_per_page=PAGE,
        start_from=start or None,
        raw_response_hook=keep,
    ).by_page()
    for _ in pages:
        yield from read(answers.pop())


def read(answer: bytes) -> Iterator[ListedBlob]:
    """The blobs of a page, as the service wrote it."""
    # The SDK has just read the same in the same way.
    return map(_listed, ElementTree.fromstring(answer).iter("Blob"))  # noqa: S314


def _listed(blob: ElementTree.Element) -> ListedBlob:
    """As the REST API writes it: https://learn.microsoft.com/rest/api/storageservices/list-blobs."""
    name, metadata = blob.find("Name"), blob.find("Metadata")
    assert name is not None
    text = name.text or ""
    return ListedBlob(
        # A name that XML cannot hold comes as in an address.
        name=unquote(text) if name.get("Encoded") == "true" else text,
        etag=blob.findtext("Properties/Etag", ""),
        size=int(blob.findtext("Properties/Content-Length", "0")),
        written=blob.findtext("Properties/Last-Modified", ""),
        metadata={} if metadata is None else {item.tag: item.text or "" for item in metadata},
    )
