"""When the timers last came round: each writes it down, so that a dead one is found."""

from contextlib import suppress
from datetime import datetime, timedelta

from azure.core.exceptions import ResourceNotFoundError

from worker_image.contract import naming

from .services.records import Records

PREFIX = "rounds/"
PERIODS = {
    "start_schedules": timedelta(minutes=1),
    "send_notifications": timedelta(minutes=1),
    "sweep_orphans": timedelta(minutes=5),
}
"""How often each timer is due, by the name of its function."""


def came_round(records: Records, name: str) -> None:
    """Write down that a timer has come round just now; nothing before the first run."""
    with suppress(ResourceNotFoundError):
        records.write(f"{PREFIX}{name}", b"")


def last_rounds(records: Records) -> dict[str, datetime]:
    """When each timer last came round, of those that ever did."""
    with suppress(ResourceNotFoundError):
        blobs = list(records.listing(naming.RUNS, PREFIX))
        ages = {blob.name.removeprefix(PREFIX): blob.last_modified for blob in blobs}
        return {name: at for name, at in ages.items() if name in PERIODS}
    return {}
