"""Collecting the evidence of the whole app."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from ..model import FINAL, moment
from ..policy.sweeping import Known, Tagged, to_sweep
from ..problems import InvalidRequestError
from ..rounds import last_rounds
from ..scheduling import due_time, read_schedule, requested, state_path
from ..scheduling.decision import ScheduleState
from ..services import Noun, Services
from ..services.definitions import Stored
from ..services.threads import side_by_side
from .collecting import run_evidence
from .evidence import AppEvidence, RunEvidence, ScheduleEvidence
from .looks import Looks

RUNS = 50
AT_ONCE = 8
MOST_SCHEDULES = 100
GROUPS = 500
SWEPT_BY = timedelta(minutes=10)

Catalogue = dict[str, dict[str, Any]]

NO_GROUPS: list[Tagged] = []
NO_RUNS: Catalogue = {}
NO_SCHEDULES: list[ScheduleEvidence] = []
NO_ROUNDS: dict[str, datetime] = {}


async def app_evidence(looks: Looks) -> AppEvidence:
    """The app as it is now. Never raises what a service answers: that is evidence, too."""
    services = looks.services
    groups, kept, schedules, rounds = await asyncio.gather(
        looks.ask("management", lambda: list(islice(services.groups.tagged(), GROUPS)), NO_GROUPS),
        looks.ask("storage", services.records.catalogue.read, NO_RUNS),
        looks.ask("storage", lambda: _schedules(services, looks.now), NO_SCHEDULES),
        looks.ask("storage", lambda: last_rounds(services.records), NO_ROUNDS),
    )
    names = [run for run, entry in kept.items() if entry["state"] not in FINAL]
    found = await _runs(looks, names[-RUNS:])
    orphans = await _orphans(looks, groups, found, kept)
    return AppEvidence(
        now=looks.now,
        settings=services.settings,
        runs=tuple(found),
        unseen=max(0, len(names) - RUNS),
        schedules=tuple(schedules),
        rounds=rounds,
        orphans=tuple(orphans),
        troubles=tuple(looks.troubles),
    )


async def _runs(looks: Looks, names: Iterable[str]) -> list[RunEvidence]:
    few = asyncio.Semaphore(AT_ONCE)
    records = looks.services.records

    async def look(run: str) -> RunEvidence | None:
        async with few:
            record = await looks.ask("storage", lambda: records.record(run), None)
            return None if record is None else await run_evidence(looks, record)

    found = await asyncio.gather(*map(look, names))
    return [evidence for evidence in found if evidence]


async def _orphans(
    looks: Looks, groups: list[Tagged], looked_at: Iterable[RunEvidence], kept: Catalogue
) -> list[Tagged]:
    """Groups that the sweep should have deleted by now."""
    found = {evidence.record.run: evidence.orchestration for evidence in looked_at}
    others = sorted({group.run for group in groups} - found.keys())
    for run in others[:RUNS]:
        found[run] = await looks.find(run)
    if looks.troubles:  # a run that was not found may go on all the same
        return []
    known = {run: Known(live=one.live, updated=one.updated) for run, one in found.items() if one}
    ours = [group for group in groups if group.run in found]
    retention = timedelta(days=looks.services.settings.retention_days)
    removed = {item.name for item in to_sweep(ours, {}, known, looks.now, retention).remove}
    return [
        group for group in ours if group.name in removed and _is_old(kept.get(group.run), looks.now)
    ]


def _is_old(entry: Mapping[str, Any] | None, now: datetime) -> bool:
    changed = moment(entry["changed"]) if entry else None
    return changed is None or now - changed > SWEPT_BY


def _schedules(services: Services, now: datetime) -> list[ScheduleEvidence]:
    definitions = services.records.definitions(Noun.SCHEDULE)
    stored = side_by_side(definitions.read, definitions.names()[:MOST_SCHEDULES])
    found = (_schedule(services, each, now) for each in stored if each)
    return [evidence for evidence in found if evidence]


def _schedule(services: Services, stored: Stored, now: datetime) -> ScheduleEvidence | None:
    """What a schedule is waiting for; None if it is switched off."""
    name, changed = stored.name, stored.changed
    try:
        schedule = read_schedule(stored.content)
        if not schedule.enabled:
            return None
        requested(services, schedule)
    except InvalidRequestError as error:
        return ScheduleEvidence(name=name, changed=changed, fault=str(error))
    state = services.records.read_as(ScheduleState, state_path(name)) or ScheduleState()
    due = due_time(schedule, now)
    decided = due is None or state.knows(due)
    return ScheduleEvidence(name=name, changed=changed, due=due, decided=decided)
