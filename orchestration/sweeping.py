"""What nobody else cleans up: orphaned container groups, abandoned runs, what is too old.

A terminated orchestration runs no cleanup of its own; this does. What is to be done is decided in
`policy.sweeping`, and any of it may be done twice.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from worker_image.contract import about, naming

from . import scheduling
from .activities.auditing import close
from .activities.fleet import remove
from .model import Close, Phase, RunState, Verdict
from .orchestrations import Orchestrations
from .outbox import OUTBOX
from .policy.sweeping import Known, Listed, to_sweep
from .services import Services
from .starting import KEYS

log = logging.getLogger(__name__)


async def sweep(services: Services, orchestrations: Orchestrations, now: datetime) -> None:
    """One round; what fails is logged, keeps nothing else back, and is tried again in the next."""
    retention = timedelta(days=services.settings.retention_days)
    runs = await asyncio.to_thread(_listed, services)
    groups = await asyncio.to_thread(lambda: list(services.groups.tagged()))
    unsure = {run for run, listed in runs.items() if not listed.state.final}
    known = await _known(orchestrations, unsure | {group.run for group in groups}, now)
    todo = to_sweep(groups, runs, known, now, retention)
    for group in todo.remove:
        with about(run=group.run, worker=group.name), _tried("removing an orphan"):
            log.warning("the container group is an orphan")
            await asyncio.to_thread(remove, services, group)
            services.telemetry.orphan(group.run)
    for run in todo.abandon:
        with about(run=run), _tried("closing an abandoned run"):
            log.warning("the run was abandoned")
            await asyncio.to_thread(_abandon, services, run, now)
    for run in todo.purge:
        with about(run=run), _tried("purging a run"):
            # Its place in the catalogue goes last: who is listed is purged again.
            await orchestrations.purge(run)
            await asyncio.to_thread(_purge, services, run)
    with _tried("forgetting what is old"):
        await asyncio.to_thread(_forget, services, now - retention)


async def _known(orchestrations: Orchestrations, runs: set[str], now: datetime) -> dict[str, Known]:
    found = {run: await _state_of(orchestrations, run, now) for run in sorted(runs)}
    return {run: state for run, state in found.items() if state}


async def _state_of(orchestrations: Orchestrations, run: str, now: datetime) -> Known | None:
    """What the runtime knows of a run; one of which it does not say anything counts as live."""
    try:
        found = await orchestrations.find(run)
    except Exception:
        log.exception("whether run %s goes on is not known; the next round asks again", run)
        return Known(live=True, updated=now)
    return Known(live=found.live, updated=found.updated) if found else None


@contextmanager
def _tried(what: str) -> Iterator[None]:
    try:
        yield
    except Exception:
        log.exception("%s failed; the next round tries again", what)


def _listed(services: Services) -> dict[str, Listed]:
    return {
        run: Listed(state=entry["state"], changed=entry["changed"])
        for run, entry in services.records.catalogue.read().items()
    }


def _abandon(services: Services, run: str, now: datetime) -> None:
    """Close a run whose orchestration ended without doing so, or was never started."""
    record = services.records.record(run)
    entry = services.records.catalogue.read(run).get(run)
    # Looked at again: the run may have ended well since the round began.
    if record is None or entry is None or Phase(entry["state"]).final:
        return
    reason = "its orchestration was ended from outside, or was never started"
    verdict = Verdict(phase=Phase.FAILED, reason=reason)
    # Its round began when it was listed as to be planned; what earlier ones have cost stays.
    last, begun = services.records.report(run), datetime.fromisoformat(entry["changed"])
    redrives = last.redrives if last else 0
    state = RunState(
        run=run, started=begun, progressed=now, verdict=verdict, redrives_done=redrives
    )
    close(services, Close(state=state), now)


def _purge(services: Services, run: str) -> None:
    services.queues.delete(naming.dead_letter_queue(run))
    services.queues.delete(naming.work_queue(run))
    services.records.purge(run)


def _forget(services: Services, before: datetime) -> None:
    """Delete old keys, notices that nobody sends, and what schedules remember that are gone."""
    defined = {scheduling.state_path(name) for name in scheduling.names(services)}
    services.records.delete_older(KEYS, before)
    services.records.delete_older(OUTBOX, before)
    services.records.delete_older(scheduling.STATES, before, but=defined)
