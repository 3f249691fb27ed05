"""Fewer container groups for a target that asks for less."""

from typing import Any

from simulation.agenda import START, moment
from support.states import fleet, observation, plan, state, view
from support.tables import table

from orchestration.model import Easing, Observation, RunState, Verdict
from orchestration.policy.easing import eased
from orchestration.policy.judging import failed, judge
from orchestration.policy.learning import learn
from orchestration.policy.removing import removals
from orchestration.policy.scaling import limit, most, wanted

EIGHT = plan(1_000, instances={"count": 8})


def pushed(pushbacks: int, groups: int = 8, **changes: Any) -> Observation:
    """So many pushbacks until now, with so many groups that run."""
    views = tuple(view(ordinal) for ordinal in range(1, groups + 1))
    return observation(500, pushbacks=pushbacks, groups=views, pushback="too many", **changes)


def ceiling(count: int, changed: float = 0, pushed: float = 0) -> Easing:
    return Easing(ceiling=count, changed=moment(changed), pushed=moment(pushed))


def run(easing: Easing | None = None, look: Observation | None = None, **changes: Any) -> RunState:
    return state(EIGHT, look or pushed(5), *fleet(8), easing=easing, **changes)


@table(
    "easing, look, now, after",
    {
        "half of those that run": (None, pushed(6), 10, ceiling(4, 10, 10)),
        "rounded down": (None, pushed(6, 5), 10, ceiling(2, 10, 10)),
        "at least one": (None, pushed(6, 1), 10, ceiling(1, 10, 10)),
        "even if none runs any more": (None, pushed(6, 0), 10, ceiling(1, 10, 10)),
        "again after a minute": (ceiling(4), pushed(6, 4), 60, ceiling(2, 60, 60)),
        "not before": (ceiling(4), pushed(6, 4), 59, ceiling(4, 0, 59)),
        "those on their way out do not count": (ceiling(4), pushed(6), 60, ceiling(2, 60, 60)),
        "fewer run than may": (ceiling(6), pushed(6, 2), 60, ceiling(1, 60, 60)),
        "nothing new": (None, pushed(5), 10, None),
        "a count that went back tells nothing": (None, pushed(4), 10, None),
        "not for two minutes after the last": (ceiling(4), pushed(5), 119, ceiling(4)),
        "one more after them": (ceiling(4), pushed(5), 120, ceiling(5, 120)),
        "a minute after the last rise": (ceiling(5, 120), pushed(5), 180, ceiling(6, 180)),
        "not before that": (ceiling(5, 120), pushed(5), 179, ceiling(5, 120)),
        "until it is out of the way": (ceiling(7, 120), pushed(5), 180, None),
        "of a wish that is smaller": (
            ceiling(2, 120),
            pushed(5, control={"count": 3}),
            180,
            None,
        ),
    },
)
def test_the_ceiling(
    easing: Easing | None, look: Observation, now: float, after: Easing | None
) -> None:
    before = pushed(5)
    assert eased(run(easing, look), before, moment(now)).easing == after
    assert learn(run(easing), look, moment(now)).easing == after


@table(
    "before, plan",
    {"the first look of a round": (None, EIGHT), "before there is a plan": (pushed(5), None)},
)
def test_what_was_before_counts_nothing(before: Observation | None, plan: Any) -> None:
    known = state(pushed(6), plan=plan)
    assert eased(known, before, moment(10)).easing is None


@table(
    "easing, count",
    {"none": (None, 8), "half": (ceiling(4), 4), "more than are asked for": (ceiling(9), 8)},
)
def test_groups_below_the_ceiling(easing: Easing | None, count: int) -> None:
    known = run(easing)
    assert (wanted(known, START), most(known), limit(known)) == (count, count, 8)


def test_groups_beyond_the_ceiling_are_no_loss() -> None:
    removed = list(removals(run(ceiling(6)), START))
    assert [(remove.name[-6:], remove.retire) for remove in removed] == [
        ("007-01", True),
        ("008-01", True),
    ]


@table(
    "look, verdict",
    {
        "the target's own words": (
            pushed(5),
            failed("no progress for 1800 s; the target says: too many"),
        ),
        "or else the last note": (observation(), failed("no progress for 1800 s; last: noted")),
    },
)
def test_what_a_stall_is_put_down_to(look: Observation, verdict: Verdict) -> None:
    assert judge(run(look=look, notes=("noted",)), moment(1_801)) == verdict
