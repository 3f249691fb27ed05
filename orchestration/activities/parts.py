"""What is known of some units of a run, from a listing of their own receipts and dead letters."""

from collections.abc import Iterator
from dataclasses import dataclass

from worker_image.contract import Receipt, Stage, naming

from .. import planning
from ..model import Account, RunRecord
from ..services import Services


@dataclass(frozen=True)
class Part:
    """Receipts, dead letters and missing units, by stage."""

    units: range
    done: dict[str, dict[int, Receipt]]
    dead: dict[str, set[int]]
    missing: dict[str, list[int]]

    @property
    def complete(self) -> bool:
        """Whether every unit is done or dead."""
        return not any(self.missing.values())

    @property
    def account(self) -> Account:
        """The part in numbers."""
        return planning.account(self.missing, self.done, self.dead)

    @property
    def done_after_all(self) -> list[tuple[str, int]]:
        """Stage and unit of dead letters that are none: somebody has done the unit behind them."""
        return [
            (stage, unit)
            for stage, dead in self.dead.items()
            for unit in dead & self.done[stage].keys()
        ]


def look(services: Services, record: RunRecord, units: range) -> Part:
    """List the receipts and dead letters of some units, and of few others.

    10,000 units take a few listings a stage, and about as many for each folder of a run that
    writes a document for each record type.
    """
    stages = planning.STAGES[record.request.kind]
    done = {str(stage): _receipts(services, record, stage, units) for stage in stages}
    dead = {str(stage): _dead(services, record.run, stage, units) for stage in stages}
    missing = planning.missing_units(units, stages, done, dead)
    return Part(units, done, dead, missing)


def _receipts(
    services: Services, record: RunRecord, stage: str, units: range
) -> dict[int, Receipt]:
    for container, prefix in _places(services, record, stage):
        found = {
            receipt.unit: receipt
            for beginning in naming.beginnings(units.start, len(units))
            for receipt in services.records.receipts(
                record.run, stage, container, prefix + beginning
            )
            if receipt.unit in units
        }
        if found:
            return found
    return {}


def _places(services: Services, record: RunRecord, stage: str) -> Iterator[tuple[str, str]]:
    """Where a stage's receipts may be; they are in one of these places."""
    if stage != Stage.GENERATE:
        yield naming.RUNS, naming.receipts(record.run, stage)
        return
    documents = record.request.documents
    prefix = naming.documents(documents.prefix, record.run)
    if documents.format == "ndjson":
        yield documents.container, prefix
        return
    # A document for each record type: the receipt is on that of the last that is not shared.
    for folder in services.records.folders(documents.container, prefix):
        yield documents.container, folder


def _dead(services: Services, run: str, stage: str, units: range) -> set[int]:
    return {
        letter.unit
        for beginning in naming.beginnings(units.start, len(units))
        for letter in services.records.dead_letters(run, f"{stage}/{beginning}")
        if letter.unit is not None and letter.unit in units
    }
