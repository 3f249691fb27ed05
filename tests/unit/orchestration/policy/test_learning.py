"""Folding an observation into the state."""

from typing import Any

import pytest
from simulation.agenda import moment
from support.states import (
    asked,
    ended,
    fleet,
    gone,
    name,
    observation,
    plan,
    slot,
    state,
    view,
    wished,
)
from support.tables import table

from orchestration.model import (
    Control,
    GroupView,
    Observation,
    Phase,
    Progress,
    Refusal,
    Remedy,
    RunState,
    Slot,
)
from orchestration.policy.learning import learn


def seen(*views: GroupView, **changes: Any) -> Observation:
    return observation(**{"groups": views, **changes})


def lately(group: Slot) -> tuple[Any, ...]:
    return group.ordinal, group.attempt, group.status


@table(
    "before, look, now, after",
    {
        "a group that was asked for is there": (
            state(asked()),
            seen(view()),
            10,
            [(1, 1, "live")],
        ),
        "one that does not show yet may be on its way": (
            state(asked()),
            seen(),
            120,
            [(1, 1, "requested")],
        ),
        "for two minutes": (state(asked()), seen(), 121, [(1, 1, "gone")]),
        "even if its creation was answered": (
            state(asked(answered=True)),
            seen(),
            121,
            [(1, 1, "gone")],
        ),
        "one that was there is gone at once": (state(slot()), seen(), 1, [(1, 1, "gone")]),
        "so is one that was over": (state(slot(status="over")), seen(), 1, [(1, 1, "gone")]),
        "one has ended": (state(slot()), seen(ended()), 20, [(1, 1, "over")]),
        "one runs again after all": (
            state(slot(status="over")),
            seen(view()),
            20,
            [(1, 1, "live")],
        ),
        "one that is gone and still shows stays gone": (
            state(gone()),
            seen(view()),
            20,
            [(1, 1, "gone")],
        ),
        "one that nobody has asked for is taken in": (state(), seen(view(3)), 20, [(3, 1, "live")]),
        "in the order of the places": (
            state(slot(2)),
            seen(view(3), view(2), view(1)),
            20,
            [(1, 1, "live"), (2, 1, "live"), (3, 1, "live")],
        ),
        "a later attempt at a free place is taken in": (
            state(gone(1, 2)),
            seen(view(1, 3)),
            20,
            [(1, 3, "live")],
        ),
        "an earlier one is not": (state(gone(1, 2)), seen(view(1, 1)), 20, [(1, 2, "gone")]),
        "a later one at a place that is taken is not": (
            state(slot(1, 2)),
            seen(view(1, 2), view(1, 3)),
            20,
            [(1, 2, "live")],
        ),
        "one of an earlier round is not": (
            state(plan(first_attempt=1_001)),
            seen(view(1, 1_000)),
            20,
            [],
        ),
        "one of this round is": (
            state(plan(first_attempt=1_001)),
            seen(view(1, 1_001)),
            20,
            [(1, 1_001, "live")],
        ),
    },
)
def test_places(before: RunState, look: Observation, now: float, after: list[Any]) -> None:
    assert [lately(slot) for slot in learn(before, look, moment(now)).slots] == after


@table(
    "before, look, losses",
    {
        "all work": (slot(), seen(view()), 3),
        "one died": (slot(), seen(ended(exit_code=70)), 4),
        "one vanished": (slot(), seen(), 4),
        "one without an answer never showed": (asked(), seen(), 3),
        "one that was created never showed": (asked(answered=True), seen(), 4),
        "one left by itself": (slot(), seen(ended()), 3),
        "one that we wanted no longer has gone": (slot(retired=True), seen(), 3),
        "one that died before is counted": (slot(status="over"), seen(), 3),
        "progress forgives": (slot(), seen(done=11), 0),
        "a creation that was accepted and failed": (
            slot(),
            seen(view(refusal=Refusal(code="X", remedy=Remedy.REGION))),
            3,
        ),
    },
)
def test_losses(before: Slot, look: Observation, losses: int) -> None:
    assert learn(state(before, losses=3), look, moment(300)).losses == losses


@table(
    "before, look, progressed",
    {
        "the first look": (state(observation=None), seen(), 300),
        "nothing has changed": (state(slot()), seen(view()), 0),
        "a unit is done": (state(slot()), seen(view(), done=11), 300),
        "a unit is dead": (state(slot()), seen(view(), dead=1), 300),
        "the queue's count wavers": (state(slot()), seen(view(), queued=49), 0),
        "groups come and go": (state(slot()), seen(view(), view(2)), 0),
        "rows alone": (
            state(slot()),
            seen(view(), progress={"generate": Progress(units=10, rows=5)}),
            300,
        ),
        "paused": (state(slot()), wished(paused=True), 300),
        "a pause is no excuse for having no plan": (state(plan=None), wished(paused=True), 0),
        "nowhere is room, and no group": (
            state(),
            seen(rooms={"here": {"groups": 0, "cores": 9, "spot_cores": 9}}),
            300,
        ),
        "no group, though there is room": (state(), seen(), 0),
        "no group, and no room was asked for": (state(), seen(rooms={}), 0),
        "nowhere is room, and one group works": (
            state(slot()),
            seen(view(), rooms={"here": {"groups": 0, "cores": 9, "spot_cores": 9}}),
            0,
        ),
        "all placements are shut": (state(full={"here": moment(301)}), seen(), 300),
        "they are open again": (state(full={"here": moment(300)}), seen(), 0),
    },
)
def test_progress(before: RunState, look: Observation, progressed: float) -> None:
    assert learn(before, look, moment(300)).progressed == moment(progressed)


@table(
    "quiet, queued, now_quiet",
    {"the queue is empty": (0, 0, 1), "still": (1, 0, 2), "no longer": (5, 1, 0)},
)
def test_quiet(quiet: int, queued: int, now_quiet: int) -> None:
    after = learn(state(quiet=quiet), observation(queued), moment(1))
    assert after.quiet == now_quiet


@table(
    "look, refusals",
    {
        "a group runs": (seen(view()), {}),
        "a group starts": (seen(view(state="Pending")), {"X": 2}),
        "a group has run": (seen(ended()), {"X": 2}),
        "a group says so though its container has ended": (
            seen(view(ended=moment(5))),
            {"X": 2},
        ),
    },
)
def test_refusals_are_forgotten_once_a_group_runs(
    look: Observation, refusals: dict[str, int]
) -> None:
    assert learn(state(slot(), refusals={"X": 2}), look, moment(10)).refusals == refusals


FULL = Refusal(code="InsufficientCapacity", remedy=Remedy.REGION)
DENIED = Refusal(code="AuthorizationFailed", remedy=Remedy.FATAL)


@table(
    "before, look, full, retired",
    {
        "a spot group died": (
            slot(spot=True),
            seen(ended(spot=True, exit_code=137)),
            {"here/spot": 610},
            False,
        ),
        "a spot group left by itself": (slot(spot=True), seen(ended(spot=True)), {}, True),
        "a spot group that we want no longer": (
            slot(spot=True, retired=True),
            seen(ended(spot=True, exit_code=137)),
            {},
            True,
        ),
        "a group at the full price died": (slot(), seen(ended(exit_code=137)), {}, False),
        "a creation that was accepted failed later": (
            asked(answered=True),
            seen(view(refusal=FULL)),
            {"here": 310},
            True,
        ),
        "it is no eviction": (
            asked(answered=True, spot=True),
            seen(view(spot=True, refusal=FULL)),
            {"here/spot": 310},
            True,
        ),
        "it is understood once": (
            slot(status="over", retired=True),
            seen(view(refusal=FULL)),
            {},
            True,
        ),
    },
)
def test_the_end_of_a_group_is_understood(
    before: Slot, look: Observation, full: dict[str, float], retired: bool
) -> None:
    after = learn(state(before), look, moment(10))
    assert after.full == {key: moment(until) for key, until in full.items()}
    assert [slot.retired for slot in after.slots] == [retired]


def test_creations_that_fail_together_are_one_try() -> None:
    refusal = Refusal(code="InaccessibleImage", remedy=Remedy.FATAL, wait=60, tries=1)
    places = range(1, 5)
    look = seen(*(view(ordinal, refusal=refusal) for ordinal in places))
    after = learn(state(*(asked(ordinal, answered=True) for ordinal in places)), look, moment(10))
    assert (after.verdict, after.refusals) == (None, {"InaccessibleImage": 1})


def test_a_creation_that_failed_for_good_ends_the_run() -> None:
    look = seen(view(refusal=DENIED, detail="no role"))
    after = learn(state(asked(answered=True)), look, moment(10))
    assert after.verdict
    assert after.verdict.reason == f"{look.groups[0].name}: {DENIED.code}: no role"


def ran(before: float | None, done: int, seconds: float, *views: GroupView) -> float | None:
    """The speed after ten units became `done` in so many seconds."""
    run = state(seen(*views), speed=before)
    return learn(run, seen(*views, done=done), moment(seconds)).speed


@table(
    "before, done, seconds, groups, speed",
    {
        "units per group and second": (None, 40, 10, 3, 1.0),
        "the newest look is worth a part": (2.0, 40, 10, 3, 0.7 * 2.0 + 0.3 * 1.0),
        "nothing done slows it down": (1.0, 10, 10, 3, 0.7),
        "nobody at work tells nothing": (1.0, 40, 10, 0, 1.0),
        "no time tells nothing": (1.0, 40, 0, 3, 1.0),
        "a count that went back tells nothing": (1.0, 5, 10, 3, 1.0),
    },
)
def test_speed(before: float | None, done: int, seconds: float, groups: int, speed: float) -> None:
    views = [view(ordinal) for ordinal in range(1, groups + 1)]
    assert ran(before, done, seconds, *views) == pytest.approx(speed)


def test_starting_groups_have_no_speed_yet() -> None:
    views = (view(1), view(2, state="Pending"))
    assert ran(None, 40, 10, *views) == pytest.approx(3.0)


def test_the_first_look_tells_no_speed() -> None:
    assert learn(state(observation=None), seen(view()), moment(10)).speed is None


@table(
    "before, used",
    {
        "a group without an answer that shows was created": (asked(), 6),
        "one that was answered is counted already": (asked(answered=True), 5),
        "one that works is as well": (slot(), 5),
    },
)
def test_groups_used(before: Slot, used: int) -> None:
    assert learn(state(before, groups_used=5), seen(view()), moment(10)).groups_used == used


def test_what_a_group_cost_is_kept_when_it_vanishes() -> None:
    after = learn(state(*fleet(2)), seen(view(1)), moment(100))
    assert after.billed_seconds == 100.0


def test_deletions_are_remembered_as_long_as_the_group_shows() -> None:
    run = state(*fleet(2), deleting={name(1): moment(1), name(2): moment(2)})
    assert learn(run, seen(view(2)), moment(10)).deleting == {name(2): moment(2)}


@table(
    "look, phase",
    {
        "a wish is heard at once": (wished(paused=True), Phase.PAUSED),
        "a rule may end the run": (wished(cancel=True), Phase.CLEANING),
        "it goes on": (seen(), Phase.DRAINING),
    },
)
def test_the_phase_follows_from_what_is_seen(look: Observation, phase: Phase) -> None:
    after = learn(state(), look, moment(10))
    assert (after.phase, after.observation, after.observed) == (phase, look, moment(10))


def test_a_control_without_wishes_changes_nothing() -> None:
    assert learn(state(), seen(control=Control()), moment(10)).verdict is None
