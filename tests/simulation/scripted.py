"""Runs by a script: nothing happens by chance, and a test says what goes wrong and when."""

from collections.abc import Callable, Mapping
from typing import Any

from support.states import plan

from orchestration.model import Plan, RunState

from .azure import Group
from .playing import Play, Result
from .scenario import Scenario
from .world import World

Script = Callable[[World], None]


def scripted(
    plan: Plan | None = None, *, times: Mapping[str, int] | None = None, **changes: Any
) -> Scenario:
    """A scenario by hand; the faults happen the first `times` that they can."""
    values: dict[str, Any] = {
        "unit_seconds": 5.0,
        "start_seconds": 10.0,
        "visibility": 30.0,
        "idle": 60.0,
        "prepare_calls": 1,
        "groups_quota": 100,
        "cores_quota": 100.0,
        "wishes": (),
    }
    times = times or {}
    return Scenario(
        seed=0,
        plan=plan or quick(),
        faults=frozenset(times),
        times=times,
        **{**values, **changes},
    )


def quick(units: int = 100, **changes: Any) -> Plan:
    """A plan whose units are tried once."""
    limits = {"attempts": 1, "unit_timeout": 60, **changes.pop("limits", {})}
    return plan(units, limits=limits, **changes)


def run(scenario: Scenario, *scripts: Script) -> Result:
    """Play it to its end; every invariant holds."""
    play = Play(scenario)
    for script in scripts:
        script(play.world)
    play.once()
    assert play.result.wrong == [], play.result.story
    return play.result


def when(world: World, holds: Callable[[], bool], then: Callable[[], None]) -> None:
    """Let something happen once, as soon as something else holds."""

    def look() -> None:
        if holds():
            then()
        else:
            world.agenda.after(1.0, look)

    world.agenda.after(0.0, look)


def closing(result: Result) -> RunState:
    """The state that a run was closed with."""
    assert result.world.report, result.story
    return result.world.report


def reason(result: Result) -> str:
    """Why the run ended as it did."""
    verdict = closing(result).verdict
    return verdict.reason if verdict else ""


def done(world: World, stage: str = "generate") -> set[int]:
    """The units that are done."""
    return {unit for at, unit in world.workers.done if at == stage}


def groups(world: World) -> list[Group]:
    """Every group that there ever was, in the order of their creation."""
    return list(world.azure.history.values())


def at_work(world: World, seconds: float) -> int:
    """How many containers ran at a time."""
    return sum(
        group.pulled is not None
        and group.pulled <= seconds
        and (group.ended is None or group.ended > seconds)
        for group in groups(world)
    )


def first_at_work(world: World) -> Group:
    """The first group that is at work now."""
    return next(group for group in world.azure.groups.values() if group.running)
