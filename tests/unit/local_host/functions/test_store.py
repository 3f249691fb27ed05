"""The SQLite store: what one transaction leaves behind, and what a new process finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_host.functions.durable.episode import Episode
from local_host.functions.durable.history import (
    Event,
    Kind,
    Status,
    event,
    execution_started,
    instance_ref,
)
from local_host.functions.durable.orders import Message
from local_host.functions.durable.records import Query, Work
from local_host.functions.durable.store import Store

T0, T1, T9 = (f"2030-01-0{day}T00:00:00.000000Z" for day in (1, 2, 9))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hub.sqlite3"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    opened = Store(file)
    yield opened
    opened.close()


def started(instance_id: str = "one", execution_id: str = "e1", name: str = "main") -> Event:
    return execution_started(T0, name, instance_ref(instance_id, execution_id), '"given"')


def work_of(store: Store, instance_id: str = "one", now: str = T0) -> Work:
    work = store.work(instance_id, now)
    assert work is not None
    return work


def record(store: Store, *events: Event, status: Any = Status.Running, **fields: Any) -> None:
    work = work_of(store)
    opening = event(Kind.ORCHESTRATOR_STARTED, work.loaded)
    store.record(work, Episode((opening, *work.messages, *events), status, **fields))


def call(number: int) -> Event:
    return event(Kind.TASK_SCHEDULED, T0, EventId=number, Name="a", Input="1")


def timer(number: int, due: str) -> Event:
    return event(Kind.TIMER_CREATED, T0, EventId=number, FireAt=due)


def child(number: int, instance_id: str) -> Event:
    fields = {"Name": "kid", "InstanceId": instance_id, "Input": "5"}
    return event(Kind.SUB_ORCHESTRATION_INSTANCE_CREATED, T0, EventId=number, **fields)


def result(number: int) -> Event:
    return event(Kind.TASK_COMPLETED, T0, TaskScheduledId=number, Result="2")


def kinds(events: list[Event]) -> list[Kind]:
    return [Kind(item["EventType"]) for item in events]


def test_an_unfinished_instance_is_not_replaced(store: Store) -> None:
    assert store.start(started())
    assert not store.start(started(execution_id="e2"))
    record(store, status=Status.Completed, output="3")
    assert store.start(started(execution_id="e2"))
    instance = store.instance("one")
    assert instance is not None
    assert (instance.execution_id, instance.status, instance.output) == ("e2", Status.Pending, None)
    assert [item.execution_id for item in store.executions("one")] == ["e1", "e2"]


def test_a_recorded_episode_is_found_by_the_next_process(store: Store, file: Path) -> None:
    store.start(started())
    record(store, call(0), timer(1, T9))
    store.close()
    again = Store(file)
    assert again.wakes == [(T9, "one")]
    assert [(item.name, item.task_id, item.input) for item in again.calls] == [("a", 0, "1")]
    assert kinds(again.executions("one")[0].history) == [
        Kind.ORCHESTRATOR_STARTED,
        Kind.EXECUTION_STARTED,
        Kind.TASK_SCHEDULED,
        Kind.TIMER_CREATED,
    ]
    again.close()


def test_work_that_was_not_recorded_is_there_again(store: Store, file: Path) -> None:
    store.start(started())
    work_of(store)
    store.close()
    again = Store(file)
    assert kinds(work_of(again).messages) == [Kind.EXECUTION_STARTED]
    again.close()


def test_a_failed_record_leaves_nothing_behind(store: Store) -> None:
    store.start(started())
    work = work_of(store)
    unfit = call(0) | {"Input": object()}
    opening = event(Kind.ORCHESTRATOR_STARTED, T0)
    with pytest.raises(TypeError):
        store.record(work, Episode((opening, unfit), Status.Running))
    assert kinds(work_of(store).messages) == [Kind.EXECUTION_STARTED]
    assert store.executions("one")[0].history == []


def test_an_outcome_is_delivered_once(store: Store) -> None:
    store.start(started())
    record(store, call(0))
    (activity,) = store.calls
    store.finish_activity(activity, result(0))
    store.finish_activity(activity, result(0))
    assert kinds(work_of(store).messages) == [Kind.TASK_COMPLETED]


def test_a_timer_is_read_when_it_is_due(store: Store) -> None:
    store.start(started())
    record(store, timer(0, T9))
    assert store.work("one", T1) is None
    (fired,) = work_of(store, now=T9).messages
    assert (fired["EventType"], fired["TimerId"], fired["Timestamp"]) == (Kind.TIMER_FIRED, 0, T9)


def test_messages_of_an_old_execution_are_dropped(store: Store) -> None:
    store.start(started())
    record(store, call(0), timer(1, T1))
    (activity,) = store.calls
    store.post(Message("one", None, T0, event(Kind.EVENT_RAISED, T0, Name="n", Input="1")))
    late = event(Kind.EVENT_RAISED, T0, Name="late", Input="2")
    record(store, status=Status.ContinuedAsNew, next_input='"again"', carryover=(late,))
    store.finish_activity(activity, result(0))
    work = work_of(store, now=T9)
    assert kinds(work.messages) == [Kind.EXECUTION_STARTED, Kind.EVENT_RAISED]
    assert (work.messages[0]["Input"], work.messages[1]["Name"]) == ('"again"', "late")
    assert work.history == []


def test_continue_as_new_keeps_the_instance_running_and_its_custom_status(store: Store) -> None:
    store.start(started())
    record(store, status=Status.ContinuedAsNew, next_input='"again"', custom_status='"busy"')
    instance = store.instance("one")
    assert instance is not None
    assert (instance.status, instance.input, instance.custom_status) == (
        Status.Running,
        '"again"',
        '"busy"',
    )
    first, second = store.executions("one")
    assert kinds(first.history) == [Kind.ORCHESTRATOR_STARTED, Kind.EXECUTION_STARTED]
    assert second.history == []


def test_an_episode_without_a_custom_status_keeps_the_last_one(store: Store) -> None:
    store.start(started())
    record(store, call(0), custom_status='"busy"')
    store.finish_activity(store.calls[0], result(0))
    record(store)
    instance = store.instance("one")
    assert instance is not None
    assert instance.custom_status == '"busy"'


def test_a_start_is_read_before_an_event_that_overtook_it(store: Store) -> None:
    store.post(Message("one", None, T0, event(Kind.EVENT_RAISED, T0, Name="n", Input="1")))
    store.start(started())
    assert kinds(work_of(store).messages) == [Kind.EXECUTION_STARTED, Kind.EVENT_RAISED]


def test_an_event_that_is_due_before_its_instance_waits_for_it(store: Store) -> None:
    store.start(started() | {"Timestamp": T1})
    store.post(Message("one", None, T0, event(Kind.EVENT_RAISED, T0, Name="n", Input="1")))
    assert store.work("one", T0) is None
    assert len(work_of(store, now=T1).messages) == 2


def test_a_child_reports_to_its_parent(store: Store) -> None:
    store.start(started())
    record(store, child(0, "kid1"))
    work = work_of(store, "kid1")
    assert json.loads(work.started["Input"]) == "5"
    opening = event(Kind.ORCHESTRATOR_STARTED, T0)
    store.record(work, Episode((opening,), Status.Completed, output="7"))
    (outcome,) = work_of(store).messages
    assert outcome["EventType"] == Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED
    assert (outcome["TaskScheduledId"], outcome["Result"]) == (0, "7")


@pytest.mark.parametrize("status", [Status.Failed, Status.Terminated])
def test_a_child_that_does_not_complete_fails_for_its_parent(store: Store, status: Any) -> None:
    store.start(started())
    record(store, child(0, "kid1"))
    opening = event(Kind.ORCHESTRATOR_STARTED, T0)
    work = work_of(store, "kid1")
    store.record(work, Episode((opening,), status, output='"because"'))
    (outcome,) = work_of(store).messages
    assert (Kind(outcome["EventType"]), outcome["Reason"]) == (
        Kind.SUB_ORCHESTRATION_INSTANCE_FAILED,
        "because",
    )


def test_a_child_whose_id_is_taken_fails_at_once(store: Store) -> None:
    store.start(started("kid1"))
    store.start(started())
    record(store, child(0, "kid1"))
    (outcome,) = work_of(store).messages
    assert outcome["EventType"] == Kind.SUB_ORCHESTRATION_INSTANCE_FAILED
    assert "already running" in outcome["Reason"]


def test_a_finished_instance_reads_nothing_more(store: Store) -> None:
    store.start(started())
    record(store, timer(0, T1), call(1))
    store.post(Message("one", None, T0, event(Kind.EVENT_RAISED, T0, Name="n", Input="1")))
    record(store, status=Status.Completed)
    store.finish_activity(store.calls[0], result(1))
    assert store.work("one", T9) is None


@pytest.mark.parametrize("status", [Status.Completed, Status.ContinuedAsNew])
def test_the_timers_of_a_past_execution_wake_nobody(store: Store, file: Path, status: Any) -> None:
    store.start(started())
    record(store, timer(0, T9))
    store.post(Message("one", None, T0, event(Kind.EVENT_RAISED, T0, Name="n", Input="1")))
    record(store, status=status, next_input="1")
    store.close()
    again = Store(file)
    assert T9 not in [due for due, _ in again.wakes]
    again.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), ["a1", "a2", "b1"]),
        (Query(prefix="a"), ["a1", "a2"]),
        (Query(after="a1", top=1), ["a2"]),
        (Query(created_from=T1), []),
        (Query(created_to=T0), ["a1", "a2", "b1"]),
        (Query(statuses=frozenset({Status.Pending})), ["a1", "a2", "b1"]),
        (Query(statuses=frozenset({Status.Failed})), []),
        (Query(statuses=frozenset()), []),
    ],
)
def test_instances_are_found_by_every_filter(store: Store, query: Query, found: list[str]) -> None:
    for instance_id in ("b1", "a2", "a1"):
        store.start(started(instance_id, f"of {instance_id}"))
    assert [item.instance_id for item in store.instances(query)] == found


def test_a_purge_forgets_an_instance_and_no_other(store: Store) -> None:
    store.start(started())
    record(store, status=Status.Completed)
    store.start(started("two", "e2"))
    store.purge(["one"])
    assert store.instance("one") is None
    assert store.executions("one") == []
    assert store.instance("two") is not None


def test_the_last_run_of_a_timer_trigger_is_remembered(store: Store) -> None:
    assert store.timer_last("nightly") is None
    store.timer_ran("nightly", T0)
    store.timer_ran("nightly", T1)
    assert store.timer_last("nightly") == T1
