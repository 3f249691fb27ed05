"""Proving what a run has done, and writing it down."""

import json
from collections.abc import Iterable
from datetime import datetime

from worker_image.contract import DeadLetter, Receipt, naming

from .. import planning, reports
from ..model import Audit, Close, Outcome, Redrive, RunRecord, Selection
from ..services import Services
from ..services.records import DeadLetterSummary
from .seeding import load, reseed


def audit(services: Services, decision: Audit) -> Outcome:
    """Compare receipts and dead letters with the plan; with `reseed`, seed what is missing."""
    record = load(services, decision.run)
    stages = planning.STAGES[record.request.kind]
    receipts: dict[str, dict[int, Receipt]] = {
        stage: _receipts(services, record, stage) for stage in stages
    }
    dead: dict[str, set[int]] = {stage: set() for stage in stages}
    for summary in services.records.dead_letters(record.run):
        if summary.unit is not None and summary.stage in dead:
            dead[summary.stage].add(summary.unit)
    units = range(decision.first, decision.first + decision.count)
    missing = planning.missing_units(units, stages, receipts, dead)
    account = planning.account(missing, receipts, dead)
    if decision.reseed and sum(account.missing.values()) > 0:
        reseed(services, record, missing, receipts[stages[0]])
    return Outcome(account=account)


def _receipts(services: Services, record: RunRecord, stage: str) -> dict[int, Receipt]:
    container, prefix = naming.RUNS, naming.receipts(record.run, stage)
    if stage == "generate":
        documents = record.request.documents
        container, prefix = documents.container, naming.documents(documents.prefix, record.run)
    found = services.records.receipts(record.run, stage, container, prefix)
    return {receipt.unit: receipt for receipt in found}


def redrive(services: Services, decision: Redrive) -> Outcome:
    """Set the selected dead letters aside, so that the next audit finds their units missing.

    The records are kept below the number of the redrive. Cut off anywhere, a second call
    finishes the work of the first.
    """
    run = decision.run
    for summary in services.records.dead_letters(run):
        if selected(decision.selection, summary):
            services.records.move(summary.path, naming.redriven(run, decision.number, summary.path))
    aside = naming.redriven(run, decision.number, naming.dead_letters(run))
    moved = {
        str(blob.name).removeprefix(aside) for blob in services.records.listing(naming.RUNS, aside)
    }
    discarded = services.queues.discard(
        naming.dead_letter_queue(run), lambda text: _record_name(run, text) in moved
    )
    return Outcome(count=discarded)


def selected(selection: Selection, summary: DeadLetterSummary) -> bool:
    """Whether a redrive takes this dead letter."""
    if selection.units is not None and summary.unit not in selection.units:
        return False
    return selection.fingerprint in (None, summary.metadata.get("fingerprint"))


def _record_name(run: str, text: str) -> str | None:
    """The name of the record, below the dead letters, that belongs to a dead-letter message."""
    try:
        return DeadLetter.decode(text).record_path(run).removeprefix(naming.dead_letters(run))
    except (ValueError, KeyError, TypeError):
        return None


def close(services: Services, decision: Close, now: datetime) -> Outcome:
    """Write manifest and report, delete the work queue; the run's last act.

    0 if somebody has wished a redrive since the verdict: the run goes on for it.
    """
    state = decision.state
    if state.plan and len(services.records.control(state.run).redrives) > state.redrives_done:
        return Outcome(count=0)
    record = load(services, state.run)
    stages = planning.STAGES[record.request.kind]
    receipts = {stage: _receipts(services, record, stage).values() for stage in stages}
    dead = (summary.metadata for summary in services.records.dead_letters(state.run))
    final = reports.report(
        state,
        {stage: reports.stage_report(receipts[stage]) for stage in stages},
        reports.failure_groups(dead),
        services.records.read_as(reports.Report, naming.report(state.run)),
        now,
    )
    services.records.write(naming.manifest(state.run), _manifest(receipts[stages[0]]))
    services.records.write(naming.report(state.run), final.model_dump_json())
    services.queues.delete(naming.work_queue(state.run))
    services.records.catalogue(state.run, catalogue_entry(record, final.state))
    return Outcome(count=1)


def catalogue_entry(record: RunRecord, state: str) -> dict[str, object]:
    """What a list of runs shows of one."""
    return {
        "kind": record.request.kind,
        "dataset": record.dataset_name,
        "units": record.request.units,
        "schedule": record.schedule,
        "created": record.created.isoformat(),
        "state": state,
    }


def _manifest(receipts: Iterable[Receipt]) -> str:
    ordered = sorted(receipts, key=lambda receipt: receipt.unit)
    return "".join(f"{json.dumps(_line(receipt), separators=(',', ':'))}\n" for receipt in ordered)


def _line(receipt: Receipt) -> dict[str, object]:
    return {
        "unit": receipt.unit,
        "document": receipt.document,
        "records": dict(receipt.records),
        "rows": receipt.rows,
        "bytes": receipt.bytes,
        "checksum": receipt.checksum,
    }
