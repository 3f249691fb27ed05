"""What becomes of a due time: by the overlap rule, once, and the same for everybody."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from orchestration.scheduling.decision import (
    KEPT,
    Choice,
    ScheduleState,
    Start,
    decide,
    has_started,
    next_one,
)
from orchestration.scheduling.definition import Overlap

DUE = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUNS = Start(due=DUE - 2 * HOUR, run="last")
WAITS = Start(due=DUE - HOUR, run="waiting")
NEVER = ScheduleState()
GOING = ScheduleState(last=RUNS, started=True)
FULL = ScheduleState(last=RUNS, started=True, waiting=WAITS)

SKIP, QUEUE, REPLACE = Overlap
TABLE = [
    # what is, what has ended, the rule -> the choice, the last run, the one that waits, whom it met
    (NEVER, None, SKIP, "start", "new", None, None),
    (NEVER, None, QUEUE, "start", "new", None, None),
    (GOING, "last", SKIP, "start", "new", None, None),
    (GOING, "last", REPLACE, "start", "new", None, None),
    (GOING, None, SKIP, "skip", "last", None, "last"),
    (GOING, None, QUEUE, "queue", "last", "new", "last"),
    (GOING, None, REPLACE, "replace", "last", "new", "last"),
    (GOING, "older", SKIP, "skip", "last", None, "last"),
    (FULL, None, SKIP, "skip", "last", "waiting", "waiting"),
    (FULL, None, QUEUE, "skip", "last", "waiting", "waiting"),
    (FULL, None, REPLACE, "skip", "last", "waiting", "waiting"),
    (FULL, "last", QUEUE, "skip", "last", "waiting", "waiting"),
]


@pytest.mark.parametrize(("state", "ended", "rule", "choice", "last", "waiting", "met"), TABLE)
def test_the_overlap_rule_decides(
    state: ScheduleState,
    ended: str | None,
    rule: Overlap,
    choice: str,
    last: str,
    waiting: str | None,
    met: str | None,
) -> None:
    decided = decide(state, DUE, rule, run="new", ended=ended)
    made = decided.decisions[-1]
    assert (made.due, made.choice, made.met) == (DUE, choice, met)
    assert made.run == (None if choice == "skip" else "new")
    assert decided.last
    assert decided.last.run == last
    assert (decided.waiting.run if decided.waiting else None) == waiting
    assert decided.started == (choice != "start")
    if choice in ("queue", "replace"):
        assert decided.waiting == Start(due=DUE, run="new", replaces=choice == "replace")


@pytest.mark.parametrize("rule", Overlap)
def test_ticks_that_saw_different_moments_agree(rule: Overlap) -> None:
    early = partial(decide, due=DUE, overlap=rule, run="early", ended=None)
    late = partial(decide, due=DUE, overlap=rule, run="late", ended="last")
    assert late(early(GOING)) == early(GOING)
    assert early(late(GOING)) == late(GOING)
    past = partial(decide, due=DUE - HOUR, overlap=rule, run="slow", ended="last")
    assert past(early(GOING)) == early(GOING), "a clock that is slow decides nothing any more"


def test_the_run_that_waits_is_next_once_the_last_has_ended() -> None:
    assert next_one(FULL, "older") == FULL
    promoted = next_one(FULL, "last")
    assert (promoted.last, promoted.started, promoted.waiting) == (WAITS, False, None)
    assert next_one(promoted, "last") == promoted
    assert has_started(promoted, "last") == promoted
    assert has_started(promoted, "waiting").started
    assert next_one(GOING, "last") == GOING


def test_the_latest_decisions_are_kept() -> None:
    state = NEVER
    for hour in range(KEPT + 5):
        state = decide(state, DUE + hour * HOUR, SKIP, run=f"r{hour}", ended=None)
    assert [made.due for made in state.decisions] == [
        DUE + hour * HOUR for hour in range(5, KEPT + 5)
    ]
    assert state.last == Start(due=DUE, run="r0")
    assert [made.choice for made in state.decisions] == [Choice.SKIP] * KEPT
