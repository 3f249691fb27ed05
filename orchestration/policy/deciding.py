"""The actions of a turn."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ..model import Close, Decision, Look, Phase, Prepare, Provision, Redrive, Remove, RunState
from . import placing, removing
from .auditing import accounted, audits
from .finishing import finish
from .money import spent
from .notifying import notices
from .pacing import spend
from .phases import pending_redrive
from .placing import provisions
from .removing import all_removals, left, removals
from .scaling import most
from .seeding import seeds
from .slots import active

SOON = 1.0


def decide(state: RunState, now: datetime) -> tuple[RunState, tuple[Decision, ...]]:
    """The actions of this turn, and the state that remembers them should no answer ever come.

    The actions are independent and may be carried out in parallel.
    """
    decisions = (*_decisions(state, now), *notices(state, now))
    created = [decision for decision in decisions if isinstance(decision, Provision)]
    deleted = [decision for decision in decisions if isinstance(decision, Remove)]
    for creation in created:
        state = placing.intended(state, creation, now)
    for deletion in deleted:
        state = removing.intended(state, deletion, now)
    paces = {
        "creations": spend(state.creations, len(created), (), now),
        "deletions": spend(state.deletions, len(deleted), (), now),
    }
    return state.model_copy(update=paces), decisions


def _decisions(state: RunState, now: datetime) -> tuple[Decision, ...]:
    if state.verdict:
        return _cleanup(state, now)
    if state.plan is None:
        return (Prepare(run=state.run),)
    match state.phase:
        case Phase.PAUSED:
            return tuple(removals(state, now))
        case Phase.AUDITING:
            return (*audits(state), *removals(state, now))
        case Phase.FINISHING:
            return (finish(state), *removals(state, now), *provisions(state, now))
        case _:
            return (*_input(state), *removals(state, now), *provisions(state, now))


def _input(state: RunState) -> Iterator[Decision]:
    """What comes to the queue; while dead letters are set aside, no page could tell them."""
    if not pending_redrive(state):
        yield from seeds(state)
        return
    assert state.observation
    number = state.redrives_done
    selection = state.observation.control.redrives[number]
    yield Redrive(run=state.run, number=number + 1, selection=selection)


def _cleanup(state: RunState, now: datetime) -> tuple[Decision, ...]:
    """First no group is left, so that nothing changes; then the account is whole; then the end."""
    if left(state):
        return tuple(all_removals(state, now))
    if not accounted(state):
        return tuple(audits(state))
    return (Close(state=state),)


def next_look(state: RunState, now: datetime) -> datetime:
    """When to look again: soon while there is something to push on, else at the next tick."""
    tick = state.plan.tick if state.plan else SOON
    return now + timedelta(seconds=min(SOON, tick) if _pushing(state) else tick)


def _pushing(state: RunState) -> bool:
    plan, seen = state.plan, state.observation
    if plan is None or seen is None:
        return True
    if state.stumbles:
        return False
    if state.verdict:
        there = left(state)
        return not there or not there <= state.deleting.keys()  # else deletions are waited for
    hungry = state.seeded < plan.units and seen.queued < plan.window // 2
    waiting = state.finishing and state.finishing.sent  # for hours, perhaps
    ending = state.seeded == plan.units and (state.quiet or (state.audited and not waiting))
    return not seen.control.paused and bool(hungry or ending)


def look(state: RunState, now: datetime) -> Look:
    """What the next observation must tell: rooms matter while groups may be created."""
    going_on = state.plan and not state.verdict
    short = going_on and len(active(state)) < most(state)
    return Look(
        run=state.run,
        regions=state.plan.regions if state.plan and short else (),
        cost=round(spent(state, now), 6),
        progressed=state.progressed if going_on else None,
    )
