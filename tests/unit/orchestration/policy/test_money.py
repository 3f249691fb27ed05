"""What container groups cost."""

import pytest
from simulation.agenda import moment
from support.states import asked, gone, plan, slot, state
from support.tables import table

from orchestration.model import RunState, Slot
from orchestration.policy.money import STOP_SECONDS, billed, committed, spent

SECOND = 0.001 + 1.5 * 0.0001
"""A second of a group of one core and 1.5 GB."""


@table(
    "group, now, seconds",
    {
        "from its start until now": (slot(), 60, 60),
        "until it stopped": (slot(ended=moment(40)), 60, 40),
        "nothing before its start": (asked(), 60, 0),
        "nothing, by a clock that went back": (slot(started=moment(70)), 60, 0),
    },
)
def test_billed(group: Slot, now: float, seconds: float) -> None:
    assert billed(group, moment(now)) == seconds


@table(
    "run, seconds",
    {
        "nothing at first": (state(), 0),
        "nothing before there is a plan": (state(slot(), plan=None), 0),
        "all groups that work": (state(slot(1), slot(2)), 200),
        "a group that is over and not yet deleted": (
            state(slot(1), slot(2, status="over", ended=moment(40))),
            140,
        ),
        "groups that are gone by their sum": (state(gone(1), billed_seconds=500), 500),
        "spot at its own price": (state(slot(1), slot(2, spot=True)), 150),
        "spot that is gone": (state(billed_seconds=500, spot_seconds=200), 400),
    },
)
def test_spent(run: RunState, seconds: float) -> None:
    assert spent(run, moment(100)) == pytest.approx(seconds * SECOND)


# Up to the next look, and until it has stopped.
WORKING = 15 + STOP_SECONDS
UNSEEN = 2 * 15 + STOP_SECONDS


@table(
    "run, seconds",
    {
        "nothing runs": (state(billed_seconds=50), 50),
        "a group works on until the next look": (state(slot()), 100 + WORKING),
        "the start of one that was asked for may be a look old": (state(asked()), UNSEEN),
        "one that has ended costs no more": (
            state(slot(status="over", ended=moment(40))),
            40,
        ),
        "one that is over may still be stopping": (
            state(slot(status="over")),
            100 + WORKING,
        ),
        "one that is gone costs no more": (state(gone(started=None)), 0),
        "spot at its own price": (state(slot(spot=True)), (100 + WORKING) / 2),
        "a slower tick reserves more": (state(plan(tick=60.0), slot()), 160 + STOP_SECONDS),
    },
)
def test_committed(run: RunState, seconds: float) -> None:
    assert committed(run, moment(100)) == pytest.approx(seconds * SECOND)
