"""What a worker does with a unit of each stage."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from .blobs import BlobStore, Place
from .contract import (
    DatasetSource,
    FinishPayload,
    GeneratePayload,
    IngestPayload,
    Message,
    Receipt,
    Stage,
    naming,
    sink_members,
)
from .datasets import Datasets
from .documents import Blobs
from .errors import PermanentError
from .forms import Compression, Form, Format
from .gate import Gate
from .ingester import OpenSink, Sink
from .tables import Table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Product:
    """What the work on a unit has brought; `content` goes to the unit's place and commits it."""

    records: Mapping[str, int]
    size: int
    checksum: str
    document: str
    content: bytes = b""
    rejected: int = 0
    content_type: str = "application/octet-stream"

    def receipt(self, message: Message, seconds: float, worker: str, delivery: int) -> Receipt:
        """The proof of it, once it is committed: made in so many seconds, by whom and when."""
        return Receipt(
            run=message.run,
            stage=message.stage,
            unit=message.unit,
            records=dict(self.records),
            bytes=self.size,
            checksum=self.checksum,
            seconds=seconds,
            worker=worker,
            delivery=delivery,
            document=self.document,
            rejected=self.rejected,
        )


class UnitStage(Protocol):
    """A stage of work, shared by the threads of a worker.

    Its methods raise PermanentError where no retry can help. A unit may be done twice, and then
    brings the same. A stage that ends units over their time itself takes at most `grace` seconds
    for that; with 0 the worker has to end its process.
    """

    grace: float

    def place(self, message: Message) -> Place:
        """The blob that carries the unit's receipt."""

    def entered(self) -> AbstractContextManager[None]:
        """Wait until there is a place to work on a unit, and hold it."""

    def work(self, message: Message, attempt: int = 1) -> Product:
        """Do the unit, up to its commit. Tries of it are counted from 1."""

    def following(self, message: Message) -> Message | None:
        """What to enqueue once the unit is done."""

    def close(self) -> None:
        """Let go of what the calling thread holds; idempotent."""

    def stop(self) -> None:
        """End what would outlive this process. From any thread; units may fail by it."""


class Generate:
    """Makes the documents of a group of related records; one of them carries the receipt."""

    grace = 0.0

    def __init__(self, storage: BlobStore, datasets: Datasets) -> None:
        self._storage = storage
        self._datasets = datasets

    def place(self, message: Message) -> Place:
        """The document, or that of the last record type that every unit has."""
        payload = read_payload(GeneratePayload.read, message)
        return _place(payload, message, self._proof(payload))

    def entered(self) -> AbstractContextManager[None]:
        """There is a place for every unit."""
        return nullcontext()

    def work(self, message: Message, attempt: int = 1) -> Product:  # noqa: ARG002 - each the same
        """Make the documents: the same bytes for the same message, on any worker.

        All but the one with the receipt are written: they prove nothing without it.
        """
        payload = read_payload(GeneratePayload.read, message)
        form = _form(payload)
        unit = self._datasets.unit(payload.dataset, message.random_seed, message.unit, form)
        checksum, size, proof, content = hashlib.sha256(), 0, self._proof(payload), b""
        for record, document in unit.documents:
            checksum.update(document)
            size += len(document)
            if record == proof:
                content = document
            else:
                place = _place(payload, message, record)
                self._storage.create(place, document, {}, form.content_type)
        return Product(
            records=unit.records,
            size=size,
            checksum=checksum.hexdigest(),
            document=str(_place(payload, message, None if form.joined else "*")),
            content=content,
            content_type=form.content_type,
        )

    def following(self, message: Message) -> Message | None:
        """In a pipeline, the message that loads the document."""
        if message.then is None:
            return None
        payload = read_payload(GeneratePayload.read, message)
        several = not _form(payload).joined
        place = _place(payload, message, "*" if several else None)
        ingest = IngestPayload(
            place.container,
            place.path,
            sink_members(message.then),
            payload.dataset,
            each_record=several,
        )
        members = ingest.members()
        return replace(
            message, stage=Stage.INGEST, payload=members, history=(), released=0, busy=0, then=None
        )

    def close(self) -> None:
        """There is nothing to let go of."""

    def stop(self) -> None:
        """Its processes end with this one."""

    def _proof(self, payload: GeneratePayload) -> str | None:
        """The record type whose document carries the receipt; None if all types are in one.

        It is the same for all units: whoever looks for receipts finds them in one folder. Shared
        records come with unit 0 alone.
        """
        if _form(payload).joined:
            return None
        tables = self._datasets.tables(payload.dataset)
        return [table.name for table in tables if not table.shared][-1]


class _Sinks:
    """A sink for each thread, kept for the next unit."""

    def __init__(self, open_sink: OpenSink) -> None:
        self._open = open_sink
        self._own = threading.local()

    @contextmanager
    def opened(self, members: Mapping[str, Any]) -> Iterator[Sink]:
        """The thread's sink; one that met more than a bad document is not used again."""
        own = self._own.__dict__
        if own.get("members") != members:
            self.close()
        if "sink" not in own:
            own.update(members=members, sink=self._open(members))
        try:
            yield own["sink"]
        except PermanentError:
            raise
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """Close the thread's sink."""
        sink: Sink | None = self._own.__dict__.pop("sink", None)
        if sink:
            sink.close()


class _IntoSink:
    """What is done in a sink; the receipt is an empty blob of the run."""

    grace = 0.0

    def __init__(self, datasets: Datasets, open_sink: OpenSink) -> None:
        self._datasets = datasets
        self._sinks = _Sinks(open_sink)

    def place(self, message: Message) -> Place:
        """The empty blob."""
        return Place(naming.RUNS, naming.receipt(message.run, message.stage, message.unit))

    def entered(self) -> AbstractContextManager[None]:
        """There is a place for every unit."""
        return nullcontext()

    def following(self, message: Message) -> Message | None:  # noqa: ARG002 - as a stage is asked
        """Nothing: the unit has arrived."""
        return None

    def close(self) -> None:
        """Close the thread's sink."""
        self._sinks.close()

    def stop(self) -> None:
        """The database rolls back what is not committed."""

    def _tables(self, source: DatasetSource | None) -> tuple[Table, ...]:
        return self._datasets.tables(source) if source else ()


class Ingest(_IntoSink):
    """Loads a document into a sink.

    Every thread has a sink of its own; no more units are entered than `gate` lets in.
    """

    def __init__(
        self, storage: BlobStore, datasets: Datasets, open_sink: OpenSink, gate: Gate
    ) -> None:
        super().__init__(datasets, open_sink)
        self._storage = storage
        self._gate = gate

    def entered(self) -> AbstractContextManager[None]:
        """A place in the target."""
        return self._gate.entered()

    def work(self, message: Message, attempt: int = 1) -> Product:  # noqa: ARG002 - each the same
        """Load the document, or find that a delivery before has loaded it."""
        payload = read_payload(IngestPayload.read, message)
        tables = self._tables(payload.dataset)
        blobs = Blobs(self._storage, message, payload, tables)
        with self._sinks.opened(payload.sink) as sink:
            # Without a dataset the tables are there, and the ledger may be missing still.
            sink.prepare(tables)
            loaded = sink.load(blobs.document)
        return Product(
            records=loaded.rows,
            size=blobs.size,
            checksum=blobs.checksum(),
            document=blobs.document.name,
            rejected=loaded.rejected,
        )


class Finish(_IntoSink):
    """Does what is left once all documents are in the sink."""

    def work(self, message: Message, attempt: int = 1) -> Product:  # noqa: ARG002 - each the same
        """Build what is missing."""
        payload = read_payload(FinishPayload.read, message)
        with self._sinks.opened(payload.sink) as sink:
            sink.finish(self._tables(payload.dataset))
        return Product(records={}, size=0, checksum="", document="")


def read_payload(read_members: Callable[[Mapping[str, Any]], T], message: Message) -> T:
    """The payload of a message of some stage.

    Raises:
        PermanentError: it is not whole.
    """
    try:
        return read_members(message.payload)
    except (KeyError, TypeError) as error:
        raise PermanentError(f"the payload of the message is not whole: {error!r}") from error


def _form(payload: GeneratePayload) -> Form:
    try:
        return Form(Format(payload.format), Compression(payload.compression))
    except ValueError as error:
        raise PermanentError(str(error)) from error


def _place(payload: GeneratePayload, message: Message, record: str | None) -> Place:
    suffix = _form(payload).suffix
    path = naming.document(payload.prefix, message.run, message.unit, suffix, record)
    return Place(payload.container, path)
