"""What the app reads from a listing is what the SDK reads from it."""

from collections.abc import Iterator
from datetime import UTC
from uuid import uuid4

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, ContainerClient

from orchestration.services import listing
from orchestration.services.listing import ListedBlob, list_blobs

NAMES = ["a/1", "a/2 <é> & 'quoted'", "a/3\u2028", "a/4", "b/1"]


@pytest.fixture
def container(azurite: str) -> Iterator[ContainerClient]:
    with BlobServiceClient.from_connection_string(azurite) as blobs:
        made = blobs.create_container(f"listing-{uuid4().hex[:8]}")
        for size, name in enumerate(NAMES):
            made.upload_blob(name, b"x" * size, metadata={"unit": str(size), "words": "a <b> & c"})
        made.upload_blob("a/plain", b"")
        made.upload_blob("a/empty", b"", metadata={"words": ""})
        yield made


@pytest.mark.parametrize("page", [1, 3, 1_000])
@pytest.mark.parametrize("prefix", ["", "a/", "c/"])
def test_it_says_what_the_sdk_says(
    container: ContainerClient, prefix: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", page)
    theirs = container.list_blobs(name_starts_with=prefix, include=["metadata"])
    expected = [
        ListedBlob(
            name=blob.name,
            etag=blob.etag,
            size=blob.size,
            written=f"{blob.last_modified.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT",
            metadata={name: value or "" for name, value in (blob.metadata or {}).items()},
        )
        for blob in theirs
    ]
    found = list(list_blobs(container, prefix))
    assert found == expected
    assert [blob.last_modified for blob in found] == [
        blob.last_modified for blob in container.list_blobs(name_starts_with=prefix)
    ]
    assert len(found) == {"": 7, "a/": 6, "c/": 0}[prefix]


def test_a_name_that_xml_cannot_hold_is_read_as_it_is() -> None:
    answer = '<Blob><Name Encoded="true">a%2F%EF%BF%BE%20b</Name><Properties /></Blob>'
    [blob] = listing.read(f"<R><Blobs>{answer}</Blobs></R>".encode())
    assert blob.name == "a/\ufffe b"


def test_a_container_that_is_not_there_is_an_error(container: ContainerClient) -> None:
    container.delete_container()
    with pytest.raises(ResourceNotFoundError):
        list(list_blobs(container, ""))
