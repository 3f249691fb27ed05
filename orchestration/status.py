"""What people see of a run while it goes on: small, whatever the size of the run; pure."""

from collections import Counter
from datetime import datetime
from typing import Any

from .model import Phase, RunState
from .policy import full_until, spent, spent_after

LAST_PHASES = (Phase.AUDITING, Phase.FINISHING, Phase.CLEANING)


def summary(state: RunState, now: datetime) -> dict[str, Any]:
    """The orchestrator's custom status.

    `units.done` counts what is through its last stage, as the workers say; money and seconds as
    in the plan. `secondsLeft` and `costAtEnd` are None until there is something to reckon from.
    `waits` says what keeps the run from going on, if anything does, `finish` how its last step
    stands.
    """
    plan, seen = state.plan, state.observation
    elapsed = max((now - state.started).total_seconds(), 0.001)
    stages = (seen.progress if seen else {}) if plan else {}
    last = stages.get(plan.stages[-1]) if plan else None
    done = min(last.units, plan.units) if plan and last else 0
    rows = last.rows if last else 0
    left = _seconds_left(state, done, elapsed)
    return {
        "state": state.phase,
        "reason": state.verdict.reason if state.verdict else "",
        "units": {
            "total": plan.units if plan else None,
            "seeded": state.seeded,
            "done": done,
            "dead": seen.dead if seen else 0,
            "queued": seen.queued if seen else 0,
        },
        "stages": {name: progress.model_dump() for name, progress in stages.items()},
        "rows": rows,
        "rowsPerSecond": round(rows / elapsed),
        "groups": groups(state),
        "waits": waits(state, now),
        "finish": finish(state),
        "errors": [error.model_dump() for error in seen.errors] if seen else [],
        "cost": round(spent(state, now), 6),
        "costAtEnd": None if left is None else round(spent_after(state, now, left), 6),
        "elapsed": round(elapsed, 1),
        "secondsLeft": left,
        "notes": list(state.notes),
    }


def groups(state: RunState) -> dict[str, int]:
    """Container groups by what they are doing, and how many were used in all."""
    views = state.observation.groups if state.observation else ()
    counts = Counter("Ended" if view.over else view.state for view in views)
    return {**counts, "used": state.groups_used}


def waits(state: RunState, now: datetime) -> str:
    """Why fewer groups run than could: a pause, a target that asks for less, or no room."""
    if state.plan is None or state.observation is None or state.verdict:
        return ""
    if state.observation.control.paused:
        return "paused"
    shut = full_until(state, now)
    texts = []
    if state.easing:
        texts.append(f"the target asks for less: {state.observation.pushback}")
    texts += [f"no room in {name} until {until:%H:%M:%S}" for name, until in shut.items()]
    for region, room in state.observation.rooms.items():
        if room and (room.groups < 1 or room.cores < state.plan.instances.cpu):
            left = f"{room.groups} groups and {room.cores:g} cores"
            texts.append(f"the quotas of {region} have {left} left")
    return "; ".join(texts)


def finish(state: RunState) -> str:
    """How the finishing step stands; empty until it is known whether there is one."""
    step = state.finishing
    if state.plan is None:
        return ""
    if not state.plan.finish:
        return "not needed"
    if step and step.ended:
        return "failed" if step.ended.error else "done"
    if state.verdict:
        return "not done"
    return "under way" if step else "to come"


def _seconds_left(state: RunState, done: int, elapsed: float) -> float | None:
    if not (state.plan and done) or state.phase in LAST_PHASES:
        return None
    return round((state.plan.units - done) * elapsed / done, 1)
