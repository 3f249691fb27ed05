"""The bare SDK calls of a worker's units, for documents made before: receive, upload, delete.

A process of its own, started by `benchmarks.worker` with a worker's environment. Each thread
receives a batch, uploads each document with its receipt as metadata, prints a line and deletes the
message, until the queue is empty.
"""

import json
import os
import sys
import threading
from pathlib import Path

from azure.storage.blob import BlobServiceClient, ContentSettings
from azure.storage.queue import QueueServiceClient

from worker_image.contract import WorkerEnvironment, naming

BATCH = 8  # so that at the end no thread has many while the others have none
CONTENT = ContentSettings(content_type="application/x-ndjson")


def drain(environment: WorkerEnvironment, container: str, folder: Path) -> None:
    """Take every message of the run's queue, on as many threads as a worker would have slots."""
    receipts = json.loads((folder / "receipts.json").read_text())
    documents = [(folder / str(unit)).read_bytes() for unit in range(len(receipts))]
    connection = environment.storage_connection_string
    blobs = BlobServiceClient.from_connection_string(connection)
    work = QueueServiceClient.from_connection_string(connection).get_queue_client(
        naming.work_queue(environment.run), message_encode_policy=None, message_decode_policy=None
    )

    def slot() -> None:
        while page := list(next(work.receive_messages(messages_per_page=BATCH).by_page(), ())):
            for message in page:
                unit = json.loads(message.content)["unit"]
                blobs.get_blob_client(container, str(unit)).upload_blob(
                    documents[unit], metadata=receipts[unit], content_settings=CONTENT
                )
                sys.stdout.write(f"{unit}\n")
                sys.stdout.flush()
                work.delete_message(message)

    slots = [threading.Thread(target=slot) for _ in range(environment.concurrency)]
    for thread in slots:
        thread.start()
    for thread in slots:
        thread.join()


if __name__ == "__main__":
    drain(WorkerEnvironment.read(os.environ), os.environ["CONTAINER"], Path(os.environ["FOLDER"]))
