"""The step that comes after all units, and targets that ask for less, by scripts."""

from collections.abc import Callable

import pytest

from orchestration.model import Kind, Plan, Selection
from simulation.ledger import LAST
from simulation.playing import Play, Result
from simulation.scripted import (
    at_work,
    closing,
    done,
    groups,
    quick,
    reason,
    run,
    scripted,
    when,
)
from simulation.workers import FINISH
from simulation.world import World


def last(units: int = 50, **changes: object) -> Plan:
    """A plan of a run that has a last step, tried twice."""
    limits = {"attempts": 2, "unit_timeout": 60}
    return quick(units, finish=True, **{"limits": limits, **changes})


def once_at_it(act: Callable[[World], None]) -> Callable[[World], None]:
    """A script: something happens once a worker is at the last step."""
    return lambda world: when(world, lambda: world.workers.finishing, lambda: act(world))


def phases(result: Result) -> list[str]:
    """The phases of a run, in their order."""
    seen = [status["state"] for status in result.statuses]
    return [state for state, before in zip(seen, ["", *seen], strict=False) if state != before]


def test_it_follows_the_last_unit_and_needs_one_group() -> None:
    result = run(scripted(last(), finish_seconds=1_000, idle=30))
    assert result.end == "Succeeded"
    assert phases(result)[-2:] == ["Finishing", "Cleaning"]
    assert LAST in result.world.workers.done
    assert at_work(result.world, 500) == 1, "the others have left by themselves"
    assert result.statuses[-1]["finish"] == "done"


def test_a_run_whose_workers_have_left_gets_a_new_one() -> None:
    def leave(world: World) -> None:
        for group in groups(world):
            world.workers.die(group, 0)

    def once_all_is_done(world: World) -> None:
        when(world, lambda: len(done(world)) == 50, lambda: leave(world))

    result = run(scripted(last()), once_all_is_done)
    assert result.end == "Succeeded"
    assert len(groups(result.world)) == 3


def test_a_step_that_takes_longer_than_a_stall_is_none() -> None:
    limits = {"attempts": 1, "unit_timeout": 60, "stall_timeout": 120}
    result = run(scripted(last(limits=limits), finish_seconds=3_000))
    assert result.end == "Succeeded"
    assert result.world.agenda.now > 1_500


def test_a_step_that_nobody_works_on_is_a_stall() -> None:
    def hang(world: World) -> None:
        for group in groups(world):
            world.workers.hang(group)

    limits = {"attempts": 1, "unit_timeout": 60, "stall_timeout": 300, "silence_timeout": 9_000}
    result = run(scripted(last(limits=limits), finish_seconds=3_000), once_at_it(hang))
    assert result.end == "Failed"
    assert reason(result).startswith("no progress for 300 s")
    assert LAST not in result.world.workers.done


def test_a_worker_that_dies_at_it_is_replaced() -> None:
    def die(world: World) -> None:
        for group in groups(world):
            world.workers.die(group, 137)

    result = run(scripted(last()), once_at_it(die))
    assert result.end == "Succeeded"
    assert closing(result).losses == 0, "the step is progress"
    assert len(groups(result.world)) == 3


def test_a_step_that_fails_is_a_failure_that_a_redrive_mends() -> None:
    play = Play(scripted(last(), times={"broken_finish": 1}))
    play.once()
    assert play.result.end == "CompletedWithFailures"
    assert reason(play.result) == "the finishing step failed: no such table"
    play.world.start_again()
    play.once()
    assert play.result.end == "Succeeded"
    assert play.result.wrong == []


def test_a_redrive_of_units_is_followed_by_the_step_again() -> None:
    play = Play(scripted(last(), poison=frozenset({7})))
    play.once()
    assert reason(play.result) == "dead letters: 1"
    first = play.world.workers.committed[FINISH]
    play.world.start_again()
    play.once()
    assert (play.result.end, play.result.wrong) == ("Succeeded", [])
    assert play.world.workers.committed[FINISH] > first


def test_units_that_are_redriven_during_the_step_come_before_its_end() -> None:
    def redrive(world: World) -> None:
        world.workers.poison.clear()
        world.ask("redrive", redrives=(Selection(),))

    result = run(scripted(last(), poison=frozenset({7})), once_at_it(redrive))
    assert result.end == "Succeeded"
    assert phases(result).count("Finishing") == 2
    assert phases(result)[-2:] == ["Finishing", "Cleaning"]


@pytest.mark.parametrize(("lost", "end"), [(1, "Succeeded"), (4, "Failed")])
def test_a_message_that_vanishes_is_sent_again_a_few_times(lost: int, end: str) -> None:
    def while_any_is_left(world: World) -> None:
        send = world.queue.send

        def losing(stage: str, unit: int) -> None:
            nonlocal lost
            if stage == FINISH and lost:
                lost -= 1
            else:
                send(stage, unit)

        world.queue.send = losing  # type: ignore[method-assign]

    result = run(scripted(last()), while_any_is_left)
    assert result.end == end
    assert (LAST in result.world.workers.done) is (end == "Succeeded")


@pytest.mark.parametrize(
    ("wish", "end"),
    [({"cancel": True}, "Cancelled"), ({"paused": True}, "Succeeded"), ({"count": 1}, "Succeeded")],
)
def test_wishes_during_the_step(wish: dict[str, bool], end: str) -> None:
    def ask(world: World) -> None:
        world.ask("wish", **wish)
        world.agenda.after(900, lambda: world.ask("resume", paused=False))

    result = run(scripted(last(), finish_seconds=300), once_at_it(ask))
    assert result.end == end
    assert (LAST in result.world.workers.done) is (end == "Succeeded")


@pytest.mark.parametrize(
    ("limits", "why"),
    [({"deadline": 1_200}, "the deadline of 1200 s has passed"), ({"cost": 2}, "the cost cap")],
)
def test_what_ends_a_run_ends_its_last_step(limits: dict[str, float], why: str) -> None:
    result = run(scripted(last(limits=limits), finish_seconds=9_000))
    assert result.end == "Failed"
    assert reason(result).startswith(why)
    assert result.statuses[-1]["finish"] == "not done"


# ------------------------------------------------------------------------------ targets


def loading(units: int = 400, **changes: object) -> Plan:
    return quick(units, kind=Kind.INGEST, stages=("ingest",), instances={"count": 8}, **changes)


def test_fewer_groups_while_the_target_asks_for_less_and_more_after_it() -> None:
    result = run(scripted(loading(1_500), busy=((100.0, 400.0, 3),), unit_seconds=10.0))
    assert result.end == "Succeeded"
    world = result.world
    assert at_work(world, 95) == 8
    assert at_work(world, 480) <= 2
    busiest = max(at_work(world, seconds) for seconds in range(700, 1_400, 50))
    assert busiest > 4, "one more a minute"
    assert closing(result).losses == 0
    waits = {status["waits"] for status in result.statuses}
    assert "the target asks for less: too many connections" in waits


def test_a_target_that_is_away_for_long_is_named_as_the_reason() -> None:
    away = loading(limits={"stall_timeout": 900})
    result = run(scripted(away, busy=((60.0, 9_000.0, 0),)))
    assert result.end == "Failed"
    assert reason(result) == "no progress for 900 s; the target says: too many connections"
