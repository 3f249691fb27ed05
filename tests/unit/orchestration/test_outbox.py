"""When a notice is tried again, and when no more."""

from datetime import timedelta

from simulation.agenda import START, moment
from support.tables import table

from orchestration.outbox import Notice
from orchestration.services.webhook import Answer

DAY = 86_400.0
NOTICE = Notice(name="n", run="r", body="{}", since=START)
TAKEN = Answer(taken=True, words="status 204")


def refused(wait: float = 0.0) -> Answer:
    return Answer(taken=False, words="status 503", wait=wait)


@table(
    "answer, age, state",
    {
        "taken": (TAKEN, 0, "taken"),
        "taken late": (TAKEN, 2 * DAY, "taken"),
        "refused": (refused(), DAY - 1, "waits"),
        "refused for a day": (refused(), DAY, "given up"),
    },
)
def test_what_becomes_of_a_notice(answer: Answer, age: float, state: str) -> None:
    after = NOTICE.tried(answer, moment(age))
    assert (after.state, after.tries, after.said) == (state, 1, answer.words)


@table(
    "answer, age, wait",
    {
        "the first time soon": (refused(), 0, 5),
        "then after as long as it is old": (refused(), 60, 60),
        "later not too late": (refused(), DAY / 2, 7_200),
        "when the receiver wants": (refused(900), 60, 900),
        "not sooner than it is due": (refused(1), 60, 60),
    },
)
def test_how_long_it_waits(answer: Answer, age: float, wait: float) -> None:
    assert NOTICE.due(answer, moment(age)) - moment(age) == timedelta(seconds=wait)
