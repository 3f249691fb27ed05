"""Which events are told of, and when no more."""

from typing import Any

from simulation.agenda import moment
from support.states import observation, plan, slot, state, wished
from support.tables import table

from orchestration.model import (
    Event,
    Notify,
    Outcome,
    Phase,
    Plan,
    RunState,
    SlotStatus,
    Verdict,
)
from orchestration.policy.deciding import decide
from orchestration.policy.notifying import notices
from orchestration.policy.settling import settle

SECOND = 0.001 + 1.5 * 0.0001
NO_ROOM = {"here": {"groups": 0, "cores": 0, "spot_cores": 0}}
STOPPED = Verdict(phase=Phase.FAILED, reason="x")


def of(**notify: Any) -> Plan:
    return plan(notify=notify)


def events(run: RunState, now: float = 0) -> list[str]:
    return [str(notice.event) for notice in notices(run, moment(now))]


@table(
    "run, now, told",
    {
        "nobody listens": (state(plan(), observation(dead=100)), 10_000, []),
        "before there is a plan": (state(observation(dead=100), plan=None), 10_000, []),
        "nothing is asked for": (state(of(), observation(dead=100)), 0, []),
        "fewer dead letters": (state(of(dead_letters=3), observation(dead=2)), 0, []),
        "as many": (state(of(dead_letters=3), observation(dead=3)), 0, ["dead-letters"]),
        "they were told of": (
            state(of(dead_letters=3), observation(dead=9), told=["dead-letters"]),
            0,
            [],
        ),
        "less money": (state(of(cost=10 * SECOND + 1e-9), slot(1)), 10, []),
        "as much": (state(of(cost=10 * SECOND - 1e-9), slot(1)), 10, ["cost"]),
        "shorter than half a stall": (state(of()), 900, []),
        "longer": (state(of()), 901, ["stalled"]),
        "half of what units need": (
            state(plan(notify={}, limits={"unit_timeout": 1_800, "stall_timeout": 60})),
            1_351,
            ["stalled"],
        ),
        "shorter than is asked for": (state(of(stalled=60)), 60, []),
        "longer than is asked for": (state(of(stalled=60)), 61, ["stalled"]),
        "room for none": (state(of(), observation(rooms=NO_ROOM)), 0, ["waiting"]),
        "some are at work": (state(of(), slot(1), observation(rooms=NO_ROOM)), 0, []),
        "none is needed": (state(of(), observation(0, rooms=NO_ROOM)), 0, []),
        "none is wished": (
            state(of(), wished(paused=True).model_copy(update={"rooms": {"here": None}})),
            0,
            [],
        ),
        "several at once": (
            state(of(dead_letters=1, stalled=5), observation(dead=1)),
            6,
            ["dead-letters", "stalled"],
        ),
        "the end is told instead": (
            state(of(dead_letters=1), observation(dead=1), verdict=STOPPED),
            901,
            [],
        ),
    },
)
def test_what_is_told_of(run: RunState, now: float, told: list[str]) -> None:
    assert events(run, now) == told


@table(
    "phase",
    {phase: phase for phase in (Phase.SEEDING, Phase.PAUSED, Phase.AUDITING, Phase.DRAINING)},
)
def test_it_is_told_of_in_any_phase(phase: Phase) -> None:
    run = state(of(dead_letters=1), observation(dead=1), phase=phase, quiet=2)
    assert Notify(event=Event.DEAD_LETTERS, at=moment(0), state=run) in decide(run, moment(0))[1]


@table(
    "outcome, left",
    {
        "it was kept": (Outcome(count=1), []),
        "it was not": (Outcome(error="notify: storage is away"), ["dead-letters"]),
    },
)
def test_it_is_remembered_once_it_is_kept(outcome: Outcome, left: list[str]) -> None:
    run = state(of(dead_letters=1), observation(dead=1))
    after = settle(run, tuple(notices(run, moment(0))), [outcome], moment(1))
    assert events(after) == left
    assert after.verdict is None


def test_a_group_that_is_gone_leaves_a_run_without_room_waiting() -> None:
    gone = slot(1, status=SlotStatus.GONE, ended=moment(0))
    assert events(state(of(), gone, observation(rooms=NO_ROOM))) == ["waiting"]
