"""The dispatch loop on a real store: how it stops, and that it outlives a fault of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest
from azure.durable_functions.decorators.metadata import ActivityTrigger, OrchestrationTrigger

from local_host.functions.app_index import (
    ACTIVITY,
    ORCHESTRATION,
    App,
    HostSettings,
    IndexedFunction,
)
from local_host.functions.durable.engine import Engine
from local_host.functions.durable.history import Status
from local_host.functions.durable.records import Activity
from local_host.functions.durable.store import Store
from local_host.functions.invocation import Invoker

pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")


class Slow:
    """An activity that waits at a gate."""

    def __init__(self) -> None:
        self.begun = 0
        self.gate = asyncio.Event()

    async def run(self, value: Any) -> Any:
        self.begun += 1
        await self.gate.wait()
        return value


def orchestrator(context: df.DurableOrchestrationContext) -> Any:
    return (yield context.call_activity("slow", 1))


def app_of(activity: Callable[..., Any]) -> App:
    handle = df.Orchestrator.create(orchestrator)
    main = OrchestrationTrigger("context")
    slow = ActivityTrigger("value")
    functions = (
        IndexedFunction("main", ORCHESTRATION, handle, main, "context", (), False),
        IndexedFunction("slow", ACTIVITY, activity, slow, "value", (), False),
    )
    settings = HostSettings("api", "hub", max_activities=1, max_orchestrators=1, threads=1)
    return App(Path(), settings, functions)


def engine_of(store: Store, activity: Callable[..., Any]) -> Engine:
    app = app_of(activity)
    return Engine(store, app, Invoker(app, "{}"))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "hub.sqlite3")
    yield opened
    opened.close()


def status(store: Store, instance_id: str) -> Status:
    instance = store.instance(instance_id)
    assert instance is not None
    return instance.status


def test_a_stop_waits_for_what_runs_and_begins_nothing(store: Store, tmp_path: Path) -> None:
    async def scenario() -> int:
        activity = Slow()
        engine = engine_of(store, activity.run)
        engine.start()
        for instance_id in ("one", "two"):
            engine.start_instance("main", instance_id, None)
        await until(lambda: activity.begun == 1 and status(store, "two") is Status.Running)
        stopping = asyncio.create_task(engine.stop(5))
        await asyncio.sleep(0)
        activity.gate.set()
        await stopping
        return activity.begun

    assert asyncio.run(scenario()) == 1
    again = Store(tmp_path / "hub.sqlite3")
    assert len(again.calls) == 1
    again.close()


def test_a_fault_of_the_store_costs_one_piece_of_work(tmp_path: Path) -> None:
    class FaultyStore(Store):
        faults = 1

        def finish_activity(self, activity: Activity, outcome: Any) -> None:
            self.faults, fault = 0, self.faults
            if fault:
                raise sqlite3.OperationalError("disk is full")
            super().finish_activity(activity, outcome)

    async def double(value: int) -> int:
        return 2 * value

    async def scenario(store: Store) -> None:
        engine = engine_of(store, double)
        engine.start()
        engine.start_instance("main", "unlucky", None)
        engine.start_instance("main", "lucky", None)
        await until(lambda: status(store, "lucky") is Status.Completed)
        await engine.stop(1)

    store = FaultyStore(tmp_path / "hub.sqlite3")
    asyncio.run(scenario(store))
    assert status(store, "unlucky") is Status.Running
    store.close()
    again = Store(tmp_path / "hub.sqlite3")
    assert [item.instance_id for item in again.calls] == ["unlucky"]
    again.close()
