"""Timer triggers: schedules, missed occurrences, and no overlap."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.functions import TimerRequest
from azure.functions.decorators.timer import TimerTrigger

from local_host.functions.app_index import TIMER, AppError, IndexedFunction
from local_host.functions.durable.history import instant, stamp
from local_host.functions.durable.store import Store
from local_host.functions.timers import Timer, next_occurrence

NIGHTLY = "0 0 5 * * *"


@dataclass
class Recorder:
    """Stands where the Invoker stands: notes each run and how many went on at once."""

    runs: list[TimerRequest] = field(default_factory=list)
    running: int = 0
    most: int = 0
    failure: Exception | None = None
    reported: list[Exception] = field(default_factory=list)

    async def __call__(self, _: IndexedFunction, value: Any) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        self.runs.append(value)
        if self.failure:
            raise self.failure

    def report(self, _: IndexedFunction, error: Exception) -> None:
        self.reported.append(error)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "hub.sqlite3")
    yield opened
    opened.close()


def timer(store: Store, recorder: Recorder, schedule: str = NIGHTLY, **options: Any) -> Timer:
    trigger = TimerTrigger("tick", schedule, **options)
    function = IndexedFunction("nightly", TIMER, print, trigger, "tick", (), False)
    return Timer(function, recorder, store)  # type: ignore[arg-type] # a stand-in, see Recorder


async def follow_until(timer: Timer, recorder: Recorder, runs: int) -> None:
    """Follow the timer until it has run that often and has gone to sleep."""
    task = asyncio.create_task(timer.follow())
    async with asyncio.timeout(60):
        while len(recorder.runs) < runs:
            await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("*/5 * * * * *", "2030-01-01T00:00:05Z"),
        ("0 */5 * * * *", "2030-01-01T00:05:00Z"),
        ("*/5 * * * *", "2030-01-01T00:05:00Z"),
        ("0 0 5 * * 1-5", "2030-01-01T05:00:00Z"),
        ("0 30 9 * 2 *", "2030-02-01T09:30:00Z"),
        # Both the day of the month and the day of the week must match: Friday the 13th.
        ("0 0 0 13 * 5", "2030-09-13T00:00:00Z"),
    ],
)
def test_the_next_occurrence_is_that_of_ncrontab(schedule: str, expected: str) -> None:
    assert next_occurrence(schedule, datetime(2030, 1, 1, tzinfo=UTC)) == instant(expected)


@pytest.mark.parametrize("schedule", ["nonsense", "0 0 25 * * *", "%NOT_SET_ANYWHERE%"])
def test_a_schedule_that_cannot_be_read_is_refused(store: Store, schedule: str) -> None:
    with pytest.raises(AppError, match="schedule"):
        timer(store, Recorder(), schedule)


def test_a_schedule_may_come_from_a_setting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEN", NIGHTLY)
    timer(store, Recorder(), "%WHEN%")


@pytest.mark.parametrize("missed", [True, False])
def test_an_occurrence_missed_while_the_host_was_down_runs_once(store: Store, missed: bool) -> None:
    recorder = Recorder()
    last = datetime.now(UTC) - (timedelta(days=3) if missed else timedelta(0))
    store.timer_ran("nightly", stamp(last))
    asyncio.run(follow_until(timer(store, recorder), recorder, int(missed)))
    assert [run.past_due for run in recorder.runs] == ([True] if missed else [])
    assert instant(store.timer_last("nightly") or "") >= last


def test_the_first_start_misses_nothing(store: Store) -> None:
    recorder = Recorder()
    asyncio.run(follow_until(timer(store, recorder), recorder, 0))
    assert (recorder.runs, store.timer_last("nightly") is not None) == ([], True)


def test_run_on_startup_runs_at_every_start(store: Store) -> None:
    recorder = Recorder()
    unmonitored = timer(store, recorder, run_on_startup=True, use_monitor=False)
    asyncio.run(follow_until(unmonitored, recorder, 1))
    assert [run.past_due for run in recorder.runs] == [False]
    assert store.timer_last("nightly") is None


def test_a_timer_follows_its_schedule(store: Store) -> None:
    recorder = Recorder()
    asyncio.run(follow_until(timer(store, recorder, "* * * * * *"), recorder, 1))
    assert [run.past_due for run in recorder.runs] == [False]
    assert (instant(store.timer_last("nightly") or "")).microsecond == 0


def test_runs_never_overlap(store: Store) -> None:
    recorder = Recorder()
    nightly = timer(store, recorder)

    async def at_once() -> None:
        await asyncio.gather(*(nightly.run(past_due=False) for _ in range(3)))

    asyncio.run(at_once())
    assert (len(recorder.runs), recorder.most) == (3, 1)


def test_a_failure_is_reported_and_the_timer_lives(store: Store) -> None:
    recorder = Recorder(failure=ValueError("no"))
    asyncio.run(timer(store, recorder).run(past_due=False))
    assert [str(error) for error in recorder.reported] == ["no"]
