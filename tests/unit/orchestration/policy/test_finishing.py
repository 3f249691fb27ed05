"""The last step of a run: its message, its look, and the verdict."""

from typing import Any

from simulation.agenda import moment
from support.states import RUN, fleet, observation, plan, state, wished
from support.tables import table

from orchestration.model import (
    Account,
    Audit,
    Close,
    Decision,
    Finish,
    Finished,
    Finishing,
    Outcome,
    Phase,
    Redrive,
    RunState,
    Selection,
    Verdict,
)
from orchestration.policy.deciding import decide, next_look
from orchestration.policy.finishing import RESEEDS, finish
from orchestration.policy.judging import failed, judge
from orchestration.policy.learning import learn
from orchestration.policy.settling import settle

NOW = moment(100)
LATER = Finishing(sent=1)
ALL = Account(done={"generate": 100}, dead={"generate": 0}, missing={"generate": 0})
SOME = Account(done={"generate": 97}, dead={"generate": 3}, missing={"generate": 0})
DONE = Outcome(finished=Finished(seconds=9))
DEAD = Outcome(finished=Finished(error="UniqueViolation: twice"))


def finishing(*parts: Any, sent: int = 1, **changes: Any) -> RunState:
    """A run whose units are all accounted for, and whose step was sent so often."""
    values = {"audited": 100, "account": ALL, "finishing": Finishing(sent=sent)}
    run = state(plan(finish=True), observation(queued=1), *parts, **{**values, **changes})
    return run.model_copy(update={"phase": Phase.FINISHING})


def after(run: RunState, decision: Decision, outcome: Outcome) -> RunState:
    return settle(run, [decision], [outcome], NOW)


# ------------------------------------------------------------------------------ when it begins


@table(
    "found, finish, phase, verdict",
    {
        "all are done": (ALL, True, Phase.FINISHING, None),
        "dead letters are no reason against it": (SOME, True, Phase.FINISHING, None),
        "nothing is left to do": (ALL, False, Phase.CLEANING, Verdict(phase=Phase.SUCCEEDED)),
    },
)
def test_the_end_of_the_audit(
    found: Account, finish: bool, phase: Phase, verdict: Verdict | None
) -> None:
    run = state(plan(finish=finish), observation(queued=0), quiet=2, reseeds=3)
    now = after(run, Audit(run=RUN, first=0, count=100), Outcome(account=found))
    assert (now.phase, now.verdict, now.account) == (phase, verdict, found)


def test_a_run_with_units_missing_is_not_finished() -> None:
    found = ALL.model_copy(update={"missing": {"generate": 1}})
    audit = Audit(run=RUN, first=0, count=100)
    now = after(state(plan(finish=True), reseeds=3), audit, Outcome(account=found))
    assert (now.finishing, now.phase) == (None, Phase.CLEANING)


def test_a_run_that_is_stopped_is_not_finished() -> None:
    audit = Audit(run=RUN, first=0, count=100)
    now = after(state(plan(finish=True), verdict=failed("x")), audit, Outcome(account=ALL))
    assert (now.finishing, now.phase) == (None, Phase.CLEANING)


def test_it_is_remembered_from_turn_to_turn() -> None:
    run = finishing(sent=0)
    assert RunState.model_validate(run.brief()) == run


# ------------------------------------------------------------------------------ its message


@table(
    "sent, quiet, seed, afresh",
    {
        "at first, and what was before is forgotten": (0, 2, True, True),
        "not while it is worked on": (1, 0, False, False),
        "an empty queue may be chance": (1, 1, False, False),
        "again if the queue stays empty": (1, 2, True, False),
        "the last time": (RESEEDS, 2, True, False),
        "not for ever": (RESEEDS + 1, 2, False, False),
    },
)
def test_when_it_is_sent(sent: int, quiet: int, seed: bool, afresh: bool) -> None:
    run = finishing(sent=sent, quiet=quiet)
    assert finish(run) == Finish(run=RUN, seed=seed, afresh=afresh)


@table(
    "run, names",
    {
        "a group for it": (finishing(), ["Finish", "Provision"]),
        "one is enough": (finishing(*fleet(1)), ["Finish"]),
        "others may stay until they leave": (finishing(*fleet(2)), ["Finish"]),
    },
)
def test_what_is_decided(run: RunState, names: list[str]) -> None:
    assert [type(decision).__name__ for decision in decide(run, NOW)[1]] == names


@table(
    "run, seconds",
    {
        "soon, to send it": (finishing(sent=0), 101),
        "at the tick, while it is worked on": (finishing(), 115),
        "soon, to see an empty queue again": (finishing(quiet=1), 101),
    },
)
def test_when_to_look_again(run: RunState, seconds: float) -> None:
    assert next_look(run, NOW) == moment(seconds)


# ------------------------------------------------------------------------------ a look at it


LOOK, SEND = Finish(run=RUN), Finish(run=RUN, seed=True)
BOTH = "dead letters: 3; the finishing step failed: UniqueViolation: twice"


@table(
    "run, outcome, verdict",
    {
        "done": (finishing(), DONE, Verdict(phase=Phase.SUCCEEDED)),
        "done, with dead letters of units": (
            finishing(account=SOME),
            DONE,
            Verdict(phase=Phase.COMPLETED_WITH_FAILURES, reason="dead letters: 3"),
        ),
        "dead": (
            finishing(),
            DEAD,
            Verdict(
                phase=Phase.COMPLETED_WITH_FAILURES,
                reason="the finishing step failed: UniqueViolation: twice",
            ),
        ),
        "dead, with dead letters of units": (
            finishing(account=SOME),
            DEAD,
            Verdict(phase=Phase.COMPLETED_WITH_FAILURES, reason=BOTH),
        ),
        "neither": (finishing(quiet=1), Outcome(), None),
        "neither, after all tries": (
            finishing(sent=RESEEDS + 1, quiet=2),
            Outcome(),
            failed("the finishing step has neither receipt nor dead letter after 3 reseeds"),
        ),
        "the look failed": (finishing(quiet=2), Outcome(error="no blob"), None),
    },
)
def test_the_verdict(run: RunState, outcome: Outcome, verdict: Verdict | None) -> None:
    now = after(run, LOOK, outcome)
    assert now.verdict == verdict
    assert now.phase is (Phase.CLEANING if verdict else Phase.FINISHING)
    assert now.finishing
    assert now.finishing.ended == outcome.finished


def test_the_end_of_a_run_that_is_finished_needs_no_other_audit() -> None:
    now = after(finishing(), LOOK, DONE)
    assert decide(now, NOW)[1] == (Close(state=now),)


@table(
    "outcome, sent, quiet",
    {
        "it is counted": (Outcome(count=1), 2, 0),
        "an error of our own may have come before it": (Outcome(error="no queue"), 1, 2),
    },
)
def test_a_message(outcome: Outcome, sent: int, quiet: int) -> None:
    now = after(finishing(quiet=2), SEND, outcome)
    assert now.finishing
    assert (now.finishing.sent, now.quiet) == (sent, quiet)


# ------------------------------------------------------------------------------ what comes between


WISH = observation(queued=1, control=wished(redrives=(Selection(),)).control)


def test_units_of_a_redrive_come_first() -> None:
    run = learn(finishing(*fleet(1)), WISH, NOW)
    assert run.phase is Phase.DRAINING
    redrive = Redrive(run=RUN, number=1, selection=Selection())
    assert redrive in decide(run, NOW)[1]
    now = after(run, redrive, Outcome())
    assert (now.finishing, now.audited, now.phase) == (None, 0, Phase.DRAINING)


@table(
    "wishes, phase",
    {
        "a pause": ({"paused": True}, Phase.PAUSED),
        "a cancel": ({"cancel": True}, Phase.CLEANING),
        "another count of groups": ({"count": 3}, Phase.FINISHING),
    },
)
def test_wishes(wishes: dict[str, Any], phase: Phase) -> None:
    assert learn(finishing(*fleet(1)), wished(1, **wishes), NOW).phase is phase


def test_it_goes_on_after_a_pause() -> None:
    paused = learn(finishing(), wished(1, paused=True), NOW)
    assert learn(paused, observation(1), NOW).phase is Phase.FINISHING


@table(
    "before, look, progressed",
    {
        "its worker has spoken again": (moment(80), moment(95), 100),
        "it has not": (moment(80), moment(80), 0),
        "nobody works on it": (None, None, 0),
        "somebody begins": (None, moment(95), 100),
    },
)
def test_a_worker_that_speaks_is_progress(before: Any, look: Any, progressed: float) -> None:
    run = finishing(observation(1, finishing=before))
    after = learn(run, observation(1, finishing=look), NOW)
    assert after.progressed == moment(progressed)


STRICT = {"tolerated_failures": 0, "repeated_error_units": 1}
BAD = observation(1, dead=1, errors=({"fingerprint": "a", "error": "twice", "units": 1},), done=0)


@table(
    "run, ends",
    {
        "dead letters are of units": (state(plan(limits=STRICT), BAD), True),
        "that of the step is no unit's": (
            state(plan(limits=STRICT), BAD, finishing=LATER),
            False,
        ),
        "those of a redrive are to be set aside": (
            state(plan(limits=STRICT), BAD.model_copy(update={"control": WISH.control})),
            False,
        ),
    },
)
def test_which_dead_letters_count(run: RunState, ends: bool) -> None:
    assert (judge(run, NOW) is not None) is ends
