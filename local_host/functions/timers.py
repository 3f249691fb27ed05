"""Timer triggers: NCRONTAB schedules in UTC, one run at a time, missed runs made up for once."""

from __future__ import annotations

import asyncio
import json
import os
import re
from datetime import UTC, datetime

from azure.functions.decorators.timer import TimerTrigger
from azure.functions.meta import Datum
from azure.functions.timer import TimerRequestConverter
from croniter import CroniterError, croniter

from local_host.functions.app_index import AppError, IndexedFunction
from local_host.functions.durable.history import instant, stamp
from local_host.functions.durable.store import Store
from local_host.functions.invocation import Invoker

_SETTING = re.compile(r"%(\w+)%")
# A sleep looks at the clock at least this often, in seconds: the machine may have slept.
_LONGEST_SLEEP = 60.0


def next_occurrence(expression: str, after: datetime) -> datetime:
    """Return the first occurrence after a moment; five fields mean second zero.

    Day of month and day of week must both match, as in NCRONTAB. Raises CroniterError.
    """
    full = expression if len(expression.split()) != 5 else f"0 {expression}"
    schedule = croniter(full, after, day_or=False, second_at_beginning=True)
    found: datetime = schedule.get_next(datetime)
    return found


class Timer:
    """Runs one timer function on its schedule; never twice at the same time.

    With `use_monitor` an occurrence that passed while the host was down runs once at the start
    (at least once, should the host die in the middle). Raises AppError for a bad schedule.
    """

    def __init__(self, function: IndexedFunction, invoker: Invoker, store: Store) -> None:
        trigger = function.trigger
        assert isinstance(trigger, TimerTrigger)
        self._function = function
        self._invoker = invoker
        self._store = store
        self._schedule = _schedule(trigger.schedule)
        self._monitored = trigger.use_monitor is not False
        self._at_start = bool(trigger.run_on_startup)
        self._turn = asyncio.Lock()

    async def follow(self) -> None:
        """Run the function at every occurrence until cancelled."""
        now = datetime.now(UTC)
        last = self._store.timer_last(self._function.name) if self._monitored else None
        missed = last is not None and next_occurrence(self._schedule, instant(last)) <= now
        if self._at_start or missed:
            await self.run(past_due=missed)
        self._remember(now)
        while True:
            occurrence = next_occurrence(self._schedule, datetime.now(UTC))
            while (remaining := (occurrence - datetime.now(UTC)).total_seconds()) > 0:
                await asyncio.sleep(min(remaining, _LONGEST_SLEEP))
            await self.run(past_due=False)
            self._remember(occurrence)

    async def run(self, *, past_due: bool) -> None:
        """Run the function once, after any run that is under way; its failure is logged."""
        next_time = stamp(next_occurrence(self._schedule, datetime.now(UTC)))
        status = {"Last": self._store.timer_last(self._function.name), "Next": next_time}
        info = {"IsPastDue": past_due, "ScheduleStatus": status, "Schedule": {"AdjustForDST": True}}
        request = TimerRequestConverter.decode(
            Datum(json.dumps(info), "json"), trigger_metadata=None
        )
        async with self._turn:
            try:
                await self._invoker(self._function, request)
            except Exception as error:
                self._invoker.report(self._function, error)

    def _remember(self, occurrence: datetime) -> None:
        if self._monitored:
            self._store.timer_ran(self._function.name, stamp(occurrence))


def _schedule(text: str) -> str:
    """Return the expression with its %SETTING% filled in."""
    try:
        expression = _SETTING.sub(lambda match: os.environ[match[1]], text)
        next_occurrence(expression, datetime.now(UTC))
    except KeyError as error:
        raise AppError(f"schedule {text}: {error} is not set") from error
    except CroniterError as error:
        raise AppError(f"schedule {text}: {error}") from error
    return expression
