"""What people wish of a run that goes on: cancel, pause, resume, scale; and redrive, of any run.

A wish is kept in the run's control blob, then the orchestrator is woken; it reads the blob at each
turn, so a lost wake-up costs one tick and never the wish. To wish twice is to wish once.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from ..activities.auditing import catalogue_entry
from ..activities.redriving import selected
from ..model import Control, Count, Phase, RunRecord, Selection, Value
from ..orchestrations import Orchestration
from ..services.records import Records
from ..views import runs as views
from .operations import Call, Handler, NoQuery, Operation, RefusedError, found_run, known_run


class Cancel(Value):
    """Why a run is to end."""

    reason: Annotated[str, Field(max_length=500)] = ""


class Scale(Value):
    """So many container groups; None for what the request says."""

    count: Count | None


async def cancel_run(call: Call[NoQuery, Cancel]) -> views.WishKept:
    """Cancel a run: it ends, and its container groups are deleted."""
    return await _wish(call, cancel=True, reason=call.body.reason or "cancelled on request")


async def pause_run(call: Call[NoQuery, None]) -> views.WishKept:
    """Pause a run: it keeps what it has done, and no container group works on."""
    return await _wish(call, paused=True)


async def resume_run(call: Call[NoQuery, None]) -> views.WishKept:
    """Resume a run that is paused."""
    return await _wish(call, paused=False)


async def scale_run(call: Call[NoQuery, Scale]) -> views.WishKept:
    """Scale a run: so many container groups from now on, or again what the request says."""
    request, count = (await known_run(call)).request, call.body.count
    if request.sink and request.sink.connections and (count or 0) > request.instances.most:
        detail = (
            f"count: {count} container groups would open more connections than sink.connections"
            f" allows: it is shared by {request.instances.most} at most"
        )
        raise RefusedError(HTTPStatus.CONFLICT, detail)
    return await _wish(call, count=count)


async def redrive_run(call: Call[NoQuery, Selection]) -> views.Redriven:
    """Redrive dead letters (all, some units, one fingerprint): they are tried again."""
    record, found = await found_run(call)
    records, selection = call.services.records, call.body
    count = await asyncio.to_thread(_redrivable, records, record.run, selection)
    over = not (found and found.live)
    if not over and views.status(found).end is Phase.FAILED:
        raise _too_late()
    await _keep(call, record.run, lambda control: _redriven(control, selection, over))
    if over:
        entry = catalogue_entry(record, Phase.PLANNING)
        await asyncio.to_thread(records.catalogue.write, record.run, entry)
        await call.orchestrations.start(record, call.now)
    return views.Redriven(run=record.run, dead_letters=count)


def _redrivable(records: Records, run: str, selection: Selection) -> int:
    """The dead letters that a redrive takes; none is enough for a run that did not finish."""
    count = sum(selected(selection, letter) for letter in records.dead_letters(run))
    report = records.report(run)
    unfinished = report is not None and report.state in (Phase.FAILED, Phase.CANCELLED)
    if not count and not (unfinished and selection == Selection()):
        raise RefusedError(HTTPStatus.CONFLICT, "there is no such dead letter to redrive")
    return count


async def _wish(call: Call[Any, Any], **change: object) -> views.WishKept:
    record, found = await found_run(call)
    if await asyncio.to_thread(_ended, call.services.records, record, found):
        raise RefusedError(HTTPStatus.CONFLICT, f"run {record.run} has ended")
    control = await _keep(call, record.run, lambda control: control.model_copy(update=change))
    return views.wished(record.run, control)


def _ended(records: Records, record: RunRecord, found: Orchestration | None) -> bool:
    # A run that was accepted a moment ago has no orchestration yet, and will obey.
    return not found.live if found else records.report(record.run) is not None


async def _keep(call: Call[Any, Any], run: str, change: Callable[[Control], Control]) -> Control:
    control = await asyncio.to_thread(call.services.records.edit_control, run, change)
    await call.orchestrations.wake(run)
    return control


def _redriven(control: Control, selection: Selection, over: bool) -> Control:
    if control.closed and not over:
        raise _too_late()
    # A new wish to work takes the place of an old one to stop; a pause only of a run that is over.
    return control.model_copy(
        update={
            "cancel": False,
            "reason": "",
            "paused": control.paused and not over,
            "redrives": (*control.redrives, selection),
            "closed": False,
        }
    )


def _too_late() -> RefusedError:
    return RefusedError(HTTPStatus.CONFLICT, "the run is ending; redrive it once it has ended")


def _operation(
    name: str,
    handler: Handler,
    takes: type[Value] | None = None,
    gives: type[Value] = views.WishKept,
) -> Operation:
    return Operation(
        *(f"{name}_run", "POST", f"runs/{{run}}/{name}", handler),
        gives=gives,
        status=HTTPStatus.ACCEPTED,
        takes=takes,
        refusals=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )


OPERATIONS = (
    _operation("cancel", cancel_run, Cancel),
    _operation("pause", pause_run),
    _operation("resume", resume_run),
    _operation("scale", scale_run, Scale),
    _operation("redrive", redrive_run, Selection, views.Redriven),
)
