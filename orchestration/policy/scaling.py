"""How many container groups a run should have."""

from datetime import datetime
from math import ceil

from ..model import Phase, RunState
from .slots import active

# Fewer groups are wanted only when a good part of them can go: each that leaves may have to be
# started again.
CALM = 0.8


def wanted(state: RunState, now: datetime) -> int:
    """How many container groups the run should have now."""
    assert state.plan
    assert state.observation
    if state.observation.control.paused:
        return 0
    running = len(active(state))
    if state.phase is Phase.FINISHING:  # nobody knows which of them works on it
        return min(max(1, running), most(state))
    target = min(_target(state, now), most(state))
    # What the window keeps back gives nobody work: workers would leave and be replaced.
    waiting = min(unstarted(state), max(state.plan.window, state.observation.queued))
    # What the active workers hold or reach at once needs no further worker: so a worker that
    # left by itself at the end of a run is not replaced.
    if waiting <= 2 * running * state.plan.instances.concurrency:
        return min(running, target)
    return min(target, waiting)


def most(state: RunState) -> int:
    """The most container groups that the run may have now, as far as its target takes them."""
    return min(limit(state), state.easing.ceiling) if state.easing else limit(state)


def limit(state: RunState) -> int:
    """The most container groups that are asked for: by a wish, or by the request."""
    assert state.plan
    wish = state.observation.control.count if state.observation else None
    return wish or state.plan.instances.most


def unstarted(state: RunState) -> int:
    """About how many units no worker has finished, of those that need one."""
    assert state.plan
    assert state.observation
    return state.observation.queued + state.plan.units - state.seeded


def _target(state: RunState, now: datetime) -> int:
    assert state.plan
    assert state.observation
    instances, wish = state.plan.instances, state.observation.control.count
    if wish is not None:
        return wish
    if instances.max is None:
        return instances.most
    if instances.backlog:
        needed = ceil(unstarted(state) / instances.backlog)
    else:
        needed = _to_finish_in_time(state, now)
    bounded = min(max(needed, instances.least), instances.max)
    return min(_calmed(bounded, len(active(state))), instances.max)


def _to_finish_in_time(state: RunState, now: datetime) -> int:
    assert state.plan
    instances = state.plan.instances
    assert instances.finish_within
    if not state.speed:
        return instances.least
    left = instances.finish_within - (now - state.started).total_seconds()
    if left <= state.plan.tick:
        return instances.most
    return ceil(_remaining(state) / (state.speed * left))


def _remaining(state: RunState) -> int:
    """Units of all stages that are still to be done."""
    assert state.plan
    assert state.observation
    done = sum(progress.units for progress in state.observation.progress.values())
    return max(0, state.plan.units * len(state.plan.stages) - done)


def _calmed(needed: int, running: int) -> int:
    return running if CALM * running < needed < running else needed
