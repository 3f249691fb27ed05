"""What becomes of a due time, and what a schedule remembers: pure.

Each function gives the state as it was where somebody else has done its work already, so any of
them may be called twice.
"""

from datetime import datetime
from enum import StrEnum

from ..model import Value
from .definition import Overlap

KEPT = 100


class Choice(StrEnum):
    """What becomes of a due time."""

    START = "start"
    SKIP = "skip"
    QUEUE = "queue"
    REPLACE = "replace"


class Start(Value):
    """A run that a due time gets; `replaces` asks that the one before is cancelled."""

    due: datetime
    run: str
    replaces: bool = False


class Decision(Value):
    """What was decided of a due time, for people to read: its run, and the one that it met."""

    due: datetime
    choice: Choice
    run: str | None = None
    met: str | None = None


class ScheduleState(Value):
    """What a schedule remembers: its last decisions, the latest last, and two runs.

    `last` is the run that started last, or is to start now unless `started`; `waiting` starts
    once that has ended.
    """

    decisions: tuple[Decision, ...] = ()
    last: Start | None = None
    started: bool = False
    waiting: Start | None = None

    def knows(self, due: datetime) -> bool:
        """Whether this due time, or a later one, is decided."""
        return bool(self.decisions) and due <= self.decisions[-1].due


def decide(
    state: ScheduleState, due: datetime, overlap: Overlap, *, run: str, ended: str | None
) -> ScheduleState:
    """Decide a due time that is not decided: `run` is for it, `ended` a run that has ended."""
    if state.knows(due):
        return state
    decision = _decision(state, due, overlap, run, ended)
    start = Start(due=due, run=run, replaces=decision.choice is Choice.REPLACE)
    change: dict[str, object] = {"decisions": (*state.decisions, decision)[-KEPT:]}
    if decision.choice is Choice.START:
        change |= {"last": start, "started": False}
    elif decision.run:
        change["waiting"] = start
    return state.model_copy(update=change)


def _decision(
    state: ScheduleState, due: datetime, overlap: Overlap, run: str, ended: str | None
) -> Decision:
    if state.waiting:
        return Decision(due=due, choice=Choice.SKIP, met=state.waiting.run)
    if state.last is None or state.last.run == ended:
        return Decision(due=due, choice=Choice.START, run=run)
    if overlap is Overlap.SKIP:
        return Decision(due=due, choice=Choice.SKIP, met=state.last.run)
    return Decision(due=due, choice=Choice(overlap), run=run, met=state.last.run)


def next_one(state: ScheduleState, ended: str) -> ScheduleState:
    """The run that waits is to start now, if the last one is that which has ended."""
    if state.waiting is None or state.last is None or state.last.run != ended:
        return state
    return state.model_copy(update={"last": state.waiting, "started": False, "waiting": None})


def has_started(state: ScheduleState, run: str) -> ScheduleState:
    """The last run needs no start any more, if it is this one."""
    if state.last is None or state.last.run != run:
        return state
    return state.model_copy(update={"started": True})
