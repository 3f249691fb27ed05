"""Whole runs in virtual time: the policy's decisions lead where they should."""

import pytest
from support.simulated import RUN, World, later, plan

from orchestration.model import Control, Phase, Remedy, RunLimits, Selection


def test_a_run_succeeds_and_leaves_nothing() -> None:
    world = World(plan(units=200))
    end = world.run()
    assert end.phase is Phase.SUCCEEDED
    assert world.done == set(range(200))
    assert world.closed
    assert not world.groups
    assert set(world.created.values()) == {1}
    assert end.account is not None
    assert end.account.done == {"generate": 200}


def test_the_window_bounds_what_is_outstanding() -> None:
    world, deepest = World(plan(units=500, window=50)), 0
    state = world.state()
    while not state.phase.final:
        state = world.turn(state)
        deepest = max(deepest, len(world.queue))
    assert deepest <= 50
    assert state.phase is Phase.SUCCEEDED


def test_no_more_groups_than_units() -> None:
    world = World(plan(units=3, count=10))
    assert world.run().groups_used == 3


def test_a_dead_worker_is_replaced_under_a_new_name() -> None:
    world = World(plan(units=300))
    state = world.state()
    while len(world.done) < 50:
        state = world.turn(state)
    world.crash(next(iter(world.groups.values())))
    end = world.run(state)
    assert end.phase is Phase.SUCCEEDED
    assert len(world.created) == 3
    assert set(world.created.values()) == {1}


def test_workers_that_only_die_fail_the_run() -> None:
    world = World(plan(limits=RunLimits(replacements=3)), rate=0)
    state = world.state()
    while not state.phase.final:
        state = world.turn(state)
        for group in world.groups.values():
            world.crash(group, exit_code=70)
    assert state.phase is Phase.FAILED
    assert state.verdict is not None
    assert "[70]" in state.verdict.reason
    assert not world.groups


def test_dead_units_end_in_completed_with_failures_and_a_redrive_mends_it() -> None:
    world = World(plan(units=100), poison={7, 42})
    end = world.run()
    assert end.phase is Phase.COMPLETED_WITH_FAILURES
    assert world.dead == {7, 42}
    assert world.done == set(range(100)) - {7, 42}

    world.control = Control(redrives=(Selection(),))
    world.plan = world.plan.model_copy(update={"resumed": True, "first_attempt": 1001})
    again = world.run()
    assert again.phase is Phase.SUCCEEDED
    assert world.done == set(range(100))
    assert set(world.created.values()) == {1}, "a name was used twice"


def test_a_redrive_wished_during_the_run_is_served_in_it() -> None:
    world = World(plan(units=100), poison={7})
    state = world.state()
    while not world.dead:
        state = world.turn(state)
    world.control = Control(redrives=(Selection(),))
    assert world.run(state).phase is Phase.SUCCEEDED
    assert world.done == set(range(100))


def test_units_that_vanish_are_found_by_the_audit() -> None:
    world = World(plan(units=100), lost={3, 4, 5})
    end = world.run()
    assert end.phase is Phase.SUCCEEDED
    assert world.done == set(range(100))


def test_units_that_vanish_for_ever_fail_the_run_by_name() -> None:
    class Thief(World):
        def work(self, until: object) -> None:
            self.lost = {13}
            super().work(until)  # type: ignore[arg-type]

    end = Thief(plan(units=20)).run()
    assert end.phase is Phase.FAILED
    assert end.verdict is not None
    assert "generate/13" in end.verdict.reason


@pytest.mark.parametrize("after", [0, 1, 3, 6])
def test_cancel_at_any_time_removes_every_group(after: int) -> None:
    world = World(plan(units=1_000))
    state = world.state()
    for _ in range(after):
        state = world.turn(state)
    world.control = Control(cancel=True, reason="enough")
    turns = world.turns
    end = world.run(state)
    assert end.phase is Phase.CANCELLED
    assert not world.groups
    assert world.turns - turns <= 3


def test_tolerated_failures_exceeded_stop_the_run() -> None:
    limits = RunLimits(tolerated_failures=2)
    world = World(plan(units=1_000, limits=limits), poison=set(range(1_000)))
    end = world.run()
    assert end.phase is Phase.FAILED
    assert len(world.dead) < 1_000


def test_the_cost_cap_stops_the_run() -> None:
    limits = RunLimits(cost=0.5)
    world = World(plan(units=100_000, limits=limits))
    end = world.run()
    assert end.phase is Phase.FAILED
    assert end.verdict is not None
    assert "cost cap" in end.verdict.reason
    assert world.turns < 100


def test_the_deadline_stops_the_run() -> None:
    world = World(plan(units=100_000, limits=RunLimits(deadline=600)))
    end = world.run()
    assert end.phase is Phase.FAILED
    assert world.now <= later(700)


def test_a_stall_fails_the_run_with_the_last_note() -> None:
    world = World(plan(limits=RunLimits(stall_timeout=300)), refuse=[Remedy.AGAIN] * 1_000)
    end = world.run()
    assert end.phase is Phase.FAILED
    assert end.verdict is not None
    assert "refused" in end.verdict.reason


def test_a_fatal_refusal_fails_the_run_at_once() -> None:
    world = World(plan(), refuse=[Remedy.FATAL])
    end = world.run()
    assert end.phase is Phase.FAILED
    assert end.verdict is not None
    assert end.verdict.reason == "refused"
    assert world.turns < 6


def test_lost_replies_never_make_a_second_group() -> None:
    world = World(plan(units=200), lose_replies=2)
    end = world.run()
    assert end.phase is Phase.SUCCEEDED
    assert set(world.created.values()) == {1}
    assert len(world.created) == 2


def test_slow_deletions_are_waited_for() -> None:
    world = World(plan(units=50), slow_deletes=5)
    assert world.run().phase is Phase.SUCCEEDED
    assert not world.groups


def test_a_group_stuck_in_pending_is_given_up() -> None:
    class Stuck(World):
        def work(self, until: object) -> None:
            for group in self.groups.values():
                group.state = "Running" if group.attempt > 1 else "Pending"
            super().work(until)  # type: ignore[arg-type]

    world = Stuck(plan(units=50, limits=RunLimits(start_timeout=60)))
    assert world.run().phase is Phase.SUCCEEDED
    assert f"{RUN}-001-02" in world.created


def test_a_worker_that_left_at_the_end_is_not_replaced() -> None:
    world = World(plan(units=100, count=4), rate=1)
    state = world.state()
    while len(world.done) < 95:
        state = world.turn(state)
    leaver = next(iter(world.groups.values()))
    world.crash(leaver, exit_code=0)
    end = world.run(state)
    assert end.phase is Phase.SUCCEEDED
    assert len(world.created) == 4


def test_every_turn_may_be_lost() -> None:
    """A turn whose outcomes never arrive is decided again and does no harm."""
    world = World(plan(units=200))
    state = world.state()
    for number in range(400):
        after = world.turn(state)
        state = state if number % 2 and not after.phase.final else after
        if state.phase.final:
            break
    assert state.phase is Phase.SUCCEEDED
    assert set(world.created.values()) == {1}
    assert world.done == set(range(200))
