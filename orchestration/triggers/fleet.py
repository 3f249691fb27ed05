"""The container groups of a run, and how it went on over time."""

import asyncio
from http import HTTPStatus

from ..views import fleet as views
from .operations import Call, NoQuery, Operation, known_run


async def list_groups(call: Call[NoQuery, None]) -> views.Fleet:
    """List the container groups of a run, those that are gone too, with their workers."""
    run = (await known_run(call)).run
    chronicle = await asyncio.to_thread(call.services.records.chronicle, run)
    heartbeats = await asyncio.to_thread(lambda: list(call.services.records.heartbeats(run)))
    return views.fleet(run, chronicle, heartbeats)


async def show_progress(call: Call[NoQuery, None]) -> views.ProgressView:
    """Show how a run went on over time."""
    run = (await known_run(call)).run
    return views.progress(run, await asyncio.to_thread(call.services.records.chronicle, run))


OPERATIONS = (
    Operation(
        *("list_groups", "GET", "runs/{run}/groups", list_groups),
        gives=views.Fleet,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        *("show_progress", "GET", "runs/{run}/progress", show_progress),
        gives=views.ProgressView,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
)
