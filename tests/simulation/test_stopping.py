"""What ends a run before its work is done, and what does not."""

from simulation.scripted import done, groups, quick, reason, run, scripted
from simulation.world import World


def test_tolerated_failures_exceeded_stop_the_run() -> None:
    few = quick(1_000, limits={"tolerated_failures": 2})
    result = run(scripted(few, poison=frozenset(range(1_000))))
    assert result.end == "Failed"
    assert reason(result).endswith("units failed and 2 are tolerated")
    assert 2 < len(result.world.workers.dead) < 50


def test_as_many_failures_as_are_tolerated_do_not() -> None:
    few = quick(200, limits={"tolerated_failures": 2})
    result = run(scripted(few, poison=frozenset({7, 42})))
    assert result.end == "CompletedWithFailures"
    assert len(done(result.world)) == 198


def test_one_error_on_most_of_the_first_units_stops_the_run() -> None:
    limits = {"repeated_error_units": 20, "repeated_error_percent": 50}
    result = run(scripted(quick(1_000, limits=limits), poison=frozenset(range(1_000))))
    assert result.end == "Failed"
    assert reason(result).endswith("of the first units failed alike: poison")
    assert 10 <= len(result.world.workers.dead) < 50


def test_the_same_error_on_few_units_does_not() -> None:
    limits = {"repeated_error_units": 20, "repeated_error_percent": 50}
    result = run(scripted(quick(300, limits=limits), poison=frozenset(range(0, 300, 5))))
    assert result.end == "CompletedWithFailures"
    assert len(result.world.workers.dead) == 60


def test_the_cost_cap_stops_the_run() -> None:
    result = run(scripted(quick(10_000, limits={"cost": 0.5})))
    assert result.end == "Failed"
    assert reason(result) == "the cost cap of 0.5 is reached"
    assert 0.3 < result.world.azure.money() <= 0.5


def test_the_deadline_stops_the_run() -> None:
    result = run(scripted(quick(10_000, limits={"deadline": 600})))
    assert result.end == "Failed"
    assert reason(result) == "the deadline of 600 s has passed"
    assert 600 < result.world.agenda.now < 690


def test_a_stall_fails_the_run_with_the_last_note() -> None:
    busy = quick(limits={"stall_timeout": 300})
    result = run(scripted(busy, times={"throttle": 1_000}))
    assert result.end == "Failed"
    assert reason(result).startswith("no progress for 300 s; last: ")
    assert reason(result).endswith("TooManyRequests")
    assert result.world.agenda.now < 400


def test_a_fatal_refusal_fails_the_run_at_once() -> None:
    result = run(scripted(times={"fatal_error": 1}))
    assert result.end == "Failed"
    assert reason(result).endswith("AuthorizationFailed")
    assert result.world.agenda.now < 60


def test_workers_that_only_die_fail_the_run() -> None:
    def die_at_once(world: World) -> None:
        world.workers.begun = lambda group: world.workers.die(group, 70)

    result = run(scripted(quick(limits={"replacements": 8})), die_at_once)
    assert result.end == "Failed"
    assert "ended without any progress, exit codes [70]" in reason(result)
    assert len(groups(result.world)) < 8 + 5
    assert done(result.world) == set()


def test_misconfigured_workers_fail_the_run_after_a_few() -> None:
    def complain_at_once(world: World) -> None:
        world.workers.begun = lambda group: world.workers.die(group, 64)

    result = run(scripted(quick(limits={"replacements": 20})), complain_at_once)
    assert result.end == "Failed"
    assert "exit codes [64]" in reason(result)
    assert len(groups(result.world)) < 3 + 5


def test_workers_that_leave_at_once_with_work_to_do_are_a_stall() -> None:
    def leave_at_once(world: World) -> None:
        world.workers.begun = lambda group: world.workers.die(group, 0)

    lonely = quick(instances={"count": 1}, limits={"stall_timeout": 600})
    result = run(scripted(lonely), leave_at_once)
    assert result.end == "Failed"
    assert reason(result).startswith("no progress for 600 s")
    assert result.world.agenda.now < 900


def test_a_fleet_that_is_refused_together_is_asked_for_again() -> None:
    eight = quick(instances={"count": 8})
    result = run(scripted(eight, times={"unknown_error": 8}))
    assert result.end == "Succeeded"
    assert result.world.azure.refused == ["NeverSeen"] * 8
    assert len(groups(result.world)) == 8


def test_a_fleet_that_must_wait_for_its_pace_has_lost_no_group() -> None:
    eight = quick(instances={"count": 8}, limits={"replacements": 3})
    result = run(scripted(eight, times={"throttle": 40}))
    assert result.end == "Succeeded"
    assert result.world.azure.refused == ["TooManyRequests"] * 40


def test_an_audit_that_takes_longer_than_a_stall_is_none() -> None:
    parts = quick(1_000, part=1, instances={"count": 20}, limits={"stall_timeout": 60})
    result = run(scripted(parts))
    assert result.end == "Succeeded"
