"""One unit of a run: what has become of it, the message that asks for it, and its document."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from azure.core.exceptions import ResourceNotFoundError

from worker_image.contract import (
    DeadLetter,
    IngestPayload,
    Message,
    Receipt,
    Stage,
    encoded,
    naming,
)

from . import planning
from .activities import seeding
from .activities.parts import look
from .model import RunRecord
from .services import Services
from .services.threads import side_by_side

LARGEST_DOCUMENT = 50_000_000
REDRIVES = 50  # the latest ones that are looked through


class NothingThereError(LookupError):
    """A run has no such unit, or a unit has not got what is asked for; the text says which."""


class TooLargeError(Exception):
    """A document is too large to be handed out here; the text names its blob."""


@dataclass(frozen=True)
class Fate:
    """What has become of a unit in a stage; `redriven` are its letters that were set aside."""

    stage: Stage
    receipt: Receipt | None
    letter: DeadLetter | None
    redriven: tuple[DeadLetter, ...] = ()

    @property
    def dead(self) -> bool:
        """Whether it will not be tried again."""
        return self.letter is not None and self.receipt is None


@dataclass(frozen=True)
class Document:
    """The bytes of a document, and the version that they are of."""

    path: str
    content: bytes
    etag: str


class Unit:
    """A unit of a run as it was when it was looked at.

    Raises:
        NothingThereError: the run has no such unit.
    """

    def __init__(self, services: Services, record: RunRecord, number: int) -> None:
        count = seeding.planned_units(services, record)
        if number >= count:
            raise NothingThereError(f"run {record.run} has no unit {number}; there are {count}")
        self.number = number
        self._services = services
        self._record = record
        self.fates = list(_fates(services, record, number))

    def fate(self, stage: Stage | None = None) -> Fate:
        """What has become of it in a stage: without one, where it is dead, or else the first.

        Raises:
            NothingThereError: it has no such stage.
        """
        if stage is None:
            return next((fate for fate in self.fates if fate.dead), self.fates[0])
        for fate in self.fates:
            if fate.stage is stage:
                return fate
        names = ", ".join(fate.stage for fate in self.fates)
        raise NothingThereError(f"unit {self.number} has no stage {stage}; there are {names}")

    def message(self, stage: Stage | None = None) -> str:
        """The text of its message: that of its dead letter, or as it is seeded.

        Raises:
            NothingThereError: there is no such stage, or nothing yet that it could load.
        """
        fate = self.fate(stage)
        if fate.letter and fate.dead:
            return encoded(fate.letter.message)
        return self._seeded(fate).encode()

    def _seeded(self, fate: Fate) -> Message:
        record, first = self._record, self.fates[0]
        if fate is first:
            return next(seeding.messages(self._services, record, [self.number]))
        dataset = seeding.dataset_of(record)
        if fate.stage is Stage.FINISH:
            return planning.finish_message(record, dataset)
        if first.receipt is None:
            reason = f"unit {self.number} has no document yet"
            raise NothingThereError(f"{reason}: there is nothing to {fate.stage}")
        return seeding.following(record, first.receipt, dataset)

    def document(self, stage: Stage | None = None, record_type: str | None = None) -> Document:
        """The document that it has written or loads; of several, that of a record type.

        Raises:
            NothingThereError: there is none.
            TooLargeError: it is larger than `LARGEST_DOCUMENT`.
            ResourceModifiedError: it has changed meanwhile.
        """
        container, path = self._place(self.fate(stage))
        return _read(self._services, container, self._of_record_type(path, record_type))

    def _place(self, fate: Fate) -> tuple[str, str]:
        if fate.stage is Stage.INGEST:
            loads = IngestPayload.read(Message.decode(self.message(fate.stage)).payload)
            return loads.container, loads.path
        if fate.stage is not Stage.GENERATE:
            raise NothingThereError(f"a unit of {fate.stage} has no document")
        if fate.receipt is None:
            raise NothingThereError(f"unit {self.number} has written no document yet")
        container, path = fate.receipt.document.split("/", 1)
        return container, path

    def _of_record_type(self, path: str, record_type: str | None) -> str:
        """The path of a document; where the run writes several, they share one with a `*`."""
        request, dataset = self._record.request, self._record.dataset or {}
        several = request.source is None and request.documents.format != "ndjson"
        names = list(dataset.get("records", {})) if several else []
        if record_type in names:
            return path.replace("*", str(record_type))
        if names or record_type is not None:
            allowed = f"one of {', '.join(names)}" if names else "none, as it has one document"
            raise NothingThereError(f"record: unit {self.number} needs {allowed}")
        return path


def _fates(services: Services, record: RunRecord, unit: int) -> Iterator[Fate]:
    redrives = len(services.records.control(record.run).redrives)
    for stage, receipt in _receipts(services, record, unit):
        path = naming.dead_letter(record.run, stage, unit)
        numbers = range(max(0, redrives - REDRIVES), redrives + 1)
        aside = [naming.redriven(record.run, number, path) for number in numbers]
        letter, *redriven = side_by_side(partial(_letter, services), [path, *aside])
        yield Fate(stage, receipt, letter, tuple(filter(None, redriven)))


def _receipts(
    services: Services, record: RunRecord, unit: int
) -> Iterator[tuple[Stage, Receipt | None]]:
    """The stages of a unit, each with its receipt if there is one."""
    done = look(services, record, range(unit, unit + 1)).done
    for stage in planning.STAGES[record.request.kind]:
        yield stage, done[stage].get(unit)
    if unit == 0 and planning.finishes(record.request):
        yield Stage.FINISH, services.records.receipt(naming.receipt(record.run, Stage.FINISH, 0))


def _letter(services: Services, path: str) -> DeadLetter | None:
    content = services.records.read(path)
    return DeadLetter.decode(content) if content else None


def _read(services: Services, container: str, path: str) -> Document:
    place, records = f"{container}/{path}", services.records
    try:
        etag, size = records.version(container, path)
        if size > LARGEST_DOCUMENT:
            limit = f"{LARGEST_DOCUMENT} are handed out here; read it from Blob Storage"
            raise TooLargeError(f"{place} has {size} bytes; {limit}")
        content = records.stretch(path, 0, size, container, etag) if size else b""
    except ResourceNotFoundError:
        raise NothingThereError(f"{place}: there is no such document") from None
    return Document(place, content, etag)
