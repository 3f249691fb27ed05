"""How many container groups a run should have."""

from typing import Any

from simulation.agenda import moment
from support.states import asked, fleet, gone, observation, plan, slot, state, wished
from support.tables import table

from orchestration.model import Finishing, Phase, Plan, RunState
from orchestration.policy.scaling import unstarted, wanted


def of(count: int = 8, **changes: Any) -> Plan:
    return plan(1_000, instances={"count": count, **changes})


def backlog(units: int, **changes: Any) -> Plan:
    return plan(1_000, instances={"max": 8, "backlog": units, **changes})


def within(seconds: float, **changes: Any) -> Plan:
    return plan(1_000, instances={"max": 8, "finish_within": seconds, **changes})


@table(
    "run, count",
    {
        "a fixed count is wanted from the start": (state(of(8), observation(500)), 8),
        "no more groups than units wait": (state(of(8), observation(3)), 3),
        "units that are not yet seeded wait as well": (
            state(of(8), observation(queued=1), seeded=995),
            6,
        ),
        "none when nothing waits": (state(of(8), observation(queued=0)), 0),
        "none while paused": (state(of(8), wished(500, paused=True), *fleet(8)), 0),
        "none while paused, whatever count is wished": (
            state(of(8), wished(500, paused=True, count=3), *fleet(8)),
            0,
        ),
        "a wish counts more than the request": (state(of(2), wished(500, count=5)), 5),
        "a wish may be less than the request": (
            state(of(8), wished(500, count=5), *fleet(8)),
            5,
        ),
        "a wish may be for more than max": (
            state(backlog(10), wished(500, count=20), *fleet(8)),
            20,
        ),
        "a wish knows no calm": (state(of(10), wished(500, count=9), *fleet(10)), 9),
        "a wish is for no more groups than units": (state(of(2), wished(3, count=5)), 3),
        # Two groups of concurrency 2 hold 4 units and reach 4 more at once.
        "what the workers reach at once needs no replacement": (
            state(of(4), observation(queued=8), *fleet(2)),
            2,
        ),
        "one unit more needs all": (state(of(4), observation(queued=9), *fleet(2)), 4),
        "groups that are asked for will work too": (
            state(of(4), observation(queued=8), slot(1), asked(2)),
            2,
        ),
        "groups that are gone do not work": (
            state(of(4), observation(queued=5), slot(1), gone(2)),
            4,
        ),
        "few units waiting keep the fleet until it leaves": (
            state(of(4), observation(queued=1), *fleet(4)),
            4,
        ),
        "few units waiting still leave no more than a wish": (
            state(of(4), wished(1, count=2), *fleet(4)),
            2,
        ),
    },
)
def test_groups_by_count_and_wish(run: RunState, count: int) -> None:
    assert wanted(run, moment(0)) == count


LAST = {"phase": Phase.FINISHING, "finishing": Finishing(sent=1)}


@table(
    "run, count",
    {
        "one at least, whatever is queued": (state(of(8), observation(queued=0), **LAST), 1),
        "one is enough": (state(of(8), observation(queued=1), *fleet(1), **LAST), 1),
        "those that are there may stay": (state(of(8), observation(1), *fleet(5), **LAST), 5),
        "no goal takes one away": (state(backlog(10), observation(1), *fleet(5), **LAST), 5),
        "a wish does": (state(of(8), wished(1, count=2), *fleet(5), **LAST), 2),
        "none while paused": (
            state(of(8), wished(1, paused=True), *fleet(1), finishing=Finishing(sent=1)),
            0,
        ),
    },
)
def test_groups_for_the_last_step(run: RunState, count: int) -> None:
    assert wanted(run, moment(0)) == count


@table(
    "run, count",
    {
        "a group for every so many units": (state(backlog(100), observation(500)), 5),
        "a part of a backlog is a group": (state(backlog(100), observation(501)), 6),
        "never more than max": (state(backlog(100), observation(5_000)), 8),
        "never fewer than min": (state(backlog(100, min=3), observation(150)), 3),
        "at least one, without a min": (state(backlog(1_000), observation(10)), 1),
        "units that are not yet seeded count": (
            state(backlog(100), observation(100), seeded=700),
            4,
        ),
        "down when a good part can go": (state(backlog(100), observation(600), *fleet(8)), 6),
        "not down for less than a fifth": (state(backlog(10), observation(75), *fleet(8)), 8),
        "down at exactly a fifth": (
            state(plan(1_000, instances={"max": 10, "backlog": 10}), observation(80), *fleet(10)),
            8,
        ),
        "no calm keeps more than max": (
            state(plan(1_000, instances={"max": 9, "backlog": 10}), observation(900), *fleet(10)),
            9,
        ),
        "up at once": (state(backlog(100), observation(800), *fleet(7)), 8),
    },
)
def test_groups_by_backlog(run: RunState, count: int) -> None:
    assert wanted(run, moment(0)) == count


@table(
    "run, now, count",
    {
        # 990 units are left of 1,000.
        "the least until the speed is known": (state(within(600)), 0, 1),
        "the least may be more than one": (state(within(600, min=3)), 0, 3),
        "a speed of nothing is not known": (state(within(600), speed=0.0), 0, 1),
        "as many as the time left needs": (state(within(990), speed=0.25), 0, 4),
        "a little less time needs one more": (state(within(989), speed=0.25), 0, 5),
        "more as time goes by": (state(within(990), speed=0.25), 495, 8),
        "never more than max": (state(within(60), speed=0.25), 0, 8),
        "all that may be when the time is up": (state(within(600), speed=100.0), 600, 8),
        "all at the last look before that": (state(within(600), speed=100.0), 585, 8),
        "by need one look earlier": (state(within(600), speed=100.0), 570, 1),
        "fewer when well ahead": (state(within(990), *fleet(8), speed=0.5), 0, 2),
        "units of all stages count": (
            state(
                plan(1_000, stages=("generate", "ingest"), instances=within(1_990).instances),
                speed=0.25,
            ),
            0,
            4,
        ),
    },
)
def test_groups_to_finish_in_time(run: RunState, now: float, count: int) -> None:
    run = run.model_copy(update={"observation": observation(queued=990)})
    assert wanted(run, moment(now)) == count


def test_what_waits_is_queued_or_not_yet_seeded() -> None:
    assert unstarted(state(plan(100), observation(queued=7), seeded=90)) == 17
