"""Stored datasets, jobs and schedules: in lists, and once they are stored."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..model import Kind, RunRequest, Value
from ..problems import Invalid
from ..scheduling import Overlap, Schedule, next_due
from ..scheduling.decision import Decision, ScheduleState
from ..services.definitions import Version
from .runs import RunEntry, Stamp, schedule_name

FAULTS = 10
SHOWN = 5


class Kept(Value):
    """A definition that is stored; `etag` is in quotes, as `If-Match` takes it, `size` in bytes."""

    name: str
    etag: str
    changed: Stamp
    size: int


class DatasetEntry(Kept):
    """A dataset in a list; it cannot be used while it has `faults`, of which the first are told."""

    faults: tuple[Invalid, ...] = ()


class JobEntry(DatasetEntry):
    """A job in a list; `dataset` is that which it names, if it is a stored one."""

    kind: Kind | None = None
    dataset: str | None = None


class ScheduleEntry(DatasetEntry):
    """A schedule in a list, with its last decisions and its last runs, the latest first.

    What it says is absent where it cannot be read; `kind` is that of the request that it carries.
    """

    cron: str | None = None
    time_zone: str | None = None
    overlap: Overlap | None = None
    enabled: bool | None = None
    job: str | None = None
    kind: Kind | None = None
    next_due: Stamp | None = None
    decisions: tuple[Decision, ...] = ()
    runs: tuple[RunEntry, ...] = ()


class Datasets(Value):
    """All stored datasets, by name."""

    datasets: list[DatasetEntry]


class Jobs(Value):
    """All stored jobs, by name."""

    jobs: list[JobEntry]


class Schedules(Value):
    """All stored schedules, by name."""

    schedules: list[ScheduleEntry]


def kept(version: Version) -> Kept:
    """What a caller needs to know of a version."""
    return Kept(**_members(version))


def dataset(version: Version, faults: Sequence[Invalid]) -> DatasetEntry:
    """A dataset in a list."""
    return DatasetEntry(**_members(version), faults=tuple(faults[:FAULTS]))


def job(version: Version, request: RunRequest | None, faults: Sequence[Invalid]) -> JobEntry:
    """A job in a list; there is no request where it cannot be read."""
    named = request.dataset if request else None
    return JobEntry(
        **_members(version),
        faults=tuple(faults[:FAULTS]),
        kind=request.kind if request else None,
        dataset=named if isinstance(named, str) else None,
    )


def schedule(
    version: Version, said: Schedule | None, faults: Sequence[Invalid], now: datetime
) -> ScheduleEntry:
    """A schedule in a list, without what has become of it so far."""
    entry = ScheduleEntry(**_members(version), faults=tuple(faults[:FAULTS]))
    if said is None:
        return entry
    return entry.model_copy(
        update={
            **{name: getattr(said, name) for name in _SAID},
            "kind": said.request.kind if said.request else None,
            "next_due": next_due(said, now) if said.enabled else None,
        }
    )


def with_past(
    entry: ScheduleEntry, state: ScheduleState, runs: Iterable[RunEntry]
) -> ScheduleEntry:
    """A schedule with its last decisions, and with its last runs."""
    decisions = state.decisions[: -SHOWN - 1 : -1]
    return entry.model_copy(update={"decisions": decisions, "runs": tuple(runs)})


def last_runs(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """By schedule the runs that it has started last, the latest first, from the catalogue."""
    last: dict[str, list[str]] = {}
    for run in sorted(kept, reverse=True):
        own = last.setdefault(schedule_name(kept[run]["schedule"]), [])
        if len(own) < SHOWN:
            own.append(run)
    return last


_SAID = ("cron", "time_zone", "overlap", "enabled", "job")


def _members(version: Version) -> dict[str, object]:
    return {name: getattr(version, name) for name in Kept.model_fields}
