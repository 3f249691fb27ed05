"""The container groups of a run and their workers, and how the run went on over time."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import Field

from worker_image.contract import Heartbeat

from ..chronicle import Chronicle, GroupLife, Sample
from ..model import Value, moment
from ..planning import ATTEMPTS_A_ROUND


class WorkerView(Value):
    """What the worker of a group said last, and when; `current` names the units that it holds."""

    state: str
    at: datetime | None
    units: dict[str, int]
    rows: dict[str, int]
    retries: int
    dead: int
    pushback: str
    current: tuple[str, ...]


class FleetGroup(GroupLife):
    """A container group with its worker; `replaced_by` is the group that took its place."""

    worker: WorkerView | None = None
    replaced_by: str | None = None


class Fleet(Value):
    """The container groups of a run, those that are gone too, in the order of their requests."""

    run: str
    groups: list[FleetGroup]


class ProgressView(Value):
    """Samples of a run, the oldest first, `every` so many seconds or at each look."""

    run: str
    every: float
    samples: list[Sample] = Field(default_factory=list)


def fleet(run: str, chronicle: Chronicle, heartbeats: Iterable[Heartbeat]) -> Fleet:
    """Groups as they were seen last, and what their workers have said since."""
    said = {beat.worker: beat for beat in heartbeats}
    lives = sorted(chronicle.groups.values(), key=lambda life: (life.seen, life.name))
    later = {(life.ordinal, life.attempt): life.name for life in lives}
    groups = [
        FleetGroup(
            **life.model_dump(),
            worker=_worker(said.get(life.name)),
            replaced_by=_next(life, later),
        )
        for life in lives
    ]
    return Fleet(run=run, groups=groups)


def _next(life: GroupLife, names: dict[tuple[int, int], str]) -> str | None:
    """The next attempt of its place; a group of a later redrive has replaced nobody."""
    end = life.attempt - life.attempt % ATTEMPTS_A_ROUND + ATTEMPTS_A_ROUND
    after = range(life.attempt + 1, end)
    attempts = [
        attempt for ordinal, attempt in names if ordinal == life.ordinal and attempt in after
    ]
    return names[life.ordinal, min(attempts)] if attempts else None


def _worker(beat: Heartbeat | None) -> WorkerView | None:
    if beat is None:
        return None
    return WorkerView(
        state=beat.state,
        at=moment(beat.at),
        units=dict(beat.units),
        rows=dict(beat.rows),
        retries=beat.retries,
        dead=beat.dead,
        pushback=beat.pushback,
        current=beat.current,
    )


def progress(run: str, chronicle: Chronicle) -> ProgressView:
    """The samples of a run."""
    return ProgressView(run=run, every=chronicle.every, samples=list(chronicle.samples))
