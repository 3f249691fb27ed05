"""Which units go to the work queue now."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from math import ceil

from ..model import RunState, Seed

PAGES_A_TURN = 8


def seeds(state: RunState) -> Iterator[Seed]:
    """The next pages of units, as far as the window has room for them.

    A room that is small beside window and page waits until it is worth an activity.
    """
    assert state.plan
    assert state.observation
    plan = state.plan
    room = max(0, plan.window - state.observation.queued)
    last = min(plan.units, state.seeded + room)
    if last < plan.units and room < min(plan.page, ceil(plan.window / 4)):
        return
    for first in islice(range(state.seeded, last, plan.page), PAGES_A_TURN):
        count = min(plan.page, last - first)
        yield Seed(run=state.run, first=first, count=count, missing=plan.resumed)


def seeded(state: RunState, decision: Seed, now: datetime) -> RunState:
    """The state after a page; it counts only if all pages before it do."""
    if decision.first != state.seeded:
        return state
    after = state.seeded + decision.count
    return state.model_copy(update={"seeded": after, "quiet": 0, "progressed": now})
