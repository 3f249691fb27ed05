"""One look at everything that a run has in Azure."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice

from azure.core.exceptions import AzureError

from worker_image.contract import Heartbeat, Stage, naming

from ..chronicle import Chronicle
from ..model import GroupView, Look, Observation, Progress, RepeatedError, Room, moment
from ..reports import failure_groups
from ..services import Services

log = logging.getLogger(__name__)

FIRST_LETTERS = 1_000
COUNTED = 10_000  # records that a look counts
COMMONEST = 3


def observe(services: Services, look: Look, now: datetime) -> Observation:
    """Queues, workers, container groups, quotas and wishes, as they are now; kept for people.

    Raises:
        AzureError: something could not be read; half a look would pass for what is not there.
    """
    run = look.run
    heartbeats = list(services.records.heartbeats(run))
    dead, letters = dead_letters(services, run)
    seen = Observation(
        queued=services.queues.count(naming.work_queue(run)),
        dead=dead,
        progress=progress(heartbeats),
        retries=sum(heartbeat.retries for heartbeat in heartbeats),
        groups=heard(services.groups.of_run(run), heartbeats),
        control=services.records.control(run),
        rooms={region: room(services, region) for region in look.regions},
        errors=errors(letters),
        finishing=finishing(heartbeats),
        pushbacks=sum(heartbeat.pushbacks for heartbeat in heartbeats),
        pushback=pushback(heartbeats),
    )
    services.telemetry.seen(look, seen, now)
    _tell(services, run, lambda chronicle: chronicle.with_look(seen, heartbeats, now))
    return seen


def _tell(services: Services, run: str, change: Callable[[Chronicle], Chronicle]) -> None:
    """Write the chronicle on; no run fails because its chart has a gap."""
    try:
        services.records.edit(naming.chronicle(run), Chronicle, change)
    except AzureError as error:
        log.warning("the chronicle has a gap: %s", error)


def progress(heartbeats: Iterable[Heartbeat]) -> dict[str, Progress]:
    """What all workers of a run have done, by stage."""
    units: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for heartbeat in heartbeats:
        units.update(heartbeat.units)
        rows.update(heartbeat.rows)
        size.update(heartbeat.bytes)
    return {
        stage: Progress(units=units[stage], rows=rows[stage], bytes=size[stage])
        for stage in sorted(units)
    }


def heard(groups: Iterable[GroupView], heartbeats: Iterable[Heartbeat]) -> tuple[GroupView, ...]:
    """The groups with the time of their workers' last word; a worker has its group's name."""
    spoke = {heartbeat.worker: moment(heartbeat.at) for heartbeat in heartbeats}
    return tuple(group.model_copy(update={"heard": spoke.get(group.name)}) for group in groups)


def finishing(heartbeats: Iterable[Heartbeat]) -> datetime | None:
    """When a worker last said that it works on the finishing step."""
    subject = f"{Stage.FINISH}/{0:07d}"
    times = (moment(beat.at) for beat in heartbeats if subject in beat.current)
    return max(filter(None, times), default=None)


def pushback(heartbeats: Iterable[Heartbeat]) -> str:
    """What the target has said to the worker that spoke last of those that it turned away."""
    turned_away = [beat for beat in heartbeats if beat.pushback]
    return max(turned_away, key=lambda beat: beat.at).pushback if turned_away else ""


def room(services: Services, region: str) -> Room | None:
    """What the quotas of a region have left; None if they cannot be read."""
    try:
        return services.groups.room(region)
    except (AzureError, KeyError) as error:
        log.warning("the quotas of %s cannot be read: %s", region, error)
        return None


Letters = list[Mapping[str, str]]


def dead_letters(services: Services, run: str) -> tuple[int, Letters]:
    """How many units are dead letters, and what the records of the first say of theirs.

    A message may be there twice, or be left of a unit that was redriven, so records are counted,
    if there are messages; from `COUNTED` of them on, the messages are.
    """
    messages = services.queues.count(naming.dead_letter_queue(run))
    if not messages:
        return 0, []
    records = services.records.dead_letters(run)
    letters = [record.metadata for record in islice(records, min(messages, COUNTED))]
    return (len(letters) if len(letters) < COUNTED else messages), letters


def errors(letters: Letters, first: int = FIRST_LETTERS) -> tuple[RepeatedError, ...]:
    """The commonest errors among the first dead letters."""
    groups = failure_groups(letters, first)
    return tuple(
        RepeatedError(
            fingerprint=group.fingerprint, error=f"{group.type}: {group.error}", units=group.units
        )
        for group in groups[:COMMONEST]
    )
