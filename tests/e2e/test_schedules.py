"""Schedules: a due time is decided once and starts one run, whoever ticks, and how often."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from support.instances import Instance
from support.runs import Ground, ended, until

from local_host.system import LocalApp
from orchestration.scheduling import SCHEDULES

pytestmark = pytest.mark.long

# Due times of these tests are too far ahead for the app's own timer to decide them; but it carries
# out what was decided, at any moment, as another app instance would.
FIRST = (datetime.now(UTC) + timedelta(hours=3)).replace(minute=10, second=0, microsecond=0)
SECOND, THIRD = (FIRST + timedelta(minutes=minutes) for minutes in (10, 20))
CRON = f"10,20,30 {FIRST.hour} {FIRST.day} {FIRST.month} *"


@pytest.fixture(scope="module")
def instances(app: LocalApp) -> Iterator[list[Instance]]:
    running = [Instance(app), Instance(app)]
    yield running
    for instance in running:
        instance.close()


def tick(instances: list[Instance], now: datetime) -> None:
    """Several looks of each instance at once."""
    for instance in instances:
        instance.begin(now)
    for instance in instances:
        instance.end()


@pytest.fixture(autouse=True)
def _no_schedule_is_left(ground: Ground) -> Iterator[None]:
    yield
    container = ground.blobs.get_container_client(SCHEDULES)
    for name in list(container.list_blob_names()):
        container.delete_blob(name)


def test_a_due_time_starts_one_run_and_a_faulty_schedule_keeps_no_other_back(
    ground: Ground,
) -> None:
    ground.store(SCHEDULES, "a-broken-one.json", b'{"cron": "never", "request": {}}')
    name = ground.schedule("* * * * *", ground.nothing())
    until(lambda: ground.runs_of(name), seconds=120)  # the next minute begins
    for _ in range(3):
        ground.trigger("start_schedules")
    ground.blobs.get_blob_client(SCHEDULES, f"{name}.json").delete_blob()
    for _, run in ground.runs_of(name):
        assert ground.finish(run)["state"] == "Succeeded"
    started = ground.runs_of(name)
    assert len(dict(started)) == len(started), "a due time started two runs"


@pytest.mark.parametrize(
    ("overlap", "times", "choices"),
    [
        ("skip", [FIRST, SECOND], ["start", "skip"]),
        ("queue", [FIRST, SECOND, THIRD], ["start", "queue", "skip"]),
        ("replace", [FIRST, SECOND], ["start", "replace"]),
    ],
)
def test_app_instances_that_tick_at_once_carry_out_one_decision(
    ground: Ground,
    instances: list[Instance],
    overlap: str,
    times: list[datetime],
    choices: list[str],
) -> None:
    name = ground.schedule(CRON, ground.pipeline(units=1_000), overlap=overlap)
    for now in times:
        tick(instances, now)
    decisions = ground.schedule_state(name).decisions
    assert [made.choice for made in decisions] == choices
    first, second = decisions[0].run, decisions[1].run
    assert first
    if overlap != "replace":
        ground.client.call("POST", f"/runs/{first}/cancel")
    shown = ground.finish(first)
    assert shown["state"] == "Cancelled"
    assert (name in shown["report"]["reason"]) == (overlap == "replace")

    tick(instances, times[-1])
    expected = [(FIRST.isoformat(), first)]
    if second:
        expected.append((SECOND.isoformat(), second))
        ground.client.call("POST", f"/runs/{second}/cancel")
        ground.finish(second)
        tick(instances, times[-1])
    assert ground.runs_of(name) == expected
    assert ground.schedule_state(name).decisions == decisions


def test_a_host_killed_between_decision_and_start_starts_one_run(
    ground: Ground, instances: list[Instance]
) -> None:
    name = ground.schedule(CRON, ground.nothing())
    functions = ground.app.functions
    assert functions.pid
    os.kill(functions.pid, signal.SIGKILL)
    until(lambda: functions.pid is None)
    tick(instances, FIRST)
    state = ground.schedule_state(name)
    assert state.last is not None
    assert not state.started
    functions.start()
    ground.trigger("start_schedules")
    until(lambda: ground.schedule_state(name).started)
    tick(instances, FIRST)
    assert ground.runs_of(name) == [(FIRST.isoformat(), state.last.run)]
    assert ended(ground.finish(state.last.run))


def test_a_disabled_schedule_starts_nothing(ground: Ground, instances: list[Instance]) -> None:
    name = ground.schedule(CRON, ground.nothing(), enabled=False)
    tick(instances, FIRST)
    assert ground.runs_of(name) == []
