"""Whether a run must end before its work is done."""

from typing import Any

from simulation.agenda import moment
from support.states import asked, fleet, gone, observation, plan, slot, state, wished
from support.tables import table

from orchestration.model import (
    Account,
    Observation,
    Phase,
    Plan,
    Progress,
    RepeatedError,
    RunState,
    Slot,
    Verdict,
)
from orchestration.policy.judging import failed, judge, judged
from orchestration.policy.money import committed

SECOND = 0.001 + 1.5 * 0.0001


def of(units: int = 100, **limits: Any) -> Plan:
    return plan(units, limits=limits)


def reason(run: RunState, now: float = 0) -> str:
    """Why the run ends as Failed; empty if it goes on."""
    found = judge(run, moment(now))
    assert found is None or found.phase is Phase.FAILED
    return found.reason if found else ""


@table(
    "run, verdict",
    {
        "nobody wishes it": (state(), None),
        "a pause is no end": (state(wished(paused=True)), None),
        "with a reason": (
            state(wished(cancel=True, reason="enough")),
            Verdict(phase=Phase.CANCELLED, reason="enough"),
        ),
        "without one": (
            state(wished(cancel=True)),
            Verdict(phase=Phase.CANCELLED, reason="cancelled on request"),
        ),
        "before there is a plan": (
            state(wished(cancel=True), plan=None),
            Verdict(phase=Phase.CANCELLED, reason="cancelled on request"),
        ),
        "before the first look": (state(observation=None), None),
        "more than any failure": (
            state(of(deadline=1, stall_timeout=1), wished(cancel=True), started=moment(-9_000)),
            Verdict(phase=Phase.CANCELLED, reason="cancelled on request"),
        ),
    },
)
def test_cancelled(run: RunState, verdict: Verdict | None) -> None:
    assert judge(run, moment(0)) == verdict


@table(
    "run, why",
    {
        "no tolerance is set": (state(of(), observation(dead=100)), ""),
        "as many as are tolerated": (
            state(of(tolerated_failures=3), observation(dead=3)),
            "",
        ),
        "one more": (
            state(of(tolerated_failures=3), observation(dead=4)),
            "4 units failed and 3 are tolerated",
        ),
        "none are tolerated, none failed": (
            state(of(tolerated_failures=0), observation(dead=0)),
            "",
        ),
        "none are tolerated": (
            state(of(tolerated_failures=0), observation(dead=1)),
            "1 units failed and 0 are tolerated",
        ),
        "as large a share as is tolerated": (
            state(of(200, tolerated_percent=2.5), observation(dead=5)),
            "",
        ),
        "a larger share": (
            state(of(200, tolerated_percent=2.5), observation(dead=6)),
            "6 of 200 units failed and 2.5 % are tolerated",
        ),
        "no share is tolerated": (
            state(of(tolerated_percent=0), observation(dead=1)),
            "1 of 100 units failed and 0 % are tolerated",
        ),
        "the smaller of both counts": (
            state(of(tolerated_failures=50, tolerated_percent=2), observation(dead=3)),
            "3 of 100 units failed and 2 % are tolerated",
        ),
        "before there is a plan": (state(observation(dead=5), plan=None), ""),
    },
)
def test_tolerated_failures(run: RunState, why: str) -> None:
    assert reason(run) == why


def erring(alike: int, done: int = 0, other: int = 0, **changes: Any) -> Observation:
    errors = [RepeatedError(fingerprint="a", error="no such table", units=alike)]
    if other:
        errors.insert(0, RepeatedError(fingerprint="b", error="too long", units=other))
    return observation(done=done, dead=alike + other, errors=tuple(errors), **changes)


@table(
    "limits, look, ends",
    {
        "a few errors at the start prove nothing": ({}, erring(49), False),
        "half of the first hundred, and no more has ended": ({}, erring(50), True),
        "half of a hundred": ({}, erring(50, done=50), True),
        "less than half": ({}, erring(50, done=51), False),
        "half of those that ended later": ({}, erring(100, done=100), True),
        "other errors are units that have ended": ({}, erring(60, done=50, other=11), False),
        "the commonest of several": ({}, erring(60, done=30, other=30), True),
        "a share that is asked for": (
            {"repeated_error_percent": 10, "repeated_error_units": 20},
            erring(2, done=18),
            True,
        ),
        "less than that": (
            {"repeated_error_percent": 10, "repeated_error_units": 20},
            erring(2, done=19),
            False,
        ),
        "one unit may be enough": ({"repeated_error_units": 1}, erring(1), True),
        "nobody asks for it": ({"repeated_error_percent": None}, erring(100), False),
        "no errors": ({}, observation(dead=100), False),
    },
)
def test_one_error_again_and_again(limits: dict[str, Any], look: Observation, ends: bool) -> None:
    why = f"{look.errors and look.errors[-1].units} of the first units failed alike: no such table"
    assert reason(state(of(1_000, **limits), look)) == (why if ends else "")


def test_units_have_ended_after_their_last_stage() -> None:
    stages = {"generate": Progress(units=500), "ingest": Progress(units=50)}
    run = state(plan(1_000, stages=("generate", "ingest")), erring(50, progress=stages))
    assert reason(run) != ""


@table(
    "cap, now, ends",
    {
        # One group: so many seconds, 15 until the next look, 30 until it has stopped.
        "no cap": (None, 10_000, False),
        "well below": (1_000 * SECOND, 900, False),
        "the reserve reaches the cap": (1_000 * SECOND, 955.1, True),
        "just below with the reserve": (1_000 * SECOND, 954.9, False),
    },
)
def test_the_cost_cap(cap: float | None, now: float, ends: bool) -> None:
    run = state(of(cost=cap), slot(), progressed=moment(now))
    assert reason(run, now) == (f"the cost cap of {cap:g} is reached" if ends and cap else "")


def test_a_cap_that_is_met_to_the_cent_is_reached() -> None:
    cap = committed(state(slot()), moment(100))
    assert reason(state(of(cost=cap), slot()), 100) != ""


@table(
    "run, now, why",
    {
        "at the deadline": (state(of(deadline=600)), 600, ""),
        "past it": (state(of(deadline=600)), 601, "the deadline of 600 s has passed"),
        "none without a plan": (state(plan=None, progressed=moment(90_000)), 90_000, ""),
        "a pause stops no deadline": (
            state(of(deadline=600), wished(paused=True)),
            601,
            "the deadline of 600 s has passed",
        ),
    },
)
def test_the_deadline(run: RunState, now: float, why: str) -> None:
    assert reason(run, now) == why


@table(
    "run, now, why",
    {
        "still patient": (state(of(stall_timeout=1_000, unit_timeout=60)), 1_000, ""),
        "a stall": (
            state(of(stall_timeout=1_000, unit_timeout=60)),
            1_001,
            "no progress for 1000 s",
        ),
        "with the last note": (
            state(of(stall_timeout=1_000, unit_timeout=60), notes=("first", "refused")),
            1_001,
            "no progress for 1000 s; last: refused",
        ),
        "since the last progress": (
            state(of(stall_timeout=1_000, unit_timeout=60), progressed=moment(500)),
            1_500,
            "",
        ),
        "a long unit is no stall": (state(of(stall_timeout=1_000, unit_timeout=800)), 1_200, ""),
        "one that is too long is": (
            state(of(stall_timeout=1_000, unit_timeout=800)),
            1_201,
            "no progress for 1200 s",
        ),
        "half an hour for a plan": (state(plan=None), 1_800, ""),
        "no plan after that": (state(plan=None), 1_801, "no progress for 1800 s"),
    },
)
def test_a_stall(run: RunState, now: float, why: str) -> None:
    assert reason(run, now) == why


def died(*codes: int | None) -> tuple[Slot, ...]:
    return tuple(gone(n, exit_code=code) for n, code in enumerate(codes, 1))


@table(
    "run, codes",
    {
        "as many as may be replaced": (state(of(replacements=5), *died(70), losses=5), None),
        "one more": (state(of(replacements=5), *died(70), losses=6), "[70]"),
        "none may be replaced": (state(of(replacements=0), losses=1), "[]"),
        "none is lost": (state(of(replacements=0)), None),
        "each code once, in order": (
            state(of(replacements=5), *died(137, 70, 137, None), losses=6),
            "[70, 137]",
        ),
        "groups that are over have codes as well": (
            state(of(replacements=5), slot(status="over", exit_code=70), losses=6),
            "[70]",
        ),
        "three faults of the configuration may be chance": (
            state(of(replacements=20), *died(64, 64, 64), losses=3),
            None,
        ),
        "four are proof": (state(of(replacements=20), *died(64, 64, 64, 64), losses=4), "[64]"),
        "unless others died otherwise": (
            state(of(replacements=20), *died(64, 64, 64, 70), losses=4),
            None,
        ),
        "fewer if fewer may be replaced": (
            state(of(replacements=1), *died(64, 64), losses=2),
            "[64]",
        ),
        "before there is a plan": (state(plan=None, losses=50), None),
    },
)
def test_dying_workers(run: RunState, codes: str | None) -> None:
    words = "container groups in a row ended without any progress, exit codes"
    assert reason(run) == (f"{run.losses} {words} {codes}" if codes else "")


def test_working_groups_are_no_reason_to_stop() -> None:
    assert judge(state(*fleet(3), asked(4)), moment(60)) is None


def test_a_verdict_begins_the_audit_anew() -> None:
    found = Account(done={"generate": 10}, dead={}, missing={})
    run = state(of(deadline=600), audited=10, auditing=found)
    after = judged(run, moment(601))
    assert (after.audited, after.auditing) == (0, None)
    assert after.verdict == failed("the deadline of 600 s has passed")


@table("verdict", {"before its end": None, "when it is being ended": failed("before")})
def test_what_is_decided_stays(verdict: Verdict | None) -> None:
    run = state(of(deadline=600), audited=10, verdict=verdict)
    assert judged(run, moment(601 if verdict else 600)) == run
