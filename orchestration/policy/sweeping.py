"""What a sweep removes, abandons and purges: pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from ..model import Phase, Remove, Value

STARTING_GRACE = timedelta(minutes=5)


class Tagged(Value):
    """A container group that carries our tag."""

    name: str
    run: str
    expires: datetime | None = None


class Listed(Value):
    """A run's place in the catalogue; `changed` is when it was written."""

    state: Phase
    changed: datetime


class Known(Value):
    """What the runtime knows of a run's orchestration."""

    live: bool
    updated: datetime


class Sweep(Value):
    """Groups to delete, runs to close that nobody else will, and runs to forget."""

    remove: tuple[Remove, ...] = ()
    abandon: tuple[str, ...] = ()
    purge: tuple[str, ...] = ()


def to_sweep(
    groups: Iterable[Tagged],
    runs: Mapping[str, Listed],
    known: Mapping[str, Known],
    now: datetime,
    retention: timedelta,
) -> Sweep:
    """One round. No group of a run that goes on is removed, unless it is past its expiry.

    `groups` must be at least as old as `known`: a group is made by an orchestration that is there.
    """
    kept = list(groups)
    with_groups = {group.run for group in kept}
    return Sweep(
        remove=tuple(
            Remove(run=group.run, name=group.name)
            for group in kept
            if not _live(known.get(group.run)) or (group.expires and group.expires < now)
        ),
        abandon=tuple(
            run
            for run, listed in runs.items()
            if run not in with_groups and _abandoned(listed, known.get(run), now)
        ),
        purge=tuple(
            run
            for run, listed in runs.items()
            if listed.state.final
            and now - listed.changed > retention
            and run not in with_groups
            and not _live(known.get(run))
        ),
    )


def _abandoned(listed: Listed, known: Known | None, now: datetime) -> bool:
    """Whether nobody will ever end this run."""
    if listed.state.final or _live(known):
        return False
    if known is None or known.updated < listed.changed:
        # It was accepted, or is to go on after a redrive, and its start is still to come.
        return now - listed.changed > STARTING_GRACE
    return True


def _live(known: Known | None) -> bool:
    return known is not None and known.live
