"""What people see of a run while it goes on: small, whatever the size of the run; pure."""

from collections import Counter
from datetime import datetime

from pydantic import ConfigDict, Field

from .model import Phase, Progress, RepeatedError, RunState, Value
from .policy import full_until, spent, spent_after

LAST_PHASES = (Phase.AUDITING, Phase.FINISHING, Phase.CLEANING)
ASKS_FOR_LESS, NO_ROOM, QUOTAS = "the target asks for less", "no room in", "the quotas of"


class UnitCounts(Value):
    """Units of a run; `done` counts what is through its last stage, as the workers say.

    `total` is None until there is a plan; `queued` is approximate.
    """

    total: int | None = None
    seeded: int = 0
    done: int = 0
    dead: int = 0
    queued: int = 0


class Status(Value):
    """The orchestrator's custom status; `text` says it in a line, for lists such as the Portal's.

    Money and seconds are as in the plan. `seconds_left` and `cost_at_end` are None until there is
    something to reckon from; `cost_limit` is the cap of the request, `cost_expected` what a plan
    said. `end` is how the run is to end, once that is decided. `waits` says what keeps the run
    from going on, if anything does, `finish` how its last step stands. Statuses of older and newer
    writers can be read.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str = ""
    state: Phase = Phase.PLANNING
    end: Phase | None = None
    reason: str = ""
    units: UnitCounts = UnitCounts()
    stages: dict[str, Progress] = Field(default_factory=dict)
    rows: int = 0
    rows_per_second: int = 0
    groups: dict[str, int] = Field(default_factory=dict)
    waits: str = ""
    finish: str = ""
    errors: tuple[RepeatedError, ...] = ()
    cost: float = 0.0
    cost_at_end: float | None = None
    cost_limit: float | None = None
    cost_expected: float | None = None
    elapsed: float = 0.0
    seconds_left: float | None = None
    notes: tuple[str, ...] = ()


def summary(state: RunState, now: datetime) -> Status:
    """How a run stands."""
    plan, seen = state.plan, state.observation
    elapsed = max((now - state.started).total_seconds(), 0.001)
    stages = (seen.progress if seen else {}) if plan else {}
    last = stages.get(plan.stages[-1]) if plan else None
    rows = last.rows if last else 0
    units = UnitCounts(
        total=plan.units if plan else None,
        seeded=state.seeded,
        done=min(last.units, plan.units) if plan and last else 0,
        dead=seen.dead if seen else 0,
        queued=seen.queued if seen else 0,
    )
    left = _seconds_left(state, units.done, elapsed)
    status = Status(
        state=state.phase,
        end=state.verdict.phase if state.verdict else None,
        reason=state.verdict.reason if state.verdict else "",
        units=units,
        stages=stages,
        rows=rows,
        rows_per_second=round(rows / elapsed),
        groups=groups(state),
        waits=waits(state, now),
        finish=finish(state),
        errors=seen.errors if seen else (),
        cost=round(spent(state, now), 6),
        cost_at_end=None if left is None else round(spent_after(state, now, left), 6),
        cost_limit=plan.limits.cost if plan else None,
        cost_expected=plan.expected.cost if plan and plan.expected else None,
        elapsed=round(elapsed, 1),
        seconds_left=left,
        notes=state.notes,
    )
    return status.model_copy(update={"text": _in_a_line(status)})


def _in_a_line(status: Status) -> str:
    units, working = status.units, status.groups.get("Running", 0)
    parts = [
        f"{units.done:,} of {units.total:,} units" if units.total is not None else "",
        f"{units.dead:,} dead" if units.dead else "",
        f"{working} groups at work" if working else "",
        f"{status.seconds_left:.0f} s left" if status.seconds_left else "",
        status.reason or status.waits,
    ]
    return f"{status.state}: {', '.join(part for part in parts if part)}".rstrip(": ")


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
        texts.append(f"{ASKS_FOR_LESS}: {state.observation.pushback}")
    texts += [f"{NO_ROOM} {name} until {until:%H:%M:%S}" for name, until in shut.items()]
    for region, room in state.observation.rooms.items():
        if room and (room.groups < 1 or room.cores < state.plan.instances.cpu):
            left = f"{room.groups} groups and {room.cores:g} cores"
            texts.append(f"{QUOTAS} {region} have {left} left")
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
