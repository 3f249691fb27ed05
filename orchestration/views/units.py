"""One unit of a run, stage by stage."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from worker_image.contract import DeadLetter, Heartbeat, Receipt, Stage

from ..model import Value
from ..services.records import DeadLetterSummary
from ..units import Fate, Unit
from .dead_letters import DeadLetterEntry, entry

State = Literal["done", "dead", "redriven", "pending"]


class StageChoice(Value):
    """A stage of a unit: without one, that where it is dead, or else its first."""

    stage: Stage | None = None


class DocumentChoice(StageChoice):
    """Where a unit has a document for each record type, of which `record` it is."""

    record: Annotated[str, Field(max_length=200)] | None = None


class ReceiptView(Value):
    """What a unit has brought: rows by record type; size and SHA-256 of what was written or read.

    `seconds` is how long its last delivery took, on this worker.
    """

    records: dict[str, int]
    rows: int
    rejected: int
    bytes: int
    checksum: str
    seconds: float
    worker: str
    delivery: int
    document: str


class StageView(Value):
    """A unit in one stage.

    It is done when it has its receipt, dead when it has a dead letter alone, redriven where that
    was set aside and nothing has come since, or pending. `redriven` are all letters that were set
    aside, the oldest first. `workers` have had it, `held_by` say that they are at it.
    """

    stage: Stage
    state: State
    receipt: ReceiptView | None
    dead_letter: DeadLetterEntry | None
    redriven: list[DeadLetterEntry]
    workers: list[str]
    held_by: list[str]


class UnitView(Value):
    """A unit in each stage that it goes through."""

    run: str
    unit: int
    stages: list[StageView]


def unit(run: str, looked_at: Unit, heartbeats: Iterable[Heartbeat]) -> UnitView:
    """A unit as a whole."""
    said = list(heartbeats)
    stages = [_stage(run, looked_at.number, fate, said) for fate in looked_at.fates]
    return UnitView(run=run, unit=looked_at.number, stages=stages)


def _stage(run: str, number: int, fate: Fate, heartbeats: list[Heartbeat]) -> StageView:
    subject = f"{fate.stage}/{number:07d}"
    return StageView(
        stage=fate.stage,
        state=_state(fate),
        receipt=_receipt(fate.receipt) if fate.receipt else None,
        dead_letter=_letter(run, fate.letter) if fate.letter and fate.dead else None,
        redriven=[_letter(run, letter) for letter in fate.redriven],
        workers=list(dict.fromkeys(_workers(fate))),
        held_by=[beat.worker for beat in heartbeats if subject in beat.current],
    )


def _state(fate: Fate) -> State:
    if fate.receipt:
        return "done"
    if fate.dead:
        return "dead"
    return "redriven" if fate.redriven else "pending"


def _workers(fate: Fate) -> Iterator[str]:
    """Who had it, in the order of their failures; whoever has done it comes last."""
    for letter in filter(None, (*fate.redriven, fate.letter)):
        history = [] if isinstance(letter.message, str) else letter.message.get("history", [])
        yield from (failure["worker"] for failure in history)
        yield letter.worker
    if fate.receipt:
        yield fate.receipt.worker


def _receipt(receipt: Receipt) -> ReceiptView:
    return ReceiptView(
        records=dict(receipt.records),
        rows=receipt.rows,
        rejected=receipt.rejected,
        bytes=receipt.bytes,
        checksum=receipt.checksum,
        seconds=receipt.seconds,
        worker=receipt.worker,
        delivery=receipt.delivery,
        document=receipt.document,
    )


def _letter(run: str, letter: DeadLetter) -> DeadLetterEntry:
    known = letter.to_metadata()
    summary = DeadLetterSummary(letter.record_path(run), known["stage"], int(known["unit"]), known)
    return entry(summary)
