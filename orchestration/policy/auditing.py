"""Proving what has been done: the audit walks over all units, part by part."""

from collections.abc import Iterator
from itertools import islice

from ..model import Account, Audit, Finishing, Outcome, Phase, RunState, Verdict
from .judging import failed

PARTS_A_TURN = 8
RESEEDS = 3


def audits(state: RunState) -> Iterator[Audit]:
    """The next parts, one at least: also a run of no units is proven to be complete.

    Missing units are seeded again unless the run is being ended.
    """
    assert state.plan
    units, part = state.plan.units, state.plan.part
    reseed = state.verdict is None and state.reseeds < RESEEDS
    for first in islice(range(state.audited, max(units, 1), part), PARTS_A_TURN):
        count = min(part, units - first)
        yield Audit(run=state.run, first=first, count=count, reseed=reseed)


def accounted(state: RunState) -> bool:
    """Whether the audit has looked at every unit."""
    return state.plan is None or state.audited >= state.plan.units


def restarted(state: RunState) -> RunState:
    """The state before the first part, and so before the finishing step."""
    return state.model_copy(update={"audited": 0, "auditing": None, "finishing": None})


def audited(state: RunState, decision: Audit, outcome: Outcome) -> RunState:
    """The state after a part; it counts only if all parts before it do."""
    if decision.first != state.audited or outcome.account is None:
        return state
    so_far = outcome.account if state.auditing is None else state.auditing.plus(outcome.account)
    after = state.model_copy(update={"audited": state.audited + decision.count, "auditing": so_far})
    return _concluded(after, so_far, reseeded=decision.reseed) if accounted(after) else after


def _concluded(state: RunState, account: Account, *, reseeded: bool) -> RunState:
    if state.verdict:
        return state.model_copy(update={"account": account})
    missing = sum(account.missing.values())
    if missing and reseeded:
        fewer = state.account is None or missing < sum(state.account.missing.values())
        reseeds = 1 if fewer else state.reseeds + 1
        again = {"account": account, "reseeds": reseeds, "quiet": 0}
        return restarted(state).model_copy(update=again)
    if finishes(state) and not missing:
        return state.model_copy(update={"account": account, "finishing": Finishing()})
    return state.model_copy(update={"account": account, "verdict": verdict(account)})


def finishes(state: RunState) -> bool:
    """Whether a step is left once all units are accounted for."""
    return state.plan is not None and state.plan.finish


def verdict(account: Account) -> Verdict:
    """How a run ends whose audit is over."""
    missing, dead = sum(account.missing.values()), sum(account.dead.values())
    if missing:
        names = ", ".join(account.sample)
        return failed(f"missing units after {RESEEDS} reseeds: {missing}, such as {names}")
    if dead:
        return Verdict(phase=Phase.COMPLETED_WITH_FAILURES, reason=f"dead letters: {dead}")
    return Verdict(phase=Phase.SUCCEEDED)
