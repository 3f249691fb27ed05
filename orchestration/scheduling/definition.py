"""What a schedule says, and when it is due: pure."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import dropwhile, takewhile
from typing import Self
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import field_validator, model_validator

from ..model import Name, RunRequest, Value

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
    """When runs of a stored job, or of a request of its own, are due.

    `cron` is read by the clocks of `time_zone`, a name of the IANA database.
    """

    cron: str
    job: Name | None = None
    request: RunRequest | None = None
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

    @model_validator(mode="after")
    def _starts_one_thing(self) -> Self:
        if (self.job is None) == (self.request is None):
            raise ValueError("job: a schedule has either a job or a request")
        return self


def due_time(schedule: Schedule, now: datetime) -> datetime | None:
    """The last due time in UTC, None if it is longer ago than the app may have been away.

    A time that the clocks leave out is due as if they had not been changed yet; one that they show
    twice is due when it is first shown.
    """
    zone, clock = ZoneInfo(schedule.time_zone), now.astimezone(UTC).replace(tzinfo=None)
    first, last = sorted(clock + _offset(now - ago, zone) for ago in (timedelta(), UNSETTLED))
    shown = takewhile(lambda time: time >= first - CATCH_UP, _back_from(schedule.cron, last))
    due = (time.replace(tzinfo=zone).astimezone(UTC) for time in shown)
    return max((time for time in due if now - CATCH_UP <= time <= now), default=None)


def next_due(schedule: Schedule, now: datetime) -> datetime:
    """The first due time behind `now`, in UTC."""
    zone, clock = ZoneInfo(schedule.time_zone), now.astimezone(UTC).replace(tzinfo=None)
    start = clock + min(_offset(now - UNSETTLED, zone), _offset(now, zone))

    def due(time: datetime) -> datetime:
        return time.replace(tzinfo=zone).astimezone(UTC)

    times = dropwhile(lambda time: due(time) <= now, _onward_from(schedule.cron, start))
    first = next(times)
    # Where the clocks leave out a time, one that they show later may be due before it.
    left_out = _offset(due(first) + UNSETTLED, zone) - _offset(due(first) - UNSETTLED, zone)
    earlier = takewhile(lambda time: time < first + left_out, times)
    return min((due(first), *(found for found in map(due, earlier) if found > now)))


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _onward_from(cron: str, start: datetime) -> Iterator[datetime]:
    """Times of day without a zone, the earliest first."""
    times = croniter(cron, start)
    while True:
        yield times.get_next(datetime)


def _back_from(cron: str, last: datetime) -> Iterator[datetime]:
    """Times of day without a zone, the latest first."""
    times = croniter(cron, last + timedelta(seconds=1))
    while True:
        yield times.get_prev(datetime)
