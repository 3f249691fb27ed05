"""Proving what has been done, part by part."""

from typing import Any

from support.states import RUN, plan, state
from support.tables import table

from orchestration.model import Account, Audit, Outcome, Phase, RunState, Verdict
from orchestration.policy.auditing import accounted, audited, audits, restarted, verdict
from orchestration.policy.judging import failed


def account(done: int = 0, dead: int = 0, missing: int = 0, *sample: str) -> Account:
    stage = "generate"
    return Account(done={stage: done}, dead={stage: dead}, missing={stage: missing}, sample=sample)


def auditing(at: int, **changes: Any) -> RunState:
    """A run of 30 units in parts of 10, of which so many are looked at."""
    return state(plan(30, part=10), phase=Phase.AUDITING, audited=at, **changes)


def part(first: int, found: Account | None, run: RunState, *, reseed: bool = True) -> RunState:
    decision = Audit(run=RUN, first=first, count=10, reseed=reseed)
    return audited(run, decision, Outcome(account=found))


@table(
    "run, parts",
    {
        "all parts": (auditing(0), [(0, 10), (10, 10), (20, 10)]),
        "the parts that are left": (auditing(20), [(20, 10)]),
        "none are left": (auditing(30), []),
        "the last may be short": (state(plan(25, part=10), audited=20), [(20, 5)]),
        "one part of a small run": (state(plan(5, part=10)), [(0, 5)]),
        "eight a turn": (
            state(plan(1_000, part=10), audited=40),
            [(first, 10) for first in range(40, 120, 10)],
        ),
        "one of no units": (state(plan(0)), [(0, 0)]),
    },
)
def test_parts(run: RunState, parts: list[tuple[int, int]]) -> None:
    assert [(audit.first, audit.count) for audit in audits(run)] == parts


@table(
    "run, reseed",
    {
        "at first": (auditing(0), True),
        "after two reseeds": (auditing(0, reseeds=2), True),
        "not after three": (auditing(0, reseeds=3), False),
        "not of a run that is being ended": (auditing(0, verdict=failed("stopped")), False),
    },
)
def test_missing_units_are_seeded_again(run: RunState, reseed: bool) -> None:
    assert {audit.reseed for audit in audits(run)} == {reseed}


@table(
    "run, whole",
    {
        "before its end": (auditing(29), False),
        "at its end": (auditing(30), True),
        "without a plan there is nothing to prove": (state(plan=None), True),
        "of no units": (state(plan(0)), True),
    },
)
def test_whether_the_account_is_whole(run: RunState, whole: bool) -> None:
    assert accounted(run) is whole


@table(
    "first, found, looked_at, sum_",
    {
        "the first part": (10, account(9, 1), 20, account(19, 1)),
        "a part again": (0, account(9, 1), 10, account(10)),
        "a part behind one that failed": (20, account(9, 1), 10, account(10)),
        "a part without an answer": (10, None, 10, account(10)),
    },
)
def test_parts_count_in_their_order(
    first: int, found: Account | None, looked_at: int, sum_: Account
) -> None:
    after = part(first, found, auditing(10, auditing=account(10)))
    assert (after.audited, after.auditing) == (looked_at, sum_)
    assert after.verdict is None


@table(
    "found, ends_as",
    {
        "all are done": (account(10), Verdict(phase=Phase.SUCCEEDED)),
        "some are dead": (
            account(8, dead=2),
            Verdict(phase=Phase.COMPLETED_WITH_FAILURES, reason="dead letters: 2"),
        ),
    },
)
def test_the_end_of_an_audit(found: Account, ends_as: Verdict) -> None:
    after = part(20, found, auditing(20, auditing=account(20)))
    assert after.verdict == ends_as
    assert after.account == account(20).plus(found)


@table(
    "known, reseeds, now",
    {
        "the first time": (None, 0, 1),
        "as many as before": (account(27, 0, 3), 1, 2),
        "more than before": (account(28, 0, 2), 1, 2),
        "fewer than before begin anew": (account(26, 0, 4), 2, 1),
    },
)
def test_missing_units_begin_another_audit(known: Account | None, reseeds: int, now: int) -> None:
    before = auditing(20, auditing=account(20), account=known, reseeds=reseeds, quiet=5)
    after = part(20, account(7, 0, 3), before)
    assert (after.audited, after.auditing, after.quiet) == (0, None, 0)
    assert after.account == account(27, 0, 3)
    assert (after.reseeds, after.verdict) == (now, None)


def test_units_that_stay_missing_fail_the_run_by_name() -> None:
    before = auditing(20, auditing=account(20), account=account(29, 0, 1), reseeds=3)
    after = part(20, account(9, 0, 1, "generate/23"), before, reseed=False)
    assert after.verdict
    assert after.verdict.phase is Phase.FAILED
    assert "missing units after 3 reseeds: 1" in after.verdict.reason
    assert "generate/23" in after.verdict.reason


def test_the_audit_of_a_run_that_was_stopped_changes_no_verdict() -> None:
    before = auditing(20, auditing=account(20), verdict=failed("stopped"))
    after = part(20, account(5, 1, 4), before, reseed=False)
    assert after.verdict == failed("stopped")
    assert after.account == account(25, 1, 4)


def test_dead_letters_are_no_failure_where_units_are_missing_too() -> None:
    assert verdict(account(1, dead=1, missing=1)).phase is Phase.FAILED


def test_a_run_of_no_units_succeeds() -> None:
    run = state(plan(0), phase=Phase.AUDITING)
    [audit] = audits(run)
    assert audited(run, audit, Outcome(account=account())).verdict == Verdict(phase=Phase.SUCCEEDED)


def test_an_audit_begins_anew() -> None:
    after = restarted(auditing(20, auditing=account(20)))
    assert (after.audited, after.auditing) == (0, None)
