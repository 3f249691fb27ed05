"""A look at every schedule, each minute."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from worker_image.contract import about
from worker_image.exporting import Kind

from ..model import Control, RunRecord
from ..orchestrations import Orchestrations
from ..problems import InvalidRequestError
from ..services import Services
from ..starting import keep, new_run, start
from .decision import Choice, Decision, ScheduleState, Start, decide, has_started, next_one
from .definition import Schedule, due_time
from .stored import names, requested, stored_schedule

log = logging.getLogger(__name__)

STATES = "schedules/"


def state_path(name: str) -> str:
    """What a schedule remembers, among the runs."""
    return f"{STATES}{name}.json"


async def start_due(
    services: Services, orchestrations: Orchestrations, now: datetime, caller: str | None = None
) -> None:
    """Start every schedule that is due; one that is faulty is logged and keeps no other back.

    `caller` is the trace context of the timer.
    """
    for name in await asyncio.to_thread(names, services):
        with about(schedule=name):
            await _look_at(services, orchestrations, name, now, caller)


async def _look_at(
    services: Services, orchestrations: Orchestrations, name: str, now: datetime, caller: str | None
) -> None:
    try:
        stored = await asyncio.to_thread(stored_schedule, services, name)
        if stored and stored[0].enabled:
            await Tick(services, orchestrations, name, *stored, now, caller).run()
    except InvalidRequestError as error:
        log.error("schedule %s is faulty: %s", name, error)
    except Exception:
        log.exception("schedule %s did not start; its next tick tries again", name)


@dataclass(frozen=True)
class Tick:
    """One look at one schedule; wherever it is cut off, the next one goes on.

    The schedule is as it is since a time: what was due before it was not due by this schedule.
    """

    services: Services
    orchestrations: Orchestrations
    name: str
    schedule: Schedule
    since: datetime
    now: datetime
    caller: str | None = None

    async def run(self) -> None:
        """Carry out what was decided, then decide what is due.

        Raises:
            InvalidRequestError: what it starts is faulty; nothing was decided.
        """
        kept = await asyncio.to_thread(
            self.services.records.read_as, ScheduleState, state_path(self.name)
        )
        state = await self._carry_out(kept or ScheduleState())
        due = due_time(self.schedule, self.now)
        if due and due >= self.since and not state.knows(due):
            await self._carry_out(await self._decided(state, due))

    async def _decided(self, state: ScheduleState, due: datetime) -> ScheduleState:
        await asyncio.to_thread(requested, self.services, self.schedule)
        await asyncio.to_thread(self.services.records.create_container)
        ended, run = await self._ended(state), new_run(self.now)
        overlap = self.schedule.overlap
        state = await self._edit(partial(decide, due=due, overlap=overlap, run=run, ended=ended))
        made = state.decisions[-1]
        with about(run=made.run):
            log.info("schedule %s, %s: %s", self.name, due.isoformat(), _words(made))
        return state

    async def _carry_out(self, state: ScheduleState) -> ScheduleState:
        if state.last and not state.started:
            state = await self._start(state.last)
        if state.waiting is None:
            return state
        ended = await self._ended(state)
        if ended:
            return await self._carry_out(await self._edit(partial(next_one, ended=ended)))
        if state.last and state.waiting.replaces:
            await self._cancel(state.last.run)
        return state

    async def _ended(self, state: ScheduleState) -> str | None:
        """The last run, if it has ended."""
        if state.last is None or not state.started:
            return None
        found = await self.orchestrations.find(state.last.run)
        return None if found and found.live else state.last.run

    async def _start(self, due_run: Start) -> ScheduleState:
        request = await asyncio.to_thread(requested, self.services, self.schedule)
        label = f"{self.name}@{due_run.due.isoformat()}"
        trace = self.services.telemetry.trace(due_run.run, self.caller)
        record = RunRecord(
            run=due_run.run, created=self.now, request=request, schedule=label, **trace
        )
        with self.services.telemetry.starting(Kind.INTERNAL, self.caller, self.now) as starting:
            record = starting.accepted(await asyncio.to_thread(keep, self.services, record))
            await start(self.services, self.orchestrations, record, self.now)
        return await self._edit(partial(has_started, run=due_run.run))

    async def _cancel(self, run: str) -> None:
        wish = {"cancel": True, "reason": f"replaced by the next run of schedule {self.name}"}

        def change(control: Control) -> Control:
            return control if control.cancel else control.model_copy(update=wish)

        await asyncio.to_thread(self.services.records.edit_control, run, change)
        await self.orchestrations.wake(run)

    async def _edit(self, change: Callable[[ScheduleState], ScheduleState]) -> ScheduleState:
        return await asyncio.to_thread(
            self.services.records.edit, state_path(self.name), ScheduleState, change
        )


def _words(decision: Decision) -> str:
    match decision.choice:
        case Choice.START:
            return f"starts run {decision.run}"
        case Choice.SKIP:
            return f"is skipped, for run {decision.met} has not ended"
        case Choice.QUEUE:
            return f"run {decision.run} waits for the end of run {decision.met}"
        case Choice.REPLACE:
            return f"run {decision.run} replaces run {decision.met}, which is cancelled"
