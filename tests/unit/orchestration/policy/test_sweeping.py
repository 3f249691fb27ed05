"""What a sweep does to groups and runs, case by case."""

from datetime import UTC, datetime, timedelta

import pytest

from orchestration.model import Phase, Remove
from orchestration.policy.sweeping import Known, Listed, Tagged, to_sweep

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RETENTION = timedelta(days=30)
NEW, OLD = NOW - timedelta(minutes=4), NOW - timedelta(minutes=6)
PAST, AHEAD = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
LIVE, OVER = Known(live=True, updated=OLD), Known(live=False, updated=PAST)
ENDED_BEFORE = Known(live=False, updated=NOW - timedelta(minutes=10))


def listed(state: Phase = Phase.RUNNING, changed: datetime = OLD) -> Listed:
    return Listed(state=state, changed=changed)


DONE = listed(Phase.SUCCEEDED)
FULL_AGE = listed(Phase.FAILED, NOW - RETENTION)
TOO_OLD = listed(Phase.FAILED, NOW - RETENTION - timedelta(seconds=1))
GROUP = Tagged(name="r-001-01", run="r", expires=AHEAD)

CASES: dict[str, tuple[list[Tagged], Listed | None, Known | None, set[str]]] = {
    "a group of a run that goes on": ([GROUP], listed(), LIVE, set()),
    "a group without expiry": (
        [GROUP.model_copy(update={"expires": None})],
        listed(),
        LIVE,
        set(),
    ),
    "a group past its expiry": (
        [GROUP.model_copy(update={"expires": PAST})],
        listed(),
        LIVE,
        {"remove"},
    ),
    "a group of a run that has ended": ([GROUP], DONE, OVER, {"remove"}),
    "a group of a terminated run, which is closed in a later round": (
        [GROUP],
        listed(),
        OVER,
        {"remove"},
    ),
    "a group of a run that nobody knows": ([GROUP], None, None, {"remove"}),
    "a group of a run that was purged from the runtime": ([GROUP], DONE, None, {"remove"}),
    "a group of a run too old to keep, which is purged in a later round": (
        [GROUP],
        TOO_OLD,
        None,
        {"remove"},
    ),
    "a run that goes on": ([], listed(), LIVE, set()),
    "a run that was terminated": ([], listed(), OVER, {"abandon"}),
    "a run that was accepted just now": ([], listed(Phase.PLANNING, NEW), None, set()),
    "a run that was never started": ([], listed(Phase.PLANNING), None, {"abandon"}),
    "a run that is to go on after a redrive": (
        [],
        listed(Phase.PLANNING, NEW),
        ENDED_BEFORE,
        set(),
    ),
    "a run that never went on after a redrive": (
        [],
        listed(Phase.PLANNING),
        ENDED_BEFORE,
        {"abandon"},
    ),
    "a run that has ended": ([], DONE, OVER, set()),
    "a run that has ended as long ago as runs are kept": ([], FULL_AGE, None, set()),
    "a run too old to keep": ([], TOO_OLD, None, {"purge"}),
    "a run too old to keep that goes on": ([], TOO_OLD, LIVE, set()),
}


@pytest.mark.parametrize("case", CASES)
def test_a_sweep_does_this(case: str) -> None:
    groups, run, known, done = CASES[case]
    found = to_sweep(
        groups,
        {"r": run} if run else {},
        {"r": known} if known else {},
        NOW,
        RETENTION,
    )
    assert found.remove == ((Remove(run="r", name="r-001-01"),) if "remove" in done else ())
    assert found.abandon == (("r",) if "abandon" in done else ())
    assert found.purge == (("r",) if "purge" in done else ())


def test_runs_do_not_get_into_each_others_way() -> None:
    groups = [GROUP, Tagged(name="s-001-01", run="s", expires=AHEAD)]
    runs = {"r": listed(), "s": listed(), "t": listed(), "u": TOO_OLD}
    found = to_sweep(groups, runs, {"r": LIVE, "s": OVER, "t": OVER}, NOW, RETENTION)
    assert found.remove == (Remove(run="s", name="s-001-01"),)
    assert (found.abandon, found.purge) == (("t",), ("u",))
