"""Schedules as they are stored, and what they start."""

from datetime import datetime

from ..definitions import stored_job
from ..model import RunRequest
from ..problems import Invalid, InvalidRequestError, below, by_place
from ..services import Noun, Services
from ..starting import validated
from .definition import Schedule

SCHEDULES = Noun.SCHEDULE.container


def names(services: Services) -> list[str]:
    """The schedules that are stored."""
    return services.records.definitions(Noun.SCHEDULE).names()


def read_schedule(content: bytes) -> Schedule:
    """A schedule from its text.

    Raises:
        InvalidRequestError: every fault by its place.
    """
    with by_place(Schedule):
        return Schedule.model_validate_json(content)


def stored_schedule(services: Services, name: str) -> tuple[Schedule, datetime] | None:
    """The schedule of this name, and since when it is as it is, to the second.

    None if there is none; raises what `read_schedule` does.
    """
    stored = services.records.definitions(Noun.SCHEDULE).read(name)
    return (read_schedule(stored.content), stored.changed) if stored else None


def requested(services: Services, schedule: Schedule) -> RunRequest:
    """What a schedule starts by now, its job and the dataset looked up.

    Raises:
        InvalidRequestError: every fault by its place in the schedule, or below `job` in that.
    """
    if schedule.request:
        with below("request"):
            return validated(services, schedule.request)
    with below("job"):
        job = stored_job(services, schedule.job or "")
        if job is None:
            reason = f"there is no job {schedule.job!r}"
            raise InvalidRequestError([Invalid(field="", reason=reason, value=schedule.job)])
        return validated(services, job)
