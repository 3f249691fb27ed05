"""Proving what a run has done, and writing it down."""

import json
import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial

from worker_image.contract import Receipt, naming

from .. import outbox, planning, reports
from ..model import Audit, Close, Control, Outcome, Phase, Plan, RunRecord, RunState
from ..services import Services
from ..services.threads import side_by_side
from ..summaries import PartSummary, StageSummary
from ..views import notifications
from .finishing import finished
from .parts import Part, look
from .redriving import discard
from .seeding import PART, load, planned_units, reseed

log = logging.getLogger(__name__)

FAILURES = 10_000  # dead letters that a report looks at


def audit(services: Services, decision: Audit) -> Outcome:
    """Compare receipts and dead letters of some units with the plan, and write the parts down.

    With `reseed`, messages of units that are missing go back to the queue, `RESEEDED` at most of
    each part; their number is the count. Such a part is about to change: it is written down when
    an audit finds it complete, or is the last one.
    """
    record = load(services, decision.run)
    account, seeded = PartSummary.nothing(planning.STAGES[record.request.kind]).account, 0
    for units in planning.parts(decision.first, decision.count, PART):
        part = look(services, record, units)
        account = account.plus(part.account)
        if decision.reseed and not part.complete:
            seeded += reseed(services, record, part)
        else:
            _write_down(services, record, part)
    return Outcome(account=account, count=seeded)


def _write_down(services: Services, record: RunRecord, part: Part) -> PartSummary:
    """Keep what the report and the manifest need of a part; what was kept before is replaced.

    The manifest's lines come first: where there is a summary, they are there or were once.
    """
    _drop_letters(services, record.run, part)
    first = part.units.start
    documents = part.done[planning.STAGES[record.request.kind][0]].values()
    if documents:
        services.records.manifest(record.run).stage(first, _lines(documents))
    summary = PartSummary(
        first=first,
        count=len(part.units),
        documents=len(documents),
        account=part.account,
        stages={stage: StageSummary.of(done.values()) for stage, done in part.done.items()},
    )
    services.records.write(naming.audit(record.run, first), summary.model_dump_json())
    return summary


def _drop_letters(services: Services, run: str, part: Part) -> None:
    """Delete dead letters of units that are done: nothing is left to redrive, and nobody to alarm.

    A worker that was thought to be dead has gone on, or an answer came too late.
    """
    for stage, unit in part.done_after_all:
        log.info("%s/%07d is done after all; its dead letter is deleted", stage, unit)
        services.records.delete(naming.dead_letter(run, stage, unit))
    if part.done_after_all:
        discard(services, run)


def close(services: Services, decision: Close, now: datetime) -> Outcome:
    """Write manifest and report, delete the work queue, tell of the end; the run's last act.

    0 if somebody has wished a redrive since the verdict: the run goes on for it, unless it was
    stopped for a reason that a redrive does not mend. Later wishes are refused until it has ended.
    """
    state = decision.state
    control = services.records.edit_control(state.run, partial(_last_look, state))
    if not control.closed:
        return Outcome(count=0)
    record = load(services, state.run)
    parts = _parts(services, record, state.plan)
    total = PartSummary.nothing(planning.STAGES[record.request.kind])
    for part in parts:
        total = total.plus(part)
    dead = (summary.metadata for summary in services.records.dead_letters(state.run))
    final = reports.report(
        state,
        total,
        reports.failure_groups(dead, FAILURES),
        services.records.report(state.run),
        now,
        finish=_finish(services, record, total),
        expected=record.request.expected,
    )
    services.records.manifest(state.run).commit(part.first for part in parts if part.documents)
    services.records.write(naming.report(state.run), final.model_dump_json())
    services.queues.delete(naming.work_queue(state.run))
    # What is to be told is kept before the run counts as ended, and sent behind that.
    ended = notifications.of_end(final, record, services.settings.public_url)
    notice = outbox.put(services, ended, len(control.redrives), now)
    services.records.catalogue.write(state.run, catalogue_entry(record, final.state, final))
    outbox.send(services, notice, now)
    services.telemetry.ended(record, final)
    return Outcome(count=1)


def _finish(services: Services, record: RunRecord, total: PartSummary) -> reports.FinishReport:
    needed = total.count > 0 and planning.finishes(record.request)
    return reports.finish_report(finished(services, record.run) if needed else None, needed=needed)


def _last_look(state: RunState, control: Control) -> Control:
    return control.model_copy(update={"closed": not reopened(state, control)})


def reopened(state: RunState, control: Control) -> bool:
    """Whether a run that is at its end is to go on for a redrive."""
    stopped = state.verdict is not None and state.verdict.phase is Phase.FAILED
    wished = len(control.redrives) > state.redrives_done
    return state.plan is not None and wished and not stopped and not control.cancel


def _parts(services: Services, record: RunRecord, plan: Plan | None) -> list[PartSummary]:
    """All parts as they were written down; those that were not are audited now, in sequence.

    So a run is closed whose orchestration was ended from outside: a call that is cut off leaves
    less to the next.
    """
    run, count = record.run, plan.units if plan else planned_units(services, record)
    ranges = planning.parts(0, count, plan.part if plan else PART)
    paths = [naming.audit(run, units.start) for units in ranges]
    summaries = side_by_side(partial(services.records.read_as, PartSummary), paths)
    listed = services.records.manifest(run).parts()
    return [
        summary
        if summary and _stands(summary, units, listed)
        else _write_down(services, record, look(services, record, units))
        for units, summary in zip(ranges, summaries, strict=True)
    ]


def _stands(summary: PartSummary, units: range, listed: Collection[int]) -> bool:
    """Whether a summary is of these units, and the manifest's lines are there that it counts."""
    return summary.count == len(units) and (not summary.documents or summary.first in listed)


def catalogue_entry(
    record: RunRecord, state: str, report: reports.Report | None = None
) -> dict[str, object]:
    """What a list of runs shows of one, and of its report once there is one."""
    return {
        "kind": record.request.kind,
        "dataset": record.dataset_name,
        "units": record.request.units,
        "schedule": record.schedule,
        "created": record.created.isoformat(),
        "state": state,
        **(reports.in_short(report) if report else {}),
    }


def _lines(receipts: Iterable[Receipt]) -> str:
    ordered = sorted(receipts, key=lambda receipt: receipt.unit)
    return "".join(f"{json.dumps(_line(receipt), separators=(',', ':'))}\n" for receipt in ordered)


def _line(receipt: Receipt) -> dict[str, object]:
    line: dict[str, object] = {
        "unit": receipt.unit,
        "document": receipt.document,
        "records": dict(receipt.records),
        "rows": receipt.rows,
        "bytes": receipt.bytes,
        "checksum": receipt.checksum,
    }
    return {**line, "rejected": receipt.rejected} if receipt.rejected else line
