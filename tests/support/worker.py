"""A run's storage as a test looks at it, and workers on it: in this process, or their own."""

import json
import logging
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, QueueMessage, QueueServiceClient

from worker_image.blobs import Place
from worker_image.clock import Clock
from worker_image.contract import (
    DeadLetter,
    ExitCode,
    Heartbeat,
    Limits,
    Message,
    Receipt,
    Stage,
    WorkerEnvironment,
    naming,
)
from worker_image.delivery import Delivery, Workplace
from worker_image.heartbeats import Tally
from worker_image.lease import Lease
from worker_image.logs import Shipment
from worker_image.stages import Product, UnitStage
from worker_image.storage import Storage, connect
from worker_image.telemetry import Telemetry
from worker_image.worker import Worker

CHECKOUT = Path(__file__).parents[2]
DOCUMENTS = "documents"
CONTENT = b'{"type":"a"}\n'

Stages = Mapping[Stage, UnitStage] | UnitStage


def new_run() -> str:
    """A run id that no other test has."""
    nonce = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(5))
    return naming.run_id(datetime.now(UTC), nonce)


class Killed(BaseException):
    """A worker is no more: nothing that it would do about an error is done."""


class Plain:
    """A stage whose work is a function of the message; `calls` are the messages it has met, and
    `attempts` which tries of their units they were."""

    grace = 0.0

    def __init__(self, work: Callable[[Message], object] = lambda _: None) -> None:
        self._work = work
        self.calls: list[Message] = []
        self.attempts: list[int] = []

    def place(self, message: Message) -> Place:
        return Place(DOCUMENTS, f"{message.run}/{message.unit:07d}")

    def entered(self) -> AbstractContextManager[None]:
        return nullcontext()

    def work(self, message: Message, attempt: int = 1) -> Product:
        self.calls.append(message)
        self.attempts.append(attempt)
        self._work(message)
        return Product({"a": 1}, len(CONTENT), "0" * 64, str(self.place(message)), CONTENT)

    def following(self, message: Message) -> Message | None:
        if message.then is None:
            return None
        return Message(message.run, Stage.INGEST, message.unit, dict(message.then))

    def close(self) -> None:
        pass

    def stop(self) -> None:
        pass


@dataclass
class Bench:
    """The storage of one new run, through clients of the test's own."""

    connection: str
    run: str
    queues: QueueServiceClient
    blobs: BlobServiceClient
    dropped: list[QueueMessage] = field(default_factory=list, repr=False)

    @classmethod
    def on(cls, connection: str) -> "Bench":
        """Make the queues of a new run, and the containers if they are missing."""
        bench = cls(
            connection,
            new_run(),
            QueueServiceClient.from_connection_string(connection),
            BlobServiceClient.from_connection_string(connection),
        )
        bench.queues.create_queue(naming.work_queue(bench.run))
        bench.queues.create_queue(naming.dead_letter_queue(bench.run))
        for name in (naming.RUNS, DOCUMENTS):
            container = bench.blobs.get_container_client(name)
            if not container.exists():
                container.create_container()
        return bench

    def close(self) -> None:
        """Let the connections go."""
        self.queues.close()
        self.blobs.close()

    # ------------------------------------------------------------------------------ workers

    def environment(self, **changes: Any) -> WorkerEnvironment:
        """That of an impatient worker."""
        values: dict[str, Any] = {
            "run": self.run,
            "worker": "w1",
            "storage_connection_string": self.connection,
            "concurrency": 1,
            "visibility_seconds": 30.0,
            "idle_seconds": 0.05,
            "poll_seconds": 0.02,
            "heartbeat_seconds": 0.1,
            "retry_seconds": 0.01,
        }
        return WorkerEnvironment(**{**values, **changes})

    def storage(self, **options: Any) -> Storage:
        """The run's storage as a worker reaches it; `options` go to the SDK's clients."""
        return Storage(*connect(self.environment(), None, **options), self.run)

    def workplace(
        self,
        stages: Stages,
        storage: Storage | None = None,
        telemetry: Telemetry | None = None,
    ) -> Workplace:
        """A workplace of this process."""
        if not isinstance(stages, Mapping):
            stages = {Stage.GENERATE: stages, Stage.INGEST: stages}
        tally, telemetry = Tally(), telemetry or Telemetry(self.run)
        telemetry.watch(tally)
        return Workplace(
            worker="w1",
            storage=storage or self.storage(),
            stages=stages,
            tally=tally,
            telemetry=telemetry,
            clock=Clock(),
            random=Random(1),
            redact=str,
            retry_seconds=0.01,
        )

    def worker(self, stages: Stages, **changes: Any) -> Worker:
        """A worker of this process."""
        shipment = Shipment()
        shipment.setFormatter(logging.Formatter())
        return Worker(self.environment(**changes), self.workplace(stages), shipment)

    def drain(self, stages: Stages, **changes: Any) -> ExitCode:
        """Run a worker of this process to its end."""
        return self.worker(stages, **changes).run()

    def deliver_and_die(self, stages: Callable[[Storage], Stages], call: int) -> bool:
        """Work on one message in this thread, up to the call of storage of this number.

        Whether the worker died, or the delivery had ended before that.
        """
        calls = count(0)  # to receive is 0

        def before_each(_: object) -> None:
            if next(calls) == call:
                raise Killed

        storage = self.storage(raw_request_hook=before_each)
        workplace = self.workplace(stages(storage), storage)
        [message] = storage.receive(1, 60.0)
        try:
            Delivery(Lease(storage.work, message, 60.0, workplace.clock), workplace).work()
        except Killed:
            self.dropped.append(message)
            return True
        finally:  # the system closes the connections of a process that ends
            for stage in workplace.stages.values():
                stage.close()
        return False

    def let_leases_run_out(self) -> None:
        """Let the messages be received again on which workers have died."""
        queue = self._queue(naming.work_queue(self.run))
        for message in self.dropped:
            queue.update_message(message.id, message.pop_receipt, visibility_timeout=0)
        self.dropped.clear()

    @contextmanager
    def process(self, **changes: Any) -> Iterator["subprocess.Popen[str]"]:
        """`python -m worker_image` with nothing but its own environment; killed at the end."""
        variables = {item.name: item.value for item in self.environment(**changes).variables()}
        process = subprocess.Popen(
            [sys.executable, "-m", "worker_image"],
            cwd=CHECKOUT,
            env={"PATH": os.environ["PATH"], **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def run_process(self, **changes: Any) -> tuple[int, str]:
        """Run such a process to its end: its exit code and all that it printed."""
        with self.process(**changes) as process:
            outputs = process.communicate(timeout=30)
            return process.returncode, "".join(outputs)

    # ------------------------------------------------------------------------------ messages

    def message(self, unit: int = 0, **changes: Any) -> Message:
        """A message of the run that three attempts are allowed to."""
        message = Message(self.run, Stage.GENERATE, unit, {}, limits=Limits(attempts=3))
        return replace(message, **changes)

    def seed(self, *messages: Message | str) -> None:
        """Put messages, or any texts, on the work queue."""
        queue = self._queue(naming.work_queue(self.run))
        for message in messages:
            text = message if isinstance(message, str) else message.encode()
            queue.send_message(text, time_to_live=-1)

    def waste_deliveries(self, count: int) -> None:
        """Receive every message so often, as workers that die would."""
        queue = self._queue(naming.work_queue(self.run))
        for _ in range(count):
            for message in list(queue.receive_messages(messages_per_page=32, max_messages=32)):
                queue.update_message(message.id, message.pop_receipt, visibility_timeout=0)

    def take(self) -> tuple[str, str]:
        """Receive one message for a long time, as a slow worker would: its id and pop receipt."""
        message = self._queue(naming.work_queue(self.run)).receive_message(visibility_timeout=60)
        assert message
        return message.id, str(message.pop_receipt)

    def queued(self) -> int:
        """The messages on the work queue, hidden ones too."""
        properties = self._queue(naming.work_queue(self.run)).get_queue_properties()
        return properties.approximate_message_count or 0

    def visible(self) -> list[str]:
        """The texts on the work queue that a worker could receive now."""
        peeked = self._queue(naming.work_queue(self.run)).peek_messages(max_messages=32)
        return [message.content for message in peeked]

    def dead_messages(self) -> list[str]:
        """The texts on the dead-letter queue."""
        peeked = self._queue(naming.dead_letter_queue(self.run)).peek_messages(max_messages=32)
        return [message.content for message in peeked]

    # ------------------------------------------------------------------------------ blobs

    def blobs_below(self, container: str, prefix: str) -> dict[str, dict[str, str]]:
        """The metadata of blobs, by path."""
        listed = self.blobs.get_container_client(container).list_blobs(
            name_starts_with=prefix, include=["metadata"]
        )
        return {str(blob.name): dict(blob.metadata or {}) for blob in listed}

    def receipts(self, container: str = DOCUMENTS, prefix: str | None = None) -> list[Receipt]:
        """The receipts on the run's blobs, in the order of their paths."""
        found = self.blobs_below(container, f"{self.run}/" if prefix is None else prefix).values()
        return [receipt for receipt in map(Receipt.from_metadata, found) if receipt]

    def dead_letters(self) -> list[DeadLetter]:
        """The dead-letter records, in the order of their paths."""
        paths = self.blobs_below(naming.RUNS, naming.dead_letters(self.run))
        return [DeadLetter.decode(self.read(path)) for path in paths]

    def heartbeat(self, worker: str = "w1") -> Heartbeat | None:
        """What a worker said last."""
        path = naming.heartbeat(self.run, worker)
        return Heartbeat.from_metadata(self.blobs_below(naming.RUNS, path).get(path))

    def log(self, worker: str = "w1") -> list[dict[str, Any]]:
        """The lines that a worker has shipped."""
        try:
            content = self.read(naming.log(self.run, worker))
        except ResourceNotFoundError:
            return []
        return [json.loads(line) for line in content.splitlines()]

    def read(self, path: str) -> bytes:
        """A blob of the run."""
        return self.blobs.get_blob_client(naming.RUNS, path).download_blob().readall()

    def write(self, container: str, path: str, content: bytes, **metadata: str) -> None:
        """Write a blob as somebody else would."""
        blob = self.blobs.get_blob_client(container, path)
        blob.upload_blob(content, overwrite=True, metadata=metadata)

    def etag(self, container: str, path: str) -> str:
        """The version of a blob."""
        return str(self.blobs.get_blob_client(container, path).get_blob_properties().etag)

    def _queue(self, name: str) -> QueueClient:
        return self.queues.get_queue_client(
            name, message_encode_policy=None, message_decode_policy=None
        )
