"""What follows when Azure refuses a container group."""

from typing import Any

import pytest
from simulation.agenda import moment
from support.states import state
from support.tables import table

from orchestration.model import Refusal, Remedy, RunState
from orchestration.policy.judging import failed
from orchestration.policy.placing import Placement
from orchestration.policy.refusing import refused, shut, tried

HERE, SPOT = (Placement(region="here", spot=spot) for spot in (False, True))


def after(remedy: Remedy, place: Placement = HERE, times: int = 1, **changes: Any) -> RunState:
    """A run after so many refusals in a row, a minute apart from each other."""
    run = state()
    for minute in range(times):
        refusal = Refusal(code="X", remedy=remedy, **changes)
        run = refused(tried(run, [refusal]), refusal, place, "so said Azure", moment(60 * minute))
    return run


@table(
    "run, held, full",
    {
        "again after its wait": (after(Remedy.AGAIN, wait=40), 40, {}),
        "again, without a wait": (after(Remedy.AGAIN), 0, {}),
        "again, however often": (after(Remedy.AGAIN, times=50, wait=40), 49 * 60 + 40, {}),
        "no room: a minute at the least": (after(Remedy.ROOM, wait=10), None, {"here": 60}),
        "no room: longer if so said": (after(Remedy.ROOM, wait=61), None, {"here": 61}),
        "a region without capacity: five minutes": (
            after(Remedy.REGION, wait=10),
            None,
            {"here": 300},
        ),
        "a region that is closed: for a day": (
            after(Remedy.REGION, wait=86_400),
            None,
            {"here": 86_400},
        ),
        "spot alone": (after(Remedy.ROOM, SPOT), None, {"here/spot": 60}),
        "tries come before the remedy": (
            after(Remedy.REGION, times=3, wait=30, tries=3),
            150,
            {},
        ),
        "the remedy after them": (
            after(Remedy.REGION, times=4, wait=30, tries=3),
            150,
            {"here": 180 + 300},
        ),
        "fatal after its tries alone": (after(Remedy.FATAL, wait=30, tries=1), 30, {}),
    },
)
def test_a_refusal_that_is_no_end(
    run: RunState, held: float | None, full: dict[str, float]
) -> None:
    assert run.creations.held_until == (None if held is None else moment(held))
    assert run.full == {key: moment(until) for key, until in full.items()}
    assert run.verdict is None


@pytest.mark.parametrize("tries", [0, 1, 5])
def test_a_fatal_refusal_ends_the_run_in_the_words_of_azure(tries: int) -> None:
    assert after(Remedy.FATAL, times=tries, wait=30, tries=tries).verdict is None
    assert after(Remedy.FATAL, times=tries + 1, wait=30, tries=tries).verdict == failed(
        "so said Azure"
    )


def test_the_first_verdict_stays() -> None:
    ending = state(verdict=failed("before"))
    refusal = Refusal(code="X", remedy=Remedy.FATAL)
    after = refused(tried(ending, [refusal]), refusal, HERE, "later", moment(0))
    assert after.verdict == failed("before")


def test_no_capacity_shuts_every_placement_that_was_asked() -> None:
    refusal = Refusal(code="X", remedy=Remedy.REGION)
    run = tried(state(), [refusal, refusal])
    for place in (HERE, SPOT):
        run = refused(run, refusal, place, "", moment(0))
    assert set(run.full) == {"here", "here/spot"}


@table(
    "codes, counts",
    {
        "none": ("", {"Y": 3}),
        "by code": ("X", {"X": 1, "Y": 3}),
        "on top of those before": ("Y", {"Y": 4}),
        "many of a code at once are one try": ("XXYXY", {"X": 1, "Y": 4}),
    },
)
def test_tries(codes: str, counts: dict[str, int]) -> None:
    refusals = [Refusal(code=code, remedy=Remedy.AGAIN) for code in codes]
    assert tried(state(refusals={"Y": 3}), refusals).refusals == counts


@table(
    "before, until",
    {
        "beside others": ({"there": 9}, {"there": 9, "here": 61}),
        "longer than before": ({"here": 60}, {"here": 61}),
        "never shorter": ({"here": 600}, {"here": 600}),
        "again": ({"here": 0}, {"here": 61}),
    },
)
def test_a_placement_is_shut(before: dict[str, float], until: dict[str, float]) -> None:
    run = state(full={key: moment(at) for key, at in before.items()})
    after = shut(run, HERE, 60, moment(1)).full
    assert after == {key: moment(at) for key, at in until.items()}
