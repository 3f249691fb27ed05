"""What a schedule says, and when it is due: pure."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import field_validator

from ..model import RunRequest, Value

CATCH_UP = timedelta(hours=1)
# How long a change of the clocks matters: the longest that there was left out a day.
UNSETTLED = timedelta(days=1) + CATCH_UP


class Overlap(StrEnum):
    """What happens at a due time while the schedule's last run goes on.

    It is passed over, or its run waits until the last one has ended, which `replace` cancels. One
    due time waits at most; others are passed over meanwhile.
    """

    SKIP = "skip"
    QUEUE = "queue"
    REPLACE = "replace"


class Schedule(Value):
    """A job definition: the blob `<name>.json` in the container of the schedules.

    `cron` is read by the clocks of `time_zone`, a name of the IANA database.
    """

    cron: str
    request: RunRequest
    overlap: Overlap = Overlap.SKIP
    time_zone: str = "UTC"
    enabled: bool = True

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, text: str) -> str:
        # A field of R would be another at each tick.
        random = re.search(r"\br\b", text, re.IGNORECASE)
        if random or len(text.split()) != 5 or not croniter.is_valid(text, strict=True):
            raise ValueError("five cron fields are needed, as in '30 2 * * *'")
        return text

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("a time zone by its IANA name is needed, as in 'Europe/Berlin'") from (
                None
            )
        return name


def due_time(schedule: Schedule, now: datetime) -> datetime | None:
    """The last due time in UTC, None if it is longer ago than the app may have been away.

    A time that the clocks leave out is due as if they had not been changed yet; one that they show
    twice is due when it is first shown.
    """
    zone, clock = ZoneInfo(schedule.time_zone), now.astimezone(UTC).replace(tzinfo=None)
    offsets = [(now - ago).astimezone(zone).utcoffset() for ago in (timedelta(), UNSETTLED)]
    first, *_, last = sorted(clock + offset for offset in offsets if offset is not None)
    shown = takewhile(lambda time: time >= first - CATCH_UP, _back_from(schedule.cron, last))
    due = (time.replace(tzinfo=zone).astimezone(UTC) for time in shown)
    return max((time for time in due if now - CATCH_UP <= time <= now), default=None)


def _back_from(cron: str, last: datetime) -> Iterator[datetime]:
    """Times of day without a zone, the latest first."""
    times = croniter(cron, last + timedelta(seconds=1))
    while True:
        yield times.get_prev(datetime)
