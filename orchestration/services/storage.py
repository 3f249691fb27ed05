"""The storage clients: by identity, or by a connection string where an emulator has no identity."""

from dataclasses import dataclass

from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from ..settings import Settings


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
            blobs=BlobServiceClient.from_connection_string(connection),
            queues=QueueServiceClient.from_connection_string(connection),
        )
    if not (settings.blob_endpoint and settings.queue_endpoint):
        raise ValueError(
            "ACI_JOBS_BLOB_ENDPOINT and ACI_JOBS_QUEUE_ENDPOINT are missing "
            "(or ACI_JOBS_STORAGE_CONNECTION_STRING, for an emulator)"
        )
    return Storage(
        blobs=BlobServiceClient(settings.blob_endpoint, credential=credential),
        queues=QueueServiceClient(settings.queue_endpoint, credential=credential),
    )
