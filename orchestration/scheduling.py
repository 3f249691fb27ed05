"""Stored job definitions that start by themselves.

A due time starts one run, whatever happens: its idempotency key is made of the schedule's name
and the due time, so a second tick, a second app instance or a restart find the same run.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from croniter import croniter
from pydantic import ValidationError, field_validator

from .model import FINAL, Value
from .orchestrations import Orchestrations
from .problems import InvalidRequestError
from .services import Services
from .starting import accept, start

log = logging.getLogger(__name__)

SCHEDULES = "schedules"
CATCH_UP = timedelta(hours=1)


class Overlap(StrEnum):
    """What happens at a due time while the schedule's last run goes on."""

    SKIP = "skip"
    ALLOW = "allow"


class Schedule(Value):
    """A job definition: the blob `<name>.json` in the container of the schedules."""

    cron: str
    request: dict[str, Any]
    overlap: Overlap = Overlap.SKIP
    enabled: bool = True

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, text: str) -> str:
        if not croniter.is_valid(text):
            raise ValueError("five cron fields in UTC are needed, as in '30 2 * * *'")
        return text


def due_time(schedule: Schedule, now: datetime) -> datetime | None:
    """The last due time, None if it is longer ago than the app may have been away."""
    due: datetime = croniter(schedule.cron, now + timedelta(seconds=1)).get_prev(datetime)
    return due if schedule.enabled and now - due <= CATCH_UP else None


async def start_due(services: Services, orchestrations: Orchestrations, now: datetime) -> None:
    """Start every schedule that is due; one that is faulty is logged and keeps no other back."""
    for name, content in await asyncio.to_thread(_stored, services):
        try:
            await _start(services, orchestrations, name, Schedule.model_validate_json(content), now)
        except (ValidationError, InvalidRequestError) as error:
            log.error("schedule %s is faulty: %s", name, error)
        except Exception:
            log.exception("schedule %s did not start; its next tick tries again", name)


async def _start(
    services: Services,
    orchestrations: Orchestrations,
    name: str,
    schedule: Schedule,
    now: datetime,
) -> None:
    due = due_time(schedule, now)
    if due is None:
        return
    key = f"schedule/{name}/{due.isoformat()}"
    if schedule.overlap is Overlap.SKIP and await asyncio.to_thread(_goes_on, services, name, due):
        log.info("schedule %s skips %s: its last run goes on", name, due.isoformat())
        return
    record = await asyncio.to_thread(
        accept, services, schedule.request, key=key, now=now, schedule=f"{name}@{due.isoformat()}"
    )
    await start(orchestrations, record, now)


def _goes_on(services: Services, name: str, due: datetime) -> bool:
    """Whether a run of the schedule for an earlier due time has not ended."""
    return any(
        entry["state"] not in FINAL
        for entry in services.records.catalogued().values()
        if (entry.get("schedule") or "").startswith(f"{name}@")
        and entry["schedule"] != f"{name}@{due.isoformat()}"
    )


def _stored(services: Services) -> list[tuple[str, bytes]]:
    try:
        names = [str(blob.name) for blob in services.records.listing(SCHEDULES, "")]
    except ResourceNotFoundError:
        return []
    contents = ((name, services.records.read(name, container=SCHEDULES)) for name in names)
    return [(name.removesuffix(".json"), content) for name, content in contents if content]
