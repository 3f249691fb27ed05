"""Starting runs, and how they stand."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

from worker_image.exporting import Kind

from ..activities.seeding import canonical
from ..model import FINAL, RunRequest, Value
from ..reports import Report
from ..starting import accept, start
from ..views import runs as views
from .operations import (
    JSON,
    Call,
    Handler,
    NoQuery,
    Operation,
    RefusedError,
    Reply,
    found_run,
    known_run,
)

KEY = "Idempotency-Key"


async def start_run(call: Call[NoQuery, RunRequest]) -> Reply:
    """Start a run.

    202 with the run and its links; the same `Idempotency-Key` gives the same run.
    """
    return await begun(call, call.body)


async def begun(call: Call[Any, Any], request: RunRequest, schedule: str | None = None) -> Reply:
    """Start a run as the call asks, on behalf of a schedule; raises what `accept` does."""
    with call.services.telemetry.starting(Kind.SERVER, call.caller, call.now) as starting:
        record = await asyncio.to_thread(
            accept,
            call.services,
            request,
            key=call.headers.get(KEY),
            now=call.now,
            schedule=schedule,
            caller=call.caller,
        )
        starting.accepted(record)
        await start(call.services, call.orchestrations, record, call.now)
    answer = views.accepted(record, call.base, existing=record.created != call.now)
    return Reply(answer, {"Location": views.link(call.base, record.run)})


def starting(
    name: str,
    route: str,
    handler: Handler,
    *,
    takes: type[Value] | None = None,
    refusals: tuple[HTTPStatus, ...] = (),
) -> Operation:
    """An operation that starts a run."""
    return Operation(
        *(name, "POST", route, handler),
        gives=views.Started,
        status=HTTPStatus.ACCEPTED,
        headers={KEY: "the same key gives the same run"},
        sends={"Location": "the address of the run"},
        takes=takes,
        refusals=(HTTPStatus.CONFLICT, *refusals),
    )


async def list_runs(call: Call[views.RunFilter, None]) -> views.RunPage:
    """List runs, the newest first."""
    kept = await asyncio.to_thread(call.services.records.catalogue.read)
    wanted, names = call.query, sorted(kept, reverse=True)
    if wanted.after:
        names = [run for run in names if run < wanted.after]
    entries = await entered(call, kept, names)
    page = list(islice((e for e in entries if e.matches(wanted)), wanted.limit + 1))
    runs = page[: wanted.limit]
    return views.RunPage(runs=runs, next=runs[-1].run if len(page) > len(runs) else None)


async def entered(
    call: Call[Any, Any], kept: Mapping[str, Mapping[str, Any]], runs: Sequence[str]
) -> Iterator[views.RunEntry]:
    """Runs in a list, from what the catalogue has kept of all."""
    live = [run for run in runs if kept[run]["state"] not in FINAL]
    looks = await asyncio.gather(*map(call.orchestrations.find, live))
    found = dict(zip(live, looks, strict=True))
    return (views.entry(run, kept[run], found.get(run)) for run in runs)


async def show_run(call: Call[NoQuery, None]) -> views.RunView:
    """Show a run: its request, how it stands, and its report once it has ended."""
    record, found = await found_run(call)
    report = await asyncio.to_thread(call.services.records.report, record.run)
    return views.run(record, found, report, call.base)


async def show_report(call: Call[NoQuery, None]) -> Report:
    """Show the report of a run that has ended."""
    record = await known_run(call)
    report = await asyncio.to_thread(call.services.records.report, record.run)
    if report is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"run {record.run} has no report yet")
    return report


async def show_run_dataset(call: Call[NoQuery, None]) -> Reply:
    """Show the dataset of a run as its workers read it."""
    record = await known_run(call)
    if record.dataset is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"run {record.run} has no dataset")
    return Reply(canonical(record.dataset)[0].encode())


OPERATIONS = (
    starting("start_run", "runs", start_run, takes=RunRequest),
    Operation(*("list_runs", "GET", "runs", list_runs), gives=views.RunPage, query=views.RunFilter),
    Operation(
        *("show_run", "GET", "runs/{run}", show_run),
        gives=views.RunView,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        *("show_report", "GET", "runs/{run}/report", show_report),
        gives=Report,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        *("show_run_dataset", "GET", "runs/{run}/dataset", show_run_dataset),
        gives=JSON,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
)
