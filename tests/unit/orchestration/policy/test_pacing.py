"""How many container groups may be created or deleted now."""

from simulation.agenda import moment
from support.tables import table

from orchestration.model import Pace, Spent
from orchestration.policy.pacing import hold, spend, tokens

MINUTES, HOUR = 300, 3_600


def spent(*items: tuple[float, int], held_until: float | None = None) -> Pace:
    return Pace(
        spent=tuple(Spent(at=moment(at), count=count) for at, count in items),
        held_until=None if held_until is None else moment(held_until),
    )


@table(
    "pace, now, left",
    {
        "all at first": (spent(), 0, 100),
        "fewer by what was spent": (spent((0, 60)), 0, 40),
        "none when all are spent": (spent((0, 60), (10, 40)), 20, 0),
        "never less than none": (spent((0, 130)), 0, 0),
        "spent for all of five minutes": (spent((0, 100)), MINUTES - 1, 0),
        "back after five minutes": (spent((0, 100)), MINUTES, 100),
        "each comes back when its own time is over": (spent((0, 60), (10, 40)), MINUTES, 60),
        "the hour bounds as well": (spent((0, 100), (300, 100), (600, 90)), 900, 10),
        "the hour is spent": (spent((0, 100), (300, 100), (600, 100)), HOUR - 1, 0),
        "back after an hour": (spent((0, 100), (300, 100), (600, 100)), HOUR, 100),
        "none while held": (spent(held_until=40), 39, 0),
        "again when the hold ends": (spent(held_until=40), 40, 100),
    },
)
def test_tokens(pace: Pace, now: float, left: int) -> None:
    assert tokens(pace, moment(now)) == left


@table(
    "pace, said, left_now, left_after_five_minutes",
    {
        "nothing said": (spent((0, 10)), [], 90, 100),
        "as we have counted": (spent((0, 10)), [(90, 290)], 90, 100),
        "more than we have counted is not believed": (spent((0, 10)), [(100, 300)], 90, 100),
        "others took some lately": (spent((0, 10)), [(50, 250)], 50, 100),
        "others took all": (spent(), [(0, 200)], 0, 100),
        "others took some within the hour": (spent(), [(100, 60)], 60, 60),
        "others took some lately, and before": (spent((0, 10)), [(50, 30)], 30, 30),
        "the lowest of several counts": (spent(), [(50, 250), (40, 240), (60, 260)], 40, 100),
        "lately alone": (spent(), [(50, 300)], 50, 100),
    },
)
def test_what_azure_says_is_left(
    pace: Pace, said: list[tuple[int, int]], left_now: int, left_after_five_minutes: int
) -> None:
    after = spend(pace, 0, said, moment(0))
    assert tokens(after, moment(0)) == left_now
    assert tokens(after, moment(MINUTES)) == left_after_five_minutes


@table(
    "count, now, kept",
    {
        "what is spent is kept": (5, 10, [(0, 10), (10, 5)]),
        "nothing spent is nothing to keep": (0, 10, [(0, 10)]),
        "kept for all of an hour": (0, HOUR - 1, [(0, 10)]),
        "forgotten after an hour": (5, HOUR, [(HOUR, 5)]),
    },
)
def test_what_is_spent_is_kept_for_an_hour(
    count: int, now: float, kept: list[tuple[float, int]]
) -> None:
    assert spend(spent((0, 10)), count, [], moment(now)) == spent(*kept)


@table(
    "before, seconds, until",
    {
        "from now": (None, 40, 50),
        "longer than before": (30, 40, 50),
        "a shorter hold takes nothing away": (80, 40, 80),
        "for no time": (None, 0, 10),
    },
)
def test_a_hold(before: float | None, seconds: float, until: float) -> None:
    held = hold(spent((0, 1), held_until=before), seconds, moment(10))
    assert held == spent((0, 1), held_until=until)
