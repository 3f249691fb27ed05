"""Where the next container groups go."""

from datetime import timedelta
from itertools import islice
from typing import Any

from simulation.agenda import START, moment
from support.states import RUN, asked, gone, observation, plan, slot, state
from support.tables import table

from orchestration.model import Observation, Pace, Plan, Provision, Room, RunState, Spent
from orchestration.policy.placing import intended, lacks_room, open_places, provisions

NOW = moment(0)
TWO = ("here", "there")


def of(count: int = 4, regions: tuple[str, ...] = ("here",), **instances: Any) -> Plan:
    return plan(1_000, instances={"count": count, **instances}, regions=regions)


def rooms(**left: tuple[int, float, float] | None) -> Observation:
    """What the regions have left: groups, cores, and cores of spot."""
    shown = {
        region: room and Room(groups=room[0], cores=room[1], spot_cores=room[2])
        for region, room in left.items()
    }
    return observation(queued=500, rooms=shown)


def spot(count: int) -> list[str]:
    return ["here/spot"] * count


PLENTY = (100, 100.0, 100.0)


@table(
    "run, places",
    {
        "as many as are wanted": (state(of(4), rooms(here=PLENTY)), ["here"] * 4),
        "only those that are not there": (
            state(of(4), rooms(here=PLENTY), slot(1), slot(2)),
            ["here"] * 2,
        ),
        "no more than the quota of groups": (state(of(4), rooms(here=(3, 9, 9))), ["here"] * 3),
        "no more than the cores": (state(of(4), rooms(here=(9, 2.5, 9))), ["here"] * 2),
        "large groups take more cores": (state(of(4, cpu=2), rooms(here=(9, 5, 9))), ["here"] * 2),
        "half cores are enough for small groups": (
            state(of(4, cpu=0.5), rooms(here=(9, 1.5, 9))),
            ["here"] * 3,
        ),
        "none where no core is left": (state(of(4), rooms(here=(9, 0.9, 9))), []),
        "none where others have taken more than there is": (
            state(of(4), rooms(here=(-3, 9, 9))),
            [],
        ),
        "the next region takes the rest": (
            state(of(4, TWO), rooms(here=(1, 9, 9), there=PLENTY)),
            ["here", *["there"] * 3],
        ),
        "the next region takes all when the first is shut": (
            state(of(2, TWO), rooms(here=PLENTY, there=PLENTY), full={"here": moment(1)}),
            ["there"] * 2,
        ),
        "a region is open at the very time": (
            state(of(1, TWO), rooms(here=PLENTY, there=PLENTY), full={"here": NOW}),
            ["here"],
        ),
        "fewer when all are full": (
            state(of(4, TWO), rooms(here=(1, 9, 9), there=(1, 9, 9))),
            ["here", "there"],
        ),
        "a region that was not asked waits for a look": (state(of(4), rooms()), []),
        "a region that did not answer is tried": (state(of(4), rooms(here=None)), ["here"] * 4),
        "groups on their way take room": (
            state(of(4), rooms(here=(3, 9, 9)), asked(1, answered=True)),
            ["here"] * 2,
        ),
        "groups on their way elsewhere take none": (
            state(of(4), rooms(here=(3, 9, 9)), asked(1, answered=True, region="there")),
            ["here"] * 3,
        ),
        "spot where it can be had": (state(of(4, spot=True), rooms(here=PLENTY)), spot(4)),
        "the full price for the rest": (
            state(of(4, spot=True), rooms(here=(9, 9, 2))),
            [*spot(2), "here", "here"],
        ),
        "both prices share one quota of groups": (
            state(of(4, spot=True), rooms(here=(3, 9, 2))),
            [*spot(2), "here"],
        ),
        "spot of another region before the full price": (
            state(of(4, TWO, spot=True), rooms(here=(9, 9, 1), there=(9, 9, 2))),
            ["here/spot", "there/spot", "there/spot", "here"],
        ),
        "the full price while spot is shut": (
            state(of(2, spot=True), rooms(here=PLENTY), full={"here/spot": moment(1)}),
            ["here"] * 2,
        ),
        "spot while the full price is shut": (
            state(of(2, spot=True), rooms(here=PLENTY), full={"here": moment(1)}),
            spot(2),
        ),
        "no spot for those who want none": (state(of(2), rooms(here=(9, 0, 9))), []),
    },
)
def test_placements(run: RunState, places: list[str]) -> None:
    created = list(provisions(run, NOW))
    assert [p.region + "/spot" * p.spot for p in created] == places


@table(
    "run, groups",
    {
        "the lowest free places": (state(of(3), rooms(here=None)), [(1, 1), (2, 1), (3, 1)]),
        "a place between others is filled": (
            state(of(3), rooms(here=None), slot(1), slot(3)),
            [(2, 1)],
        ),
        "a replacement has a new name": (
            state(of(2), rooms(here=None), gone(1, attempt=4), slot(2)),
            [(1, 5)],
        ),
        "a group that is over keeps its place until it is gone": (
            state(of(1), rooms(here=None), slot(1, status="over")),
            [(2, 1)],
        ),
        "a later round begins with its own attempts": (
            state(plan(1_000, instances={"count": 1}, first_attempt=1_001), rooms(here=None)),
            [(1, 1_001)],
        ),
        "what was asked for without an answer is asked for again, first": (
            state(of(2), rooms(here=None), asked(2, 3)),
            [(2, 3), (1, 1)],
        ),
        "even where there is no room any more: it may be there": (
            state(of(1), rooms(here=(0, 0, 0)), asked(1), full={"here": moment(60)}),
            [(1, 1)],
        ),
        "what was answered is not asked for again": (
            state(of(1), rooms(here=None), asked(1, answered=True)),
            [],
        ),
        "what is no longer wanted is not asked for again": (
            state(of(1), rooms(here=None), slot(1), asked(2)),
            [],
        ),
    },
)
def test_names(run: RunState, groups: list[tuple[int, int]]) -> None:
    assert [(p.ordinal, p.attempt) for p in provisions(run, NOW)] == groups


def spent(count: int) -> dict[str, Pace]:
    return {"creations": Pace(spent=(Spent(at=NOW, count=count),))}


@table(
    "run, count",
    {
        "twenty a turn": (state(of(50), rooms(here=PLENTY)), 20),
        "no more than the pace allows": (state(of(50), rooms(here=PLENTY), **spent(95)), 5),
        "none when the pace allows none": (state(of(50), rooms(here=PLENTY), **spent(100)), 0),
        "none while Azure wants none": (
            state(of(50), rooms(here=PLENTY), creations=Pace(held_until=moment(1))),
            0,
        ),
        "those without an answer count too": (
            state(of(50), rooms(here=PLENTY), asked(1), asked(2), **spent(99)),
            1,
        ),
    },
)
def test_the_pace_of_creation(run: RunState, count: int) -> None:
    assert len(list(provisions(run, NOW))) == count


@table(
    "run, there_is",
    {
        "with any room": (state(of(), rooms(here=(1, 1, 0))), True),
        "without": (state(of(), rooms(here=(0, 1, 0))), False),
        "spot alone is no room for the full price": (state(of(), rooms(here=(9, 0, 9))), False),
        "spot alone is room for spot": (state(of(spot=True), rooms(here=(9, 0, 9))), True),
        "in a second region": (state(of(4, TWO), rooms(here=(0, 1, 0), there=PLENTY)), True),
        "all shut": (state(of(), rooms(here=PLENTY), full={"here": moment(1)}), False),
    },
)
def test_whether_there_is_room(run: RunState, there_is: bool) -> None:
    assert lacks_room(run, NOW) is not there_is


@table(
    "now, expires",
    {
        "an hour after the deadline": (0, 7_200),
        "an hour from now, once that has passed": (9_000, 12_600),
    },
)
def test_groups_expire(now: float, expires: float) -> None:
    run = state(plan(1_000, limits={"deadline": 3_600}), rooms(here=None))
    assert {p.expires for p in provisions(run, moment(now))} == {moment(expires)}


def creation(ordinal: int, attempt: int) -> Provision:
    return Provision(
        run=RUN, ordinal=ordinal, attempt=attempt, region="here", expires=START + timedelta(days=1)
    )


def test_an_intended_creation_is_remembered_in_its_place() -> None:
    run = state(gone(1, attempt=2), slot(3))
    after = intended(intended(run, creation(2, 1), NOW), creation(1, 3), NOW)
    assert after.slots == (asked(1, 3), asked(2, 1), slot(3))


def test_what_is_asked_for_again_has_its_time_from_then_on() -> None:
    (again,) = intended(state(asked(1, 1)), creation(1, 1), moment(60)).slots
    assert again == asked(1, 1).model_copy(update={"requested": moment(60)})


def test_free_places_have_no_end() -> None:
    run = state(slot(2), gone(3, attempt=7))
    assert list(islice(open_places(run), 4)) == [(1, 1), (3, 8), (4, 1), (5, 1)]


def test_every_group_is_of_the_image_in_the_plan() -> None:
    plan = of(2).model_copy(update={"image": "registry/worker:7"})
    found = provisions(state(plan, rooms(here=PLENTY)), NOW)
    assert [decision.image for decision in found] == ["registry/worker:7"] * 2
