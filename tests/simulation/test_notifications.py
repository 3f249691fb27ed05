"""What is told of a run that goes on, each event once, by scripts."""

from typing import Any

from orchestration.model import Plan
from simulation.playing import Play, Result
from simulation.scripted import closing, quick, reason, run, scripted
from simulation.world import World


def telling(units: int = 100, notify: dict[str, Any] | None = None, **changes: Any) -> Plan:
    return quick(units, notify=notify or {}, **changes)


def told(result: Result) -> dict[str, int]:
    """How often each event was told."""
    assert tuple(f"{event} in round 0" for event in closing(result).told) == tuple(
        result.world.told
    )
    return dict(result.world.told)


def test_a_run_without_events_tells_of_none() -> None:
    assert told(run(scripted(telling(notify={"dead_letters": 1})))) == {}


def test_dead_letters_and_money_are_told_of_once_each() -> None:
    notify = {"dead_letters": 2, "cost": 0.1}
    result = run(scripted(telling(500, notify), poison=frozenset(range(20))))
    assert result.end == "CompletedWithFailures"
    assert told(result) == {"dead-letters in round 0": 1, "cost in round 0": 1}


def test_an_answer_that_is_lost_is_asked_for_again_and_no_more() -> None:
    def break_the_first(world: World) -> None:
        lost = iter([True])

        def acted(decision: Any) -> None:
            if decision.activity == "notify" and next(lost, False):
                world.broken += 1
                raise RuntimeError("notify broke")

        world.acted = acted

    script = scripted(telling(500, {"dead_letters": 2}), poison=frozenset(range(20)))
    assert told(run(script, break_the_first)) == {"dead-letters in round 0": 2}


def test_a_stall_is_told_of_before_it_ends_the_run() -> None:
    busy = telling(limits={"stall_timeout": 300})
    result = run(scripted(busy, times={"throttle": 1_000}))
    assert reason(result).startswith("no progress for 300 s")
    assert told(result) == {"stalled in round 0": 1}
    lines = [at for at, text in result.world.story if text.startswith("Notify")]
    assert 150 < lines[0] < 210


def test_no_room_is_told_of_and_is_no_stall() -> None:
    def no_capacity_at_first(world: World) -> None:
        world.azure.no_capacity["here"] = 5_000.0

    result = run(scripted(telling()), no_capacity_at_first)
    assert result.end == "Succeeded"
    assert told(result) == {"waiting in round 0": 1}


def test_a_redrive_of_a_run_that_has_ended_tells_anew() -> None:
    play = Play(scripted(telling(100, {"dead_letters": 1}), poison=frozenset({7})))
    play.once()
    play.world.start_again()
    play.world.workers.poison |= {7}
    play.once()
    assert play.result.wrong == []
    assert dict(play.world.told) == {"dead-letters in round 0": 1, "dead-letters in round 1": 1}
