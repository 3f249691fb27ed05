"""One look at everything that a run has in Azure."""

from collections import Counter
from collections.abc import Iterable

from worker_image.contract import Heartbeat, naming

from ..model import Look, Observation, Progress
from ..services import Services


def observe(services: Services, look: Look) -> Observation:
    """Queues, workers, container groups and wishes, as they are now."""
    run = look.run
    heartbeats = list(services.records.heartbeats(run))
    return Observation(
        queued=services.queues.count(naming.work_queue(run)),
        dead=services.queues.count(naming.dead_letter_queue(run)),
        progress=progress(heartbeats),
        retries=sum(heartbeat.retries for heartbeat in heartbeats),
        groups=services.groups.of_run(run),
        control=services.records.control(run),
        rooms=dict.fromkeys(look.regions),
    )


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
