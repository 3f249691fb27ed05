"""The dispatch loop: episodes, activities and durable timers, woken by new work only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from azure.functions.durable_functions import ActivityTriggerConverter
from azure.functions.meta import Datum

from local_host.functions.app_index import ACTIVITY, ORCHESTRATION, App, IndexedFunction
from local_host.functions.durable.episode import FINISHED, run_episode
from local_host.functions.durable.framework import FunctionNames
from local_host.functions.durable.history import (
    Event,
    Kind,
    Status,
    event,
    execution_started,
    instance_ref,
    instant,
    stamp,
)
from local_host.functions.durable.orders import Message
from local_host.functions.durable.records import Activity, Work
from local_host.functions.durable.store import Store
from local_host.functions.invocation import Invoker

log = logging.getLogger(__name__)

# A timer looks at the clock at least this often, in seconds: the machine may have slept.
_LONGEST_SLEEP = 60.0


class Engine:
    """Runs a store's work. An activity runs at least once, its outcome is applied once.

    Episodes of one instance run one after another. Use it from one event loop.
    """

    def __init__(self, store: Store, app: App, invoker: Invoker) -> None:
        self.store = store
        self.orchestrators: Mapping[str, IndexedFunction] = app.of_kind(ORCHESTRATION)
        self._activities = app.of_kind(ACTIVITY)
        self._names = FunctionNames(frozenset(self._activities), frozenset(self.orchestrators))
        self._invoker = invoker
        self._settings = app.settings
        self._episodes = ThreadPoolExecutor(app.settings.max_orchestrators, "orchestrator")
        # Instances that are queued or running; True when more arrived while they ran.
        self._marked: dict[str, bool] = {}
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        # None wakes an idle worker to stop it.
        self._calls: asyncio.Queue[Activity | None] = asyncio.Queue()
        self._stopping = False
        self._episode_workers: list[asyncio.Task[None]] = []
        self._activity_workers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Take up what the last process left, then go on until `stop`."""
        spawn = asyncio.get_running_loop().create_task
        orchestrators, activities = self._settings.max_orchestrators, self._settings.max_activities
        self._episode_workers = [spawn(self._run_episodes()) for _ in range(orchestrators)]
        self._activity_workers = [spawn(self._run_activities()) for _ in range(activities)]
        self._follow()

    async def stop(self, grace: float) -> None:
        """Start nothing new; give running activities `grace` seconds to deliver their outcome."""
        self._stopping = True
        for _ in self._activity_workers:
            self._calls.put_nowait(None)
        _, running = await asyncio.wait(self._activity_workers, timeout=grace)
        for worker in (*self._episode_workers, *running):
            worker.cancel()
        await asyncio.gather(*self._episode_workers, *running, return_exceptions=True)
        self._episodes.shutdown(wait=False, cancel_futures=True)

    def start_instance(self, name: str, instance_id: str, payload: str | None) -> bool:
        """Start an instance; False when one with that id is unfinished."""
        ref = instance_ref(instance_id, uuid4().hex)
        started = self.store.start(execution_started(_now(), name, ref, payload))
        self._follow()
        return started

    def post(self, instance_id: str, kind: Kind, **fields: Any) -> None:
        """Send an event to an instance."""
        now = _now()
        self.store.post(Message(instance_id, None, now, event(kind, now, **fields)))
        self._follow()

    def _follow(self) -> None:
        wakes, self.store.wakes = self.store.wakes, []
        calls, self.store.calls = self.store.calls, []
        for due, instance_id in wakes:
            self._wake_at(instant(due), instance_id)
        for activity in calls:
            self._calls.put_nowait(activity)

    def _wake_at(self, due: datetime, instance_id: str) -> None:
        remaining = (due - datetime.now(UTC)).total_seconds()
        if remaining > 0:
            delay = min(remaining, _LONGEST_SLEEP)
            asyncio.get_running_loop().call_later(delay, self._wake_at, due, instance_id)
        elif instance_id in self._marked:
            self._marked[instance_id] = True
        else:
            self._marked[instance_id] = False
            self._ready.put_nowait(instance_id)

    async def _run_episodes(self) -> None:
        while True:
            instance_id = await self._ready.get()
            self._marked[instance_id] = False
            with _surviving(f"instance {instance_id}"):
                if work := self.store.work(instance_id, _now()):
                    await self._episode(work)
            if self._marked.pop(instance_id):
                self._wake_at(datetime.now(UTC), instance_id)

    async def _episode(self, work: Work) -> None:
        function = self.orchestrators.get(work.started["Name"])
        handle = function.call if function else None
        # Orchestrators are user code: a slow one must not hold up the loop.
        episode = await asyncio.get_running_loop().run_in_executor(
            self._episodes,
            run_episode,
            handle,
            work.history,
            work.messages,
            work.loaded,
            self._names,
        )
        self.store.record(work, episode)
        self._follow()
        if episode.status in FINISHED:
            level = logging.ERROR if episode.status is Status.Failed else logging.INFO
            outcome = f"{episode.status.value} {episode.output or ''}"[:1000]
            log.log(level, "%s %s: %s", work.started["Name"], work.instance_id, outcome)

    async def _run_activities(self) -> None:
        # An activity that is left in the queue stays in the store for the next start.
        while (activity := await self._calls.get()) and not self._stopping:
            with _surviving(f"activity {activity.name} of {activity.instance_id}"):
                self.store.finish_activity(activity, await self._outcome(activity))
                self._follow()

    async def _outcome(self, activity: Activity) -> Event:
        name, number = activity.name, activity.task_id
        function = self._activities.get(name)
        if function is None:
            reason = f"The function '{name}' doesn't exist any more."
            return _failed(number, reason, reason)
        try:
            result = await self._call(function, activity.input)
        except Exception as error:
            reason = f"Activity function '{name}' failed: {type(error).__name__}: {error}"
            return _failed(number, reason, self._invoker.report(function, error))
        return event(Kind.TASK_COMPLETED, _now(), TaskScheduledId=number, Result=result)

    async def _call(self, function: IndexedFunction, payload: str) -> str:
        given = Datum(payload, "json")
        argument = ActivityTriggerConverter.decode(given, trigger_metadata=None)
        result = await self._invoker(function, argument)
        answer: str = ActivityTriggerConverter.encode(result, expected_type=None).value
        return answer


@contextmanager
def _surviving(work: str) -> Iterator[None]:
    # A fault of the host (a full disk) must cost one piece of work, not a worker.
    try:
        yield
    except Exception:
        log.exception("%s is left until the next start", work)


def _failed(number: int, reason: str, details: str) -> Event:
    fields = {"TaskScheduledId": number, "Reason": reason, "Details": details}
    return event(Kind.TASK_FAILED, _now(), **fields)


def _now() -> str:
    return stamp(datetime.now(UTC))
