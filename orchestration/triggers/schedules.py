"""Schedules: when jobs start by themselves, and what has become of their due times."""

import asyncio
from http import HTTPStatus

from ..model import FINAL
from ..problems import InvalidRequestError
from ..scheduling import (
    Schedule,
    read_schedule,
    requested,
    state_path,
)
from ..scheduling.decision import ScheduleState
from ..services import Noun
from ..services.definitions import Stored
from ..starting import claimed
from ..views import definitions as views
from ..views.runs import schedule_name
from . import definitions
from .operations import JSON, Call, NoQuery, Operation, RefusedError, Reply
from .runs import KEY, begun, entered, starting


async def list_schedules(call: Call[NoQuery, None]) -> views.Schedules:
    """List the stored schedules, with what has become of them so far."""

    def listed() -> list[tuple[views.ScheduleEntry, ScheduleState]]:
        found = definitions.all_stored(call, Noun.SCHEDULE)
        return [(_entry(call, stored), _state(call, stored.name)) for stored in found]

    found, kept = await asyncio.gather(
        asyncio.to_thread(listed),
        asyncio.to_thread(call.services.records.catalogue.read),
    )
    last = views.last_runs(kept)
    entries = [
        views.with_past(entry, state, await entered(call, kept, last.get(entry.name, [])))
        for entry, state in found
    ]
    return views.Schedules(schedules=entries)


def _entry(call: Call[NoQuery, None], stored: Stored) -> views.ScheduleEntry:
    schedule = None
    try:
        schedule = read_schedule(stored.content)
        requested(call.services, schedule)
    except InvalidRequestError as error:
        return views.schedule(stored, schedule, error.faults, call.now)
    return views.schedule(stored, schedule, (), call.now)


def _state(call: Call[NoQuery, None], name: str) -> ScheduleState:
    return call.services.records.read_as(ScheduleState, state_path(name)) or ScheduleState()


async def show_schedule(call: Call[NoQuery, None]) -> Reply:
    """Show a schedule as it was stored."""
    return await definitions.show(call, Noun.SCHEDULE)


async def put_schedule(call: Call[NoQuery, Schedule]) -> Reply:
    """Store a schedule; what it starts must have no fault, unless it is disabled."""
    if call.body.enabled:
        await asyncio.to_thread(requested, call.services, call.body)
    return await definitions.put(call, Noun.SCHEDULE)


async def delete_schedule(call: Call[NoQuery, None]) -> Reply:
    """Delete a schedule: it starts nothing any more; what it has started goes on."""
    return await definitions.delete(call, Noun.SCHEDULE)


async def run_schedule(call: Call[NoQuery, None]) -> Reply:
    """Start a run of a schedule now, beside its due times, unless one of its runs goes on.

    202 with the run and its links; the same `Idempotency-Key` gives the same run. What the
    schedule remembers of its due times is not changed.
    """
    stored = await definitions.found(call, Noun.SCHEDULE)
    schedule = read_schedule(stored.content)
    request = await asyncio.to_thread(requested, call.services, schedule)
    name, key = call.path["schedule"], call.headers.get(KEY)
    again = await asyncio.to_thread(claimed, call.services, key) if key else None
    if not again and (run := await _going_on(call, name)):
        detail = f"run {run} of schedule {name} has not ended; cancel it, or start the job itself"
        raise RefusedError(HTTPStatus.CONFLICT, detail)
    return await begun(call, request, name)


async def _going_on(call: Call[NoQuery, None], name: str) -> str | None:
    """A run of the schedule that has not ended, or is to start in a moment."""
    state = await asyncio.to_thread(_state, call, name)
    if state.waiting:
        return state.waiting.run
    if state.last and not state.started:
        return state.last.run
    kept = await asyncio.to_thread(call.services.records.catalogue.read)
    for run, entry in kept.items():
        if schedule_name(entry["schedule"]) == name and entry["state"] not in FINAL:
            found = await call.orchestrations.find(run)
            if found is None or found.live:
                return run
    return None


OPERATIONS = (
    Operation("list_schedules", "GET", "schedules", list_schedules, gives=views.Schedules),
    *definitions.operations(
        *(Noun.SCHEDULE, JSON),
        takes=Schedule,
        show=show_schedule,
        put=put_schedule,
        delete=delete_schedule,
    ),
    starting(
        *("run_schedule", "schedules/{schedule}/run", run_schedule),
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
)
