"""Jobs: requests that are stored by name, to be started again and again."""

import asyncio
from http import HTTPStatus

from ..definitions import JobChanges, changed, read_job
from ..model import RunRequest, Value
from ..problems import InvalidRequestError
from ..services import Noun
from ..services.definitions import Stored
from ..starting import validated
from ..views import definitions as views
from . import definitions
from .operations import JSON, Call, NoQuery, Operation, Reply
from .runs import begun, starting


async def list_jobs(call: Call[NoQuery, None]) -> views.Jobs:
    """List the stored jobs."""

    def listed() -> list[views.JobEntry]:
        return [_entry(call, stored) for stored in definitions.all_stored(call, Noun.JOB)]

    return views.Jobs(jobs=await asyncio.to_thread(listed))


def _entry(call: Call[NoQuery, None], stored: Stored) -> views.JobEntry:
    request = None
    try:
        request = read_job(stored.content)
        validated(call.services, request)
    except InvalidRequestError as error:
        return views.job(stored, request, error.faults)
    return views.job(stored, request, ())


async def show_job(call: Call[NoQuery, None]) -> Reply:
    """Show a job as it was stored."""
    return await definitions.show(call, Noun.JOB)


async def put_job(call: Call[NoQuery, RunRequest]) -> Reply:
    """Store a job that could be started as it is."""
    await asyncio.to_thread(validated, call.services, call.body)
    return await definitions.put(call, Noun.JOB)


async def delete_job(call: Call[NoQuery, None]) -> Reply:
    """Delete a job that no schedule names."""
    return await definitions.delete(call, Noun.JOB)


async def run_job(call: Call[NoQuery, Value]) -> Reply:
    """Start a run of a job; members of the body take the place of the job's own.

    202 with the run and its links; the same `Idempotency-Key` gives the same run.
    """
    stored = await definitions.found(call, Noun.JOB)
    return await begun(call, changed(read_job(stored.content), call.body))


OPERATIONS = (
    Operation("list_jobs", "GET", "jobs", list_jobs, gives=views.Jobs),
    *definitions.operations(
        *(Noun.JOB, JSON),
        takes=RunRequest,
        show=show_job,
        put=put_job,
        delete=delete_job,
    ),
    starting(
        *("run_job", "jobs/{job}/run", run_job),
        takes=JobChanges,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
)
