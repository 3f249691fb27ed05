"""What nobody else cleans up: orphaned container groups, abandoned runs, what is too old.

A terminated orchestration runs no cleanup of its own; this does.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from worker_image.contract import naming

from .activities.auditing import close
from .activities.fleet import remove
from .model import FINAL, Close, Phase, Remove, RunState, Verdict
from .orchestrations import Orchestration, Orchestrations
from .services import Services

log = logging.getLogger(__name__)

STARTING_GRACE = timedelta(minutes=5)


async def sweep(services: Services, orchestrations: Orchestrations, now: datetime) -> None:
    """One round. Groups without our tag are never touched, nor those of a run that goes on."""
    runs = await asyncio.to_thread(services.records.catalogued)
    groups = await asyncio.to_thread(lambda: list(services.groups.tagged()))
    open_runs = {run for run, entry in runs.items() if not _final(entry)}
    found = {
        run: await orchestrations.find(run) for run in open_runs | {run for _, run, _ in groups}
    }
    for name, run, expires in groups:
        if not _live(found[run]) or (expires and expires < now):
            log.warning("sweep: container group %s of run %s is an orphan", name, run)
            await asyncio.to_thread(remove, services, Remove(run=run, name=name))
    for run in open_runs - {run for _, run, _ in groups}:
        lost = found[run] is None and _older(runs[run], now, STARTING_GRACE)
        if lost or (found[run] is not None and not _live(found[run])):
            await asyncio.to_thread(_abandon, services, run, now)
    for run in set(runs) - open_runs:
        if _older(runs[run], now, timedelta(days=services.settings.retention_days)):
            await asyncio.to_thread(_purge, services, run)
            await orchestrations.purge(run)


def _live(found: Orchestration | None) -> bool:
    return found is not None and found.live


def _final(entry: Mapping[str, Any]) -> bool:
    return entry["state"] in FINAL


def _older(entry: Mapping[str, Any], now: datetime, age: timedelta) -> bool:
    return now - datetime.fromisoformat(entry["created"]) > age


def _abandon(services: Services, run: str, now: datetime) -> None:
    """Close a run whose orchestration ended without doing so, or was never started."""
    record = services.records.record(run)
    entry = services.records.catalogued(run).get(run)
    # Looked at again: the run may have ended well since the round began.
    if record is None or entry is None or _final(entry):
        return
    reason = "its orchestration was ended from outside, or was never started"
    verdict = Verdict(phase=Phase.FAILED, reason=reason)
    state = RunState(run=run, started=record.created, progressed=now, verdict=verdict)
    close(services, Close(state=state), now)


def _purge(services: Services, run: str) -> None:
    services.queues.delete(naming.dead_letter_queue(run))
    services.queues.delete(naming.work_queue(run))
    services.records.purge(run)
