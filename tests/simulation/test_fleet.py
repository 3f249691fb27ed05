"""The fleet of a run: how large it is, where it is, and what becomes of a lost worker."""

from typing import Any

import pytest

from orchestration.model import Plan
from orchestration.policy import placing
from simulation.playing import Play
from simulation.scripted import (
    at_work,
    closing,
    done,
    first_at_work,
    groups,
    quick,
    run,
    scripted,
)
from simulation.world import World

TWO = ("here", "there")


def patient(units: int = 200, limits: dict[str, Any] | None = None, **changes: Any) -> Plan:
    """Units are tried again: a worker that dies takes none with it."""
    return quick(units, limits={"attempts": 3, **(limits or {})}, **changes)


def regions(world: World) -> list[str]:
    return [group.region for group in groups(world)]


# ------------------------------------------------------------------------------ scale


def test_more_and_fewer_by_wish() -> None:
    def scale(world: World) -> None:
        world.agenda.after(100, lambda: world.ask("scale", count=6))
        world.agenda.after(200, lambda: world.ask("scale", count=1))
        world.agenda.after(300, lambda: world.ask("scale", count=None))

    result = run(scripted(quick(500)), scale)
    assert result.end == "Succeeded"
    assert [at_work(result.world, seconds) for seconds in (90, 190, 290, 390)] == [2, 6, 1, 2]
    assert not closing(result).notes, "fewer by wish is no loss"


def test_more_groups_when_the_run_is_behind_its_goal() -> None:
    goal = {"max": 10, "finish_within": 600}
    result = run(scripted(quick(400, instances=goal), unit_seconds=20.0))
    assert result.end == "Succeeded"
    assert at_work(result.world, 30) == 1, "the speed is not known yet"
    assert 5 <= at_work(result.world, 300) <= 10
    assert result.world.agenda.now < 900


def test_the_least_that_reach_the_goal() -> None:
    goal = {"max": 10, "finish_within": 3_600}
    result = run(scripted(quick(400, instances=goal)))
    assert result.end == "Succeeded"
    assert len(groups(result.world)) == 1


def test_fewer_groups_as_the_backlog_shrinks() -> None:
    goal = {"max": 8, "min": 2, "backlog": 50}
    result = run(scripted(quick(400, instances=goal), unit_seconds=10.0))
    assert result.end == "Succeeded"
    fleet = [at_work(result.world, seconds) for seconds in (60, 120, 180, 320)]
    assert fleet[0] == 8
    assert fleet == sorted(fleet, reverse=True)
    assert fleet[-1] == 2
    assert len(groups(result.world)) == 8, "none that left was started again"


# ------------------------------------------------------------------------------ places


def test_the_full_price_where_there_is_no_more_spot() -> None:
    spot = {"count": 4, "spot": True}
    result = run(scripted(quick(instances=spot), cores_quota=2.0))
    assert result.end == "Succeeded"
    assert [group.spot for group in groups(result.world)] == [True, True, False, False]


def test_the_full_price_after_an_eviction_until_spot_may_be_had_again() -> None:
    def evictions(world: World) -> None:
        for seconds in (60, 1_000):
            world.agenda.after(seconds, lambda: world.workers.die(first_at_work(world), 137))

    spot = {"count": 1, "spot": True}
    result = run(scripted(patient(500, instances=spot)), evictions)
    assert result.end == "Succeeded"
    assert [group.spot for group in groups(result.world)] == [True, False, True]


def test_the_next_region_takes_what_the_first_has_no_room_for() -> None:
    four = quick(instances={"count": 4}, regions=TWO)
    result = run(scripted(four, groups_quota=3))
    assert result.end == "Succeeded"
    assert regions(result.world) == ["here", "here", "here", "there"]


def test_a_region_is_tried_again_when_it_may_have_room() -> None:
    def no_capacity_at_first(world: World) -> None:
        world.azure.no_capacity["here"] = 200.0
        world.agenda.after(400, lambda: world.workers.die(first_at_work(world), 137))

    result = run(scripted(patient(500, regions=TWO)), no_capacity_at_first)
    assert result.end == "Succeeded"
    assert result.world.azure.refused == ["ServiceUnavailable", "ServiceUnavailable"]
    assert regions(result.world) == ["there", "there", "here"]


def test_no_room_at_all_is_waited_for() -> None:
    def no_capacity_at_first(world: World) -> None:
        world.azure.no_capacity["here"] = 5_000.0  # far longer than a stall

    result = run(scripted(quick()), no_capacity_at_first)
    assert result.end == "Succeeded"
    assert groups(result.world)[0].created > 5_000


def test_fewer_groups_where_there_is_no_room_for_all() -> None:
    result = run(scripted(quick(instances={"count": 5}), groups_quota=2))
    assert result.end == "Succeeded"
    assert result.world.azure.most_at_once == 2
    assert result.world.azure.refused == [], "the quotas are asked before"


# ------------------------------------------------------------------------------ losses


def names(world: World) -> list[str]:
    return [group.name[-6:] for group in groups(world)]


def test_a_dead_worker_is_replaced_under_a_new_name() -> None:
    def one_dies(world: World) -> None:
        world.agenda.after(60, lambda: world.workers.die(first_at_work(world), 137))

    result = run(scripted(patient()), one_dies)
    assert result.end == "Succeeded"
    assert len(groups(result.world)) == 3
    assert names(result.world)[:2] == ["001-01", "002-01"]
    assert names(result.world)[2] in {"001-02", "003-01"}
    assert "exit code 137" in closing(result).notes[0]


def test_a_silent_worker_is_replaced() -> None:
    def one_hangs(world: World) -> None:
        world.agenda.after(60, lambda: world.workers.hang(first_at_work(world)))

    result = run(scripted(patient(500, {"silence_timeout": 120})), one_hangs)
    assert result.end == "Succeeded"
    assert len(groups(result.world)) == 3
    silent = f"{groups(result.world)[0].name}: no word from its worker for 120 s"
    assert closing(result).notes == (silent,)
    assert 180 <= groups(result.world)[2].created < 180 + 60


def test_a_group_whose_container_has_ended_in_silence_is_replaced() -> None:
    def one_is_undead(world: World) -> None:
        world.agenda.after(60, lambda: world.workers.become_zombie(first_at_work(world)))

    result = run(scripted(patient(500, {"silence_timeout": 120})), one_is_undead)
    assert result.end == "Succeeded"
    assert len(groups(result.world)) == 3
    assert len(done(result.world)) == 500


def test_a_group_that_never_starts_is_given_up() -> None:
    result = run(scripted(patient(200, {"start_timeout": 60}), times={"stuck_pending": 1}))
    assert result.end == "Succeeded"
    assert len(groups(result.world)) == 3
    assert groups(result.world)[0].pulled is None
    assert "not running after 60 s" in closing(result).notes[0]


def test_a_large_fleet_that_dies_is_replaced_in_azures_pace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More than a hundred creations are wanted in the first five minutes."""
    instances = {"count": 100, "cpu": 0.5, "concurrency": 1}
    plan = quick(1_000, instances=instances, window=1_000, limits={"replacements": 1_000})
    scenario = scripted(plan, unit_seconds=60.0, times={"crash": 1_000}, groups_quota=300)
    assert run(scenario).wrong == []
    monkeypatch.setattr(placing, "tokens", lambda *_: 1_000)
    assert "more creations than the pace allows" in Play(scenario).play().wrong
