"""The same work as most would script it today, on the same services, for a few units."""

import json
import time
from contextlib import suppress

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from benchmarks.headline import floor
from benchmarks.headline.ground import Ground
from benchmarks.headline.lines import together
from benchmarks.naive.worker import CONTAINER, QUEUE, SCHEMA

PROCESSES = 2
UNITS, WARM = 24, 4
SECONDS = 300
LOADS = {
    "insert": "row inserts",
    "batch": "batches of inserts",
    "copy": "COPY a unit",
}


def rate(ground: Ground, load: str) -> float:
    """Rows a second from queue to table, of processes that have warmed up.

    Raises:
        FailedError: a process has ended, or it takes too long.
    """
    storage = ground.azurite.connection_string
    ground.forget(SCHEMA)
    floor.prepare(ground, SCHEMA)
    queue = QueueClient.from_connection_string(storage, QUEUE)
    container = ContainerClient.from_connection_string(storage, CONTAINER)
    for place in (queue.create_queue, container.create_container):
        with suppress(ResourceExistsError):
            place()
    variables = {"STORAGE": storage, "DATABASE": ground.postgresql.url}
    commands = [["benchmarks.naive.worker", load]] * PROCESSES
    with together(commands, [variables] * PROCESSES) as processes:
        processes.until("ready", PROCESSES, SECONDS)
        for unit in range(UNITS):
            queue.send_message(json.dumps({"unit": unit}))
        processes.until("", WARM, SECONDS)
        begun = time.monotonic()
        lines = processes.until("", UNITS - WARM, SECONDS)
        took = time.monotonic() - begun
    ground.forget(SCHEMA)
    return sum(map(int, lines)) / took
