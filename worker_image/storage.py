"""The storage of a run as a worker sees it: two queues, the run's blobs, the user's documents."""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import requests
from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient, ContentSettings
from azure.storage.queue import QueueClient, QueueMessage, QueueServiceClient
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from .blobs import AbsentError, BlobStream, OtherVersionError, Place
from .contract import ConfigurationError, Receipt, WorkerEnvironment, naming

NEVER = -1
OTHER_THREADS = 3  # beside the slots: those that receive, renew and report
RECEIVE_LIMIT = 32  # messages that the service hands out in one answer

# A call must end well before the lease that it renews: the SDK's own patience is minutes.
_PATIENCE: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 20,
    "retry_total": 3,
    "initial_backoff": 1,
    "increment_base": 2,
    "random_jitter_range": 1,
}
# Documents of any size pass through in pieces of this many bytes.
_PIECES: dict[str, Any] = {"max_single_get_size": 4 << 20, "max_chunk_get_size": 4 << 20}
# Bytes that are asked of a connection at once: the SDK's own 4 KiB make many calls.
_READ_SIZE = 64 << 10


class _Session(requests.Session):
    """Sends each request as the SDK has made it, over connections that are kept for all threads.

    A plain session would look for proxies and certificates in the environment, for cookies, hooks
    and redirects, at every call: a quarter of the processor time that the call takes. What the
    environment says is asked once for each host here; the rest is nothing that storage has.
    """

    def __init__(self, threads: int) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(pool_maxsize=threads))
        self._settings = lru_cache(self._asked)

    def request(  # type: ignore[override]  # the SDK's transport is the only caller
        self, method: str, url: str, *, headers: Any, data: Any, **options: Any
    ) -> requests.Response:
        """Send it and return the response, its content read unless it is a stream."""
        request = requests.PreparedRequest()
        request.method = method
        request.prepare_url(url, None)
        request.headers = CaseInsensitiveDict(headers)
        request.body = data
        host = "/".join(url.split("/", 3)[:3])
        response = self.get_adapter(host).send(
            request,
            stream=options.get("stream", False),
            timeout=options["timeout"],
            **self._settings(host, options["verify"], options["cert"]),
        )
        if not options.get("stream"):
            _ = response.content
        return response

    def _asked(self, host: str, verify: Any, cert: Any) -> dict[str, Any]:
        settings = self.merge_environment_settings(host, {}, None, verify, cert)
        return {name: settings[name] for name in ("proxies", "verify", "cert")}


def connect(
    environment: WorkerEnvironment, credential: TokenCredential | None, **options: Any
) -> tuple[QueueServiceClient, BlobServiceClient]:
    """Make the two clients; nothing is sent yet. `options` go to both as they are.

    Raises:
        ConfigurationError: the environment does not lead to a storage account.
    """
    threads = environment.concurrency + OTHER_THREADS
    session = _Session(threads)
    transport = RequestsTransport(
        session=session, connection_data_block_size=_READ_SIZE, **_PATIENCE
    )
    options = {**_PATIENCE, "transport": transport, **options}
    connection = environment.storage_connection_string
    try:
        if connection:
            return (
                QueueServiceClient.from_connection_string(connection, **options),
                BlobServiceClient.from_connection_string(connection, **_PIECES, **options),
            )
        return (
            QueueServiceClient(environment.queue_endpoint, credential, **options),
            BlobServiceClient(environment.blob_endpoint, credential, **_PIECES, **options),
        )
    except ValueError as error:
        raise ConfigurationError(
            "ACI_JOBS_STORAGE_CONNECTION_STRING, or ACI_JOBS_QUEUE_ENDPOINT and "
            f"ACI_JOBS_BLOB_ENDPOINT: {error}"
        ) from None


class Storage:
    """Idempotent operations on what a worker reads and writes.

    Every method may raise AzureError; the clients have tried again by then.
    """

    def __init__(self, queues: QueueServiceClient, blobs: BlobServiceClient, run: str) -> None:
        self.run = run
        self.work = _queue(queues, naming.work_queue(run))
        self._dead = _queue(queues, naming.dead_letter_queue(run))
        self._blobs = blobs

    def receive(self, count: int, visibility: float) -> list[QueueMessage]:
        """At most `count` messages, hidden from others for so many seconds; maybe none."""
        pages: Iterator[Iterator[QueueMessage]] = self.work.receive_messages(
            messages_per_page=min(count, RECEIVE_LIMIT), visibility_timeout=math.ceil(visibility)
        ).by_page()
        return list(next(pages, iter(())))

    def enqueue(self, text: str) -> None:
        """Put a message on the work queue."""
        self.work.send_message(text, time_to_live=NEVER)

    def bury(self, text: str) -> None:
        """Put a message on the dead-letter queue."""
        self._dead.send_message(text, time_to_live=NEVER)

    def receipt(self, place: Place) -> Receipt | None:
        """The receipt on a blob; None if there is no such blob or it carries none."""
        try:
            properties = self._blobs.get_blob_client(
                place.container, place.path
            ).get_blob_properties()
        except ResourceNotFoundError:
            return None
        return Receipt.from_metadata(properties.metadata)

    def create(
        self, place: Place, content: bytes, metadata: Mapping[str, str], content_type: str
    ) -> bool:
        """Write a blob unless one is there; whether it was written."""
        try:
            self._blobs.get_blob_client(place.container, place.path).upload_blob(
                content,
                overwrite=False,
                metadata=dict(metadata),
                content_settings=ContentSettings(content_type=content_type),
            )
        except ResourceExistsError:
            return False
        return True

    def open(self, place: Place, etag: str | None = None) -> BlobStream:
        """Open a document, of a certain version if need be; reading fails if it changes meanwhile.

        Raises:
            AbsentError: there is none.
            OtherVersionError: it is of another version.
        """
        condition = MatchConditions.IfNotModified if etag else None
        blob = self._blobs.get_blob_client(place.container, place.path)
        try:
            download = blob.download_blob(etag=etag, match_condition=condition)
        except ResourceNotFoundError as error:
            raise AbsentError(str(place)) from error
        except ResourceModifiedError as error:
            raise OtherVersionError(str(place)) from error
        return BlobStream(download, download.size, str(download.properties.etag))

    def replace(self, place: Place, content: bytes, content_type: str) -> None:
        """Write a blob, or overwrite the one that is there."""
        self._blobs.get_blob_client(place.container, place.path).upload_blob(
            content, overwrite=True, content_settings=ContentSettings(content_type=content_type)
        )

    def write(self, path: str, text: str, metadata: Mapping[str, str]) -> None:
        """Write or overwrite a JSON blob of the run."""
        self._blobs.get_blob_client(naming.RUNS, path).upload_blob(
            text,
            overwrite=True,
            metadata=dict(metadata),
            content_settings=ContentSettings(content_type="application/json"),
        )

    def read(self, path: str) -> bytes | None:
        """A blob of the run; None if there is none."""
        try:
            return self._blobs.get_blob_client(naming.RUNS, path).download_blob().readall()
        except ResourceNotFoundError:
            return None

    def append(self, path: str, content: bytes) -> None:
        """Add to the end of an append blob of the run, made on the way; at most 4 MiB."""
        blob = self._blobs.get_blob_client(naming.RUNS, path)
        try:
            blob.append_block(content)
        except ResourceNotFoundError:
            blob.create_append_blob(match_condition=MatchConditions.IfMissing)
            blob.append_block(content)


def _queue(service: QueueServiceClient, name: str) -> QueueClient:
    # Messages are JSON text and travel as they are, on this side and on the control plane's.
    return service.get_queue_client(name, message_encode_policy=None, message_decode_policy=None)
