"""Fewer container groups for a target that asks for less, and more again by and by."""

from datetime import datetime, timedelta

from ..model import Easing, Observation, RunState
from .scaling import limit
from .slots import running

PERIOD = timedelta(minutes=1)
CALM = timedelta(minutes=2)


def eased(state: RunState, before: Observation | None, now: datetime) -> RunState:
    """The state with the ceiling that the target's pushback asks for, none while it is content.

    Half of the groups that run are left, at most once in a period; after a calm one more is
    allowed in every period, until the ceiling is out of the way.
    """
    look = state.observation
    if state.plan is None or look is None or before is None:
        return state
    if look.pushbacks > before.pushbacks:
        return state.model_copy(update={"easing": _lowered(state.easing, look, now)})
    if state.easing:
        return state.model_copy(update={"easing": _raised(state, state.easing, now)})
    return state


def _lowered(easing: Easing | None, look: Observation, now: datetime) -> Easing:
    if easing and now - easing.changed < PERIOD:
        return easing.model_copy(update={"pushed": now})
    count = len(running(look))
    count = min(count, easing.ceiling) if easing else count  # some are still on their way out
    return Easing(ceiling=max(1, count // 2), changed=now, pushed=now)


def _raised(state: RunState, easing: Easing, now: datetime) -> Easing | None:
    if now - easing.pushed < CALM or now - easing.changed < PERIOD:
        return easing
    if easing.ceiling + 1 >= limit(state):
        return None
    return easing.model_copy(update={"ceiling": easing.ceiling + 1, "changed": now})
