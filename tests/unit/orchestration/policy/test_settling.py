"""Folding the outcomes of decisions into the state."""

from datetime import timedelta
from typing import Any

import pytest
from simulation.agenda import START, moment
from support.states import RUN, asked, fleet, gone, name, plan, slot, state, view, wished
from support.tables import table

from orchestration.model import (
    Account,
    Audit,
    Close,
    Decision,
    Finishing,
    Outcome,
    Pace,
    Phase,
    Prepare,
    Provision,
    Redrive,
    Refusal,
    Remedy,
    Remove,
    RunState,
    Seed,
    Selection,
    Spent,
    Verdict,
)
from orchestration.policy.judging import failed
from orchestration.policy.settling import STUMBLES, helpless, note, settle, stumble

DONE = Verdict(phase=Phase.SUCCEEDED)
NOW = moment(100)


def create(ordinal: int = 1, attempt: int = 1, **changes: Any) -> Provision:
    values = {"region": "here", "expires": START + timedelta(days=1), **changes}
    return Provision(run=RUN, ordinal=ordinal, attempt=attempt, **values)


def delete(ordinal: int = 1, **changes: Any) -> Remove:
    return Remove(run=RUN, name=name(ordinal), **changes)


def refused(remedy: Remedy, **changes: Any) -> Outcome:
    return Outcome(error="refused", refusal=Refusal(code="X", remedy=remedy, **changes))


def after(run: RunState, decision: Decision, outcome: Outcome) -> RunState:
    return settle(run, [decision], [outcome], NOW)


OK = Outcome(count=1)


# ------------------------------------------------------------------------------ plan, seeds


def test_a_plan_says_which_redrives_are_done() -> None:
    made = plan(redrives_done=2)
    run = after(state(plan=None), Prepare(run=RUN), Outcome(plan=made))
    assert (run.plan, run.redrives_done, run.phase) == (made, 2, Phase.RUNNING)


def test_a_plan_may_need_another_turn() -> None:
    run = state(plan=None)
    assert after(run, Prepare(run=RUN), Outcome()).plan is None


def test_pages_of_a_turn_count_in_their_order() -> None:
    pages = [Seed(run=RUN, first=first, count=10) for first in (0, 10, 20)]
    run = settle(state(seeded=0), pages, [OK, Outcome(error="no queue"), OK], NOW)
    assert (run.seeded, run.stumbles, run.notes) == (10, 1, ("no queue",))


# ------------------------------------------------------------------------------ creation


@table(
    "before, outcome, status, answered, retired, used",
    {
        "it is created": (asked(), OK, "requested", True, False, 1),
        "it was there": (asked(), Outcome(), "requested", True, False, 1),
        "it is counted once": (asked(answered=True), OK, "requested", True, False, 0),
        "its answer is lost: it may be there": (
            asked(),
            refused(Remedy.AGAIN),
            "requested",
            False,
            False,
            0,
        ),
        "no room frees its place": (asked(), refused(Remedy.ROOM), "gone", False, True, 0),
        "no capacity frees its place": (asked(), refused(Remedy.REGION), "gone", False, True, 0),
        "a fatal refusal frees its place": (asked(), refused(Remedy.FATAL), "gone", False, True, 0),
        "so does one of a few tries": (
            asked(),
            refused(Remedy.REGION, tries=3),
            "gone",
            False,
            True,
            0,
        ),
        "one that exists keeps its place, whatever is said": (
            slot(),
            refused(Remedy.ROOM),
            "live",
            True,
            False,
            0,
        ),
        "an error of our own changes nothing": (
            asked(),
            Outcome(error="no blob"),
            "requested",
            False,
            False,
            0,
        ),
    },
)
def test_a_creation(
    before: Any, outcome: Outcome, status: str, answered: bool, retired: bool, used: int
) -> None:
    run = after(state(before), create(), outcome)
    [place] = run.slots
    assert (place.status, place.answered, place.retired) == (status, answered, retired)
    assert run.groups_used == used
    assert run.losses == 0


@table(
    "spot, remedy, full",
    {
        "no room": (False, Remedy.ROOM, {"here": 160}),
        "no capacity": (False, Remedy.REGION, {"here": 400}),
        "no capacity of spot": (True, Remedy.REGION, {"here/spot": 400}),
        "again": (False, Remedy.AGAIN, {}),
    },
)
def test_a_refusal_shuts_its_placement(spot: bool, remedy: Remedy, full: dict[str, float]) -> None:
    run = after(state(asked()), create(spot=spot), refused(remedy))
    assert run.full == {key: moment(until) for key, until in full.items()}
    assert run.notes == ("refused",)


@table("remedy", {"no capacity": Remedy.REGION, "fatal": Remedy.FATAL})
def test_groups_that_are_refused_together_are_one_try(remedy: Remedy) -> None:
    places = range(1, 9)
    outcome = refused(remedy, wait=30, tries=1)
    decisions = [create(ordinal) for ordinal in places]
    run = settle(state(*map(asked, places)), decisions, [outcome] * len(places), NOW)
    assert (run.refusals, run.verdict, run.full) == ({"X": 1}, None, {})
    assert run.creations.held_until == moment(130)


def test_refused_deletions_are_no_try() -> None:
    assert after(state(slot()), delete(), refused(Remedy.AGAIN)).refusals == {}


def test_a_fatal_refusal_ends_the_run() -> None:
    run = after(state(asked()), create(), refused(Remedy.FATAL))
    assert (run.verdict, run.phase) == (failed("refused"), Phase.CLEANING)


# ------------------------------------------------------------------------------ deletion


@table(
    "before, decision, outcome, status, losses, deleting",
    {
        "it is asked for": (slot(), delete(), Outcome(), "live", 0, True),
        "it is gone": (slot(), delete(), OK, "gone", 1, False),
        "one that was wanted no longer is no loss": (
            slot(retired=True),
            delete(retire=True),
            OK,
            "gone",
            0,
            False,
        ),
        "one that was over is no further loss": (
            slot(status="over"),
            delete(),
            OK,
            "gone",
            0,
            False,
        ),
        "one that was gone stays so": (gone(), delete(), OK, "gone", 0, False),
        "a refusal is no deletion": (slot(), delete(), refused(Remedy.AGAIN), "live", 0, False),
        "an error of our own may have come after it": (
            slot(),
            delete(),
            Outcome(error="no blob"),
            "live",
            0,
            True,
        ),
        "one of nobody": (slot(2), delete(1), OK, "live", 0, False),
    },
)
def test_a_deletion(
    before: Any, decision: Remove, outcome: Outcome, status: str, losses: int, deleting: bool
) -> None:
    run = after(state(before, deleting={name(): moment(90)}), decision, outcome)
    assert [slot.status for slot in run.slots] == [status]
    assert (run.losses, name() in run.deleting) == (losses, deleting)


def test_other_deletions_go_on() -> None:
    run = state(*fleet(2), deleting={name(1): moment(1), name(2): moment(2)})
    assert after(run, delete(1), OK).deleting == {name(2): moment(2)}


@table(
    "remedy, verdict",
    {"again": (Remedy.AGAIN, None), "even a fatal one: it is tried again": (Remedy.FATAL, None)},
)
def test_a_refused_deletion_holds_the_deletions(remedy: Remedy, verdict: Verdict | None) -> None:
    run = after(state(slot()), delete(), refused(remedy, wait=30))
    assert run.deletions.held_until == moment(130)
    assert run.creations.held_until is None
    assert run.verdict == verdict


@table(
    "before, shown, started, ended, seconds",
    {
        "the last look tells the end": (slot(), view(ended=moment(40)), 0, 40, 40),
        "the last look tells the start": (slot(started=None), view(), 0, 100, 100),
        "what is known stays": (slot(ended=moment(30)), view(ended=moment(40)), 0, 30, 30),
        "there was no look": (slot(), None, 0, 100, 100),
    },
)
def test_what_a_deleted_group_cost(
    before: Any, shown: Any, started: float, ended: float, seconds: float
) -> None:
    run = after(state(before), delete(), Outcome(count=1, group=shown))
    assert (run.slots[0].started, run.slots[0].ended) == (moment(started), moment(ended))
    assert run.billed_seconds == seconds


@table(
    "decision, notes",
    {
        "a loss": (delete(reason="silent"), (f"{name()}: silent",)),
        "not that fewer are wanted": (delete(retire=True, reason="silent"), ()),
        "not the cleanup": (delete(), ()),
    },
)
def test_people_are_told_why(decision: Remove, notes: tuple[str, ...]) -> None:
    assert after(state(slot()), decision, Outcome()).notes == notes


# ------------------------------------------------------------------------------ paces


def test_what_azure_says_of_the_pace_is_heeded() -> None:
    decisions: list[Decision] = [create(1), delete(2)]
    outcomes = [Outcome(count=1, left=(40, 240)), Outcome(left=(70, 270))]
    run = settle(state(asked(1), slot(2)), decisions, outcomes, NOW)
    assert run.creations == Pace(spent=(Spent(at=NOW, count=60),))
    assert run.deletions == Pace(spent=(Spent(at=NOW, count=30),))


def test_a_refusal_tells_the_pace_as_well() -> None:
    outcome = refused(Remedy.AGAIN, wait=40).model_copy(update={"left": (0, 150)})
    run = after(state(asked()), create(), outcome)
    assert sum(item.count for item in run.creations.spent) == 150
    assert run.creations.held_until == moment(140)


# ------------------------------------------------------------------------------ redrive, close


def redrive(number: int) -> Redrive:
    return Redrive(run=RUN, number=number, selection=Selection())


@table(
    "outcome, done, audited, reseeds",
    {
        "some dead letters are left": (Outcome(more=True), 0, 20, 2),
        "all are set aside: the audit begins anew": (Outcome(), 1, 0, 0),
        "it failed": (Outcome(error="no blob"), 0, 20, 2),
    },
)
def test_a_redrive(outcome: Outcome, done: int, audited: int, reseeds: int) -> None:
    run = state(wished(redrives=(Selection(),)), audited=20, reseeds=2, quiet=3)
    now = after(run, redrive(1), outcome)
    assert (now.redrives_done, now.audited, now.reseeds) == (done, audited, reseeds)
    assert now.quiet == (0 if done else 3)


def test_a_run_that_is_closed_has_ended() -> None:
    run = state(verdict=DONE, audited=100)
    now = after(run, Close(state=run), Outcome(count=1))
    assert (now.closed, now.phase) == (True, Phase.SUCCEEDED)


def test_a_run_that_may_not_close_goes_on() -> None:
    wish, step = wished(redrives=(Selection(),)), Finishing(sent=1)
    run = state(wish, verdict=DONE, audited=100, quiet=5, finishing=step)
    now = after(run, Close(state=run), Outcome())
    assert (now.closed, now.verdict, now.audited, now.quiet) == (False, None, 0, 0)
    assert (now.phase, now.finishing) == (Phase.DRAINING, None)
    assert now.progressed == NOW, "the cleanup was no stall"


def test_a_part_of_an_audit_counts() -> None:
    found = Account(done={"generate": 10}, dead={}, missing={})
    audit = Audit(run=RUN, first=0, count=10)
    now = after(state(plan(100, part=10)), audit, Outcome(account=found))
    assert (now.audited, now.auditing, now.progressed) == (10, found, NOW)


@table(
    "outcome",
    {"it failed": Outcome(error="no blob"), "it has no answer": Outcome()},
)
def test_a_part_without_an_account_is_no_progress(outcome: Outcome) -> None:
    run = state(plan(100, part=10))
    now = after(run, Audit(run=RUN, first=0, count=10), outcome)
    assert (now.audited, now.progressed) == (0, START)


# ------------------------------------------------------------------------------ errors


@table(
    "remedy, before, verdict",
    {
        "fatal": (Remedy.FATAL, None, failed("refused")),
        "fatal, of a run that is being ended": (Remedy.FATAL, DONE, DONE),
        "again": (Remedy.AGAIN, None, None),
    },
)
def test_an_activity_may_be_refused_for_good(
    remedy: Remedy, before: Verdict | None, verdict: Verdict | None
) -> None:
    run = state(plan=None, verdict=before)
    assert after(run, Prepare(run=RUN), refused(remedy)).verdict == verdict


@table(
    "outcomes, stumbles",
    {
        "all went well": ([OK, OK], 0),
        "one failed": ([OK, Outcome(error="x")], 8),
        "several are one stumble": ([Outcome(error="x"), Outcome(error="y")], 8),
    },
)
def test_stumbles(outcomes: list[Outcome], stumbles: int) -> None:
    decisions = [create(1), create(2)]
    run = settle(state(asked(1), asked(2), stumbles=7), decisions, outcomes, NOW)
    assert run.stumbles == stumbles


def test_a_turn_without_decisions_is_no_stumble() -> None:
    assert settle(state(stumbles=7), [], [], NOW).stumbles == 0


def test_a_turn_without_a_look_is_noted_and_judged() -> None:
    run = stumble(state(plan(limits={"deadline": 60}), stumbles=7), "no answer", NOW)
    assert (run.stumbles, run.notes) == (8, ("no answer",))
    assert run.verdict == failed("the deadline of 60 s has passed")
    assert run.phase is Phase.CLEANING


@table(
    "stumbles, verdict, is_helpless",
    {
        "often enough": (STUMBLES, DONE, True),
        "once less": (STUMBLES - 1, DONE, False),
        "a run that goes on has rules for that": (STUMBLES, None, False),
    },
)
def test_helpless(stumbles: int, verdict: Verdict | None, is_helpless: bool) -> None:
    assert helpless(state(stumbles=stumbles, verdict=verdict)) is is_helpless


@table(
    "notes, text, after_it",
    {
        "the first": ((), "a", ("a",)),
        "the newest at the end": (("a",), "b", ("a", "b")),
        "the same as the last is known": (("a", "b"), "b", ("a", "b")),
        "the newest few": (("a", "b", "c", "d", "e"), "f", ("b", "c", "d", "e", "f")),
        "not all of a long one": ((), "x" * 600, ("x" * 500,)),
    },
)
def test_notes(notes: tuple[str, ...], text: str, after_it: tuple[str, ...]) -> None:
    assert note(state(notes=notes), text).notes == after_it


def test_each_decision_has_its_outcome() -> None:
    with pytest.raises(ValueError, match="zip"):
        settle(state(), [create()], [], NOW)
