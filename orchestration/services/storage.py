"""The storage clients: by identity, or by a connection string where an emulator has no identity."""

from dataclasses import dataclass
from typing import Any

from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from ..settings import Settings

# Who is away is told of within seconds, who says nothing within a minute: people wait for an
# answer, and the orchestrator asks again at its next look. The SDK's own patience is minutes.
_PATIENCE: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 12,
    "retry_total": 2,
    "initial_backoff": 1,
    "increment_base": 2,
    "random_jitter_range": 1,
}


@dataclass(frozen=True)
class Storage:
    """The two services of one storage account."""

    blobs: BlobServiceClient
    queues: QueueServiceClient


def open_storage(settings: Settings, credential: TokenCredential) -> Storage:
    """Make the clients; nothing is sent yet.

    Raises:
        ValueError: neither endpoints nor a connection string are set.
    """
    connection = settings.storage_connection_string.get_secret_value()
    if connection:
        return Storage(
            blobs=BlobServiceClient.from_connection_string(connection, **_PATIENCE),
            queues=QueueServiceClient.from_connection_string(connection, **_PATIENCE),
        )
    if not (settings.blob_endpoint and settings.queue_endpoint):
        raise ValueError(
            "ACI_JOBS_BLOB_ENDPOINT and ACI_JOBS_QUEUE_ENDPOINT are missing "
            "(or ACI_JOBS_STORAGE_CONNECTION_STRING, for an emulator)"
        )
    return Storage(
        blobs=BlobServiceClient(settings.blob_endpoint, credential, **_PATIENCE),
        queues=QueueServiceClient(settings.queue_endpoint, credential, **_PATIENCE),
    )
