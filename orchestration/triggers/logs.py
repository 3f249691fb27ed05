"""What the workers of a run have said: its end, and what has come since."""

import asyncio
import re
from http import HTTPStatus
from typing import Any

from ..services.logs import Log, Logs
from ..views import logs as views
from .operations import Call, Operation, RefusedError, known_run

_WORKER = re.compile(r"[a-z0-9-]{1,63}")


async def show_logs(call: Call[views.LogFilter, None]) -> views.LogPage:
    """Show the last lines of the workers' logs, merged by time, or those since another page."""
    logs, listed = await _listed(call)
    chosen = [log for log in listed if call.query.worker in (None, log.worker)]
    page = await asyncio.to_thread(_page, logs, call.path["run"], chosen, call.query)
    return page.model_copy(update={"workers": [log.worker for log in listed]})


async def show_log(call: Call[views.LineFilter, None]) -> views.WorkerLog:
    """Show the log of one worker, and the end of what its container has printed."""
    worker, (logs, listed) = call.path["worker"], await _listed(call)
    chosen = [log for log in listed if log.worker == worker]
    platform = None
    if _WORKER.fullmatch(worker):
        platform = await asyncio.to_thread(logs.platform, worker)
    if not chosen and platform is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no log of a worker {worker[:63]!r}")
    page = await asyncio.to_thread(_page, logs, call.path["run"], chosen, call.query)
    return views.WorkerLog(**dict(page), platform=platform)


async def _listed(call: Call[Any, None]) -> tuple[Logs, list[Log]]:
    logs = Logs(call.services.records, (await known_run(call)).run)
    return logs, await asyncio.to_thread(logs.listed)


def _page(logs: Logs, run: str, chosen: list[Log], wanted: views.LineFilter) -> views.LogPage:
    read = views.reader(wanted)
    if wanted.after is None:
        return views.tail(run, chosen, logs.tails(chosen, wanted.last, read), wanted.last)
    seen = views.places(wanted.after)
    return views.news(run, chosen, logs.news(chosen, seen, read), wanted.last, seen)


OPERATIONS = (
    Operation(
        *("show_logs", "GET", "runs/{run}/logs", show_logs),
        gives=views.LogPage,
        query=views.LogFilter,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        *("show_log", "GET", "runs/{run}/logs/{worker}", show_log),
        gives=views.WorkerLog,
        query=views.LineFilter,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
)
