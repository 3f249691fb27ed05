"""The actions of a turn."""

from datetime import timedelta
from typing import Any

from simulation.agenda import moment
from support.states import RUN, asked, ended, fleet, name, observation, plan, slot, state, view
from support.tables import table

from orchestration.model import (
    Audit,
    Close,
    Control,
    Decision,
    Observation,
    Pace,
    Phase,
    Prepare,
    Provision,
    Redrive,
    Remove,
    RunState,
    Seed,
    Selection,
    Spent,
    Verdict,
)
from orchestration.policy.deciding import decide, look, next_look
from orchestration.policy.judging import failed
from orchestration.policy.money import spent
from orchestration.policy.slots import key

NOW = moment(0)
ENDED = ended(1, exit_code=70)
STOPPED = failed("stopped")


def seen(queued: int = 50, **changes: Any) -> Observation:
    return observation(queued, groups=(ENDED, view(2)), **changes)


def wishing(**wishes: Any) -> Observation:
    return seen(control=Control(**wishes))


def names(decisions: tuple[Decision, ...]) -> list[str]:
    return [type(decision).__name__ for decision in decisions]


PLACES = (slot(1, status="over"), slot(2))


@table(
    "run, decided",
    {
        "a plan first": (state(seen(), plan=None, phase=Phase.PLANNING), ["Prepare"]),
        "units, deletions, creations": (
            state(seen(), *PLACES, seeded=90, phase=Phase.RUNNING),
            ["Seed", "Remove", "Provision"],
        ),
        "all is seeded": (
            state(seen(), *PLACES, phase=Phase.DRAINING),
            ["Remove", "Provision"],
        ),
        "a redrive instead of units": (
            state(wishing(redrives=(Selection(),)), *PLACES, seeded=90, phase=Phase.RUNNING),
            ["Redrive", "Remove", "Provision"],
        ),
        "paused, deletions alone": (
            state(wishing(paused=True), *PLACES, seeded=90, phase=Phase.PAUSED),
            ["Remove", "Remove"],
        ),
        "a redrive waits for the end of a pause": (
            state(wishing(paused=True, redrives=(Selection(),)), phase=Phase.PAUSED),
            ["Remove", "Remove"],
        ),
        "an audit creates nothing": (
            state(seen(), *PLACES, phase=Phase.AUDITING, quiet=2),
            ["Audit", "Remove"],
        ),
        "the cleanup removes all before anything else": (
            state(seen(), *PLACES, seeded=0, phase=Phase.CLEANING, verdict=STOPPED),
            ["Remove", "Remove"],
        ),
        "the cleanup waits for deletions": (
            state(
                seen(),
                *PLACES,
                verdict=STOPPED,
                deleting={name(1): moment(-1), name(2): moment(-1)},
            ),
            [],
        ),
        "then the account": (state(verdict=STOPPED, phase=Phase.CLEANING), ["Audit"]),
        "then the end": (
            state(verdict=STOPPED, phase=Phase.CLEANING, audited=100),
            ["Close"],
        ),
        "no account without a plan": (
            state(plan=None, verdict=STOPPED, phase=Phase.CLEANING),
            ["Close"],
        ),
        "a group that shows late is removed before the end": (
            state(observation(groups=(view(9),)), verdict=STOPPED, audited=100),
            ["Remove"],
        ),
    },
)
def test_what_is_decided(run: RunState, decided: list[str]) -> None:
    _, decisions = decide(run, NOW)
    assert names(decisions) == decided


def test_what_each_decision_says() -> None:
    run = state(plan(100, instances={"count": 2}), seen(), *PLACES, seeded=90)
    _, (seed, remove, provision) = decide(run, NOW)
    assert seed == Seed(run=RUN, first=90, count=10)
    assert remove == Remove(run=RUN, name=name(1), reason="it has ended, exit code 70")
    assert isinstance(provision, Provision)
    assert (provision.ordinal, provision.attempt, provision.region) == (3, 1, "here")


@table(
    "redrives_done, number, units",
    {"the first": (0, 1, (1,)), "the second, once that is done": (1, 2, (2,))},
)
def test_redrives_are_served_in_their_order(
    redrives_done: int, number: int, units: tuple[int, ...]
) -> None:
    look = wishing(redrives=(Selection(units=(1,)), Selection(units=(2,))))
    run = state(look, *PLACES, redrives_done=redrives_done, phase=Phase.DRAINING)
    _, (redrive, *_) = decide(run, NOW)
    assert redrive == Redrive(run=RUN, number=number, selection=Selection(units=units))


def test_closing_shows_the_whole_state() -> None:
    run = state(verdict=STOPPED, audited=100)
    after, decisions = decide(run, NOW)
    assert decisions == (Close(state=run),)
    assert after == run


def test_what_is_decided_is_remembered_should_no_answer_come() -> None:
    run = state(seen(), *PLACES, deletions=Pace(spent=(Spent(at=moment(-5), count=2),)))
    after, _ = decide(run, NOW)
    assert after.slots == (*PLACES, asked(3, requested=NOW))
    assert after.deleting == {name(1): NOW}
    assert after.creations.spent == (Spent(at=NOW, count=1),)
    assert after.deletions.spent == (Spent(at=moment(-5), count=2), Spent(at=NOW, count=1))


def test_what_was_asked_for_without_an_answer_is_decided_again() -> None:
    run, first = decide(state(observation(500)), NOW)
    again, second = decide(run, moment(1))
    assert names(first) == names(second) == ["Provision", "Provision"]
    assert [d.ordinal for d in second if isinstance(d, Provision)] == [1, 2]
    assert [key(slot) for slot in again.slots] == [key(slot) for slot in run.slots]
    assert sum(item.count for item in again.creations.spent) == 4


AUDITING = {"audited": 10, "phase": Phase.AUDITING}


@table(
    "run, seconds",
    {
        "soon, for a plan": (state(plan=None), 1),
        "soon, before the first look": (state(observation=None), 1),
        "at the tick, while the workers work": (state(), 15),
        "soon, while the queue wants units": (state(observation(499), seeded=50), 1),
        "at the tick, while it is half full": (state(observation(500), seeded=50), 15),
        "soon, to see an empty queue again": (state(quiet=1), 1),
        "soon, while auditing": (state(**AUDITING), 1),
        "soon, while cleaning up": (state(verdict=STOPPED), 1),
        "at the tick, after an error": (state(verdict=STOPPED, stumbles=1), 15),
        "at the tick, while paused": (
            state(observation(control=Control(paused=True)), seeded=50),
            15,
        ),
        "soon, to end a run that is paused": (
            state(observation(control=Control(paused=True)), verdict=STOPPED),
            1,
        ),
        "never later than a short tick": (state(plan(tick=0.5), verdict=STOPPED), 0.5),
    },
)
def test_when_to_look_again(run: RunState, seconds: float) -> None:
    assert next_look(run, NOW) == moment(seconds)


TWO = plan(instances={"count": 2}, regions=("here", "there"))


@table(
    "run, regions",
    {
        "none without a plan": (state(plan=None), ()),
        "all while groups are to come": (state(TWO, *fleet(1)), ("here", "there")),
        "none when all are there": (state(TWO, *fleet(2)), ()),
        "groups that are over are not there": (
            state(TWO, slot(1), slot(2, status="over")),
            ("here", "there"),
        ),
        "none while cleaning up": (state(TWO, verdict=STOPPED), ()),
        "a wish for more": (
            state(TWO, observation(control=Control(count=3)), *fleet(2)),
            ("here", "there"),
        ),
        "a wish for fewer": (state(TWO, observation(control=Control(count=1)), *fleet(1)), ()),
        "up to max": (
            state(plan(instances={"max": 3, "backlog": 10}, regions=("here", "there")), *fleet(2)),
            ("here", "there"),
        ),
    },
)
def test_which_rooms_are_asked_for(run: RunState, regions: tuple[str, ...]) -> None:
    assert look(run, NOW).regions == regions


def test_a_look_knows_what_was_spent_and_since_when_nothing_went_on() -> None:
    run = state(plan(), *fleet(2))
    asked = look(run, NOW + timedelta(hours=1))
    assert asked.cost == round(spent(run, NOW + timedelta(hours=1)), 6) > 0
    assert asked.progressed == run.progressed
    over = run.model_copy(update={"verdict": Verdict(phase=Phase.CANCELLED)})
    assert look(over, NOW).progressed is None, "it is not to go on any more"


def test_a_part_of_the_audit_is_asked_for_with_its_numbers() -> None:
    _, decisions = decide(state(plan(25, part=10), **AUDITING), NOW)
    assert decisions == (
        Audit(run=RUN, first=10, count=10, reseed=True),
        Audit(run=RUN, first=20, count=5, reseed=True),
    )


def test_a_plan_is_asked_for_by_the_run() -> None:
    assert decide(state(plan=None), NOW)[1] == (Prepare(run=RUN),)
