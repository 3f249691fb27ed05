"""The life of a run from its start to its end, by scripts."""

from itertools import cycle

import pytest

from orchestration.model import Account, Audit, Decision, Selection
from simulation.playing import Play
from simulation.scripted import (
    closing,
    done,
    groups,
    quick,
    reason,
    run,
    scripted,
    when,
)
from simulation.world import World


def test_a_run_succeeds_and_leaves_nothing() -> None:
    result = run(scripted(quick(200)))
    assert result.end == "Succeeded"
    assert done(result.world) == set(range(200))
    assert not result.world.azure.groups
    assert [group.name[-6:] for group in groups(result.world)] == ["001-01", "002-01"]
    account = Account(done={"generate": 200}, dead={"generate": 0}, missing={"generate": 0})
    assert closing(result).account == account


def test_a_run_of_no_units_succeeds_soon() -> None:
    result = run(scripted(quick(0)))
    assert result.end == "Succeeded"
    assert groups(result.world) == []
    assert result.world.agenda.now < 60


def test_the_window_bounds_what_is_outstanding() -> None:
    result = run(scripted(quick(500, window=50)))
    assert result.end == "Succeeded"
    assert 40 <= result.world.queue.deepest <= 50


def test_no_more_groups_than_units() -> None:
    result = run(scripted(quick(3, instances={"count": 10})))
    assert closing(result).groups_used == len(groups(result.world)) == 3


def test_a_worker_that_left_at_the_end_is_not_replaced() -> None:
    result = run(scripted(quick(100, instances={"count": 4}), unit_seconds=20.0, idle=3.0))
    assert result.end == "Succeeded"
    ends = sorted(group.ended or 0.0 for group in groups(result.world))
    assert len(ends) == 4
    assert ends[-1] - ends[0] > 15, "the first left while others worked"


# ------------------------------------------------------------------------------ units


def test_dead_units_are_no_failure_and_a_redrive_mends_them() -> None:
    play = Play(scripted(quick(100), poison=frozenset({7, 42})))
    play.once()
    assert play.result.end == "CompletedWithFailures"
    assert reason(play.result) == "dead letters: 2"
    assert done(play.world) == set(range(100)) - {7, 42}

    play.world.start_again()
    play.once()
    assert play.result.end == "Succeeded"
    assert play.result.wrong == []
    assert done(play.world) == set(range(100))


def test_a_redrive_during_the_run_is_served_in_it() -> None:
    def redrive(world: World) -> None:
        world.workers.poison.clear()
        world.ask("redrive", redrives=(Selection(),))

    def once_one_is_dead(world: World) -> None:
        when(world, lambda: bool(world.workers.dead), lambda: redrive(world))

    result = run(scripted(quick(100), poison=frozenset({7})), once_one_is_dead)
    assert result.end == "Succeeded"
    assert done(result.world) == set(range(100))


def test_a_redrive_during_the_cleanup_is_served_by_a_new_fleet() -> None:
    def redrive(world: World) -> None:
        world.workers.poison.clear()
        world.ask("redrive", redrives=(Selection(),))

    def once_groups_are_deleted(world: World) -> None:
        when(world, lambda: bool(world.azure.deletions), lambda: redrive(world))

    fleet = quick(200, instances={"count": 25}, limits={"replacements": 3})
    result = run(scripted(fleet, poison=frozenset({7})), once_groups_are_deleted)
    assert result.end == "Succeeded"
    assert len(groups(result.world)) == 26


def test_units_that_vanish_are_found_by_the_audit() -> None:
    result = run(scripted(quick(100), vanishing={3: 1, 4: 2, 99: 1}))
    assert result.end == "Succeeded"
    assert done(result.world) == set(range(100))


def test_units_that_vanish_for_ever_fail_the_run_by_name() -> None:
    result = run(scripted(quick(20), vanishing={13: 1_000}))
    assert result.end == "Failed"
    assert reason(result) == "missing units after 3 reseeds: 1, such as generate/13"


def test_an_audit_walks_over_all_units_part_by_part() -> None:
    audits: list[Audit] = []

    def watch(world: World) -> None:
        def note(decision: Decision) -> None:
            if isinstance(decision, Audit):
                audits.append(decision)

        world.acted = note

    units = quick(1_000, part=10, instances={"count": 20}, window=1_000)
    result = run(scripted(units, vanishing={555: 1}), watch)
    assert result.end == "Succeeded"
    twice = [*range(0, 1_000, 10)] * 2  # unit 555 was missing the first time
    assert [audit.first for audit in audits] == twice
    assert {audit.count for audit in audits} == {10}


# ------------------------------------------------------------------------------ wishes


@pytest.mark.parametrize("seconds", [0, 1, 5, 20, 100])
def test_a_cancel_at_any_time_removes_every_group(seconds: float) -> None:
    def cancel(world: World) -> None:
        world.agenda.after(seconds, lambda: world.ask("cancel", cancel=True, reason="enough"))

    result = run(scripted(quick(1_000)), cancel)
    assert result.end == "Cancelled"
    assert reason(result) == "enough"
    assert not result.world.azure.groups
    assert result.world.agenda.now < seconds + 60
    assert len(done(result.world)) < 1_000


def test_a_pause_empties_the_fleet_and_its_end_fills_it_again() -> None:
    at_rest: list[tuple[int, int]] = []

    def pause(world: World) -> None:
        def look() -> None:
            at_rest.append((len(world.azure.groups), len(done(world))))

        world.agenda.after(60, lambda: world.ask("pause", paused=True))
        world.agenda.after(120, look)
        world.agenda.after(4_000, look)  # far longer than a stall
        world.agenda.after(4_000, lambda: world.ask("resume", paused=False))

    result = run(scripted(quick(200)), pause)
    assert result.end == "Succeeded"
    (left, before), (_, after) = at_rest
    assert left == 0
    assert 0 < before == after < 200
    assert closing(result).losses == 0
    assert {status["state"] for status in result.statuses} >= {"Paused", "Draining"}


# ------------------------------------------------------------------------------ answers


def test_lost_answers_make_no_second_group() -> None:
    result = run(scripted(quick(200), times={"lost_reply": 2}))
    assert result.end == "Succeeded"
    assert len(groups(result.world)) == closing(result).groups_used == 2


def test_slow_deletions_are_waited_for() -> None:
    result = run(scripted(quick(50), times={"slow_delete": 2}))
    assert result.end == "Succeeded"
    assert result.world.agenda.now > 120


def test_many_answers_may_be_lost() -> None:
    """What is carried out and never answered is decided again, and does no harm."""

    def lose(world: World) -> None:
        answers = cycle((False, False, True))

        def acted(_: Decision) -> None:
            if next(answers):
                raise RuntimeError("the answer is lost")

        world.acted = acted

    result = run(scripted(quick(200)), lose)
    assert result.end == "Succeeded"
    assert done(result.world) == set(range(200))
    assert len(groups(result.world)) == 2
