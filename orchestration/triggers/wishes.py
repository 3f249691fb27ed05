"""What people wish of a run that goes on: cancel, pause, resume, scale; and redrive, of any run.

A wish is kept in the run's control blob, then the orchestrator is woken; it reads the blob at each
turn, so a lost wake-up costs one tick and never the wish. To wish twice is to wish once.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from worker_image.contract import naming

from .. import views
from ..activities.auditing import catalogue_entry
from ..activities.redriving import selected
from ..model import Control, Count, Phase, RunRecord, Selection, Value
from ..orchestrations import Orchestration, Orchestrations
from ..reports import Report
from ..services import Services
from .answers import RefusedError, answer
from .calls import known_run, value


class Cancel(Value):
    """Why a run is to end."""

    reason: Annotated[str, Field(max_length=500)] = ""


class Scale(Value):
    """So many container groups; None for what the request says."""

    count: Count | None


class Wishes:
    """The wishes that a run obeys."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._records = services.records

    async def cancel(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """The run ends, and its container groups are deleted."""
        reason = value(self._services, req, Cancel).reason or "cancelled on request"
        return await self._wish(req, client, cancel=True, reason=reason)

    async def pause(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """The run keeps what it has done, and no container group works on."""
        return await self._wish(req, client, paused=True)

    async def resume(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """A paused run goes on."""
        return await self._wish(req, client, paused=False)

    async def scale(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """So many container groups from now on, or again what the request says."""
        return await self._wish(req, client, count=value(self._services, req, Scale).count)

    async def redrive(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """Dead letters (all, some units, one fingerprint) are tried again."""
        record, found = await known_run(self._services, req, client)
        selection = value(self._services, req, Selection)
        count = await asyncio.to_thread(self._redrivable, record.run, selection)
        over = not (found and found.live)
        await self._keep(record.run, lambda control: _redriven(control, selection, over), client)
        if over:
            entry = catalogue_entry(record, Phase.PLANNING)
            await asyncio.to_thread(self._records.catalogue, record.run, entry)
            await Orchestrations(client).start(record.run, datetime.now(UTC))
        return answer({"run": record.run, "deadLetters": count}, HTTPStatus.ACCEPTED)

    def _redrivable(self, run: str, selection: Selection) -> int:
        """The dead letters that a redrive takes; none is enough for a run that did not finish."""
        count = sum(selected(selection, letter) for letter in self._records.dead_letters(run))
        report = self._records.read_as(Report, naming.report(run))
        unfinished = report is not None and report.state in (Phase.FAILED, Phase.CANCELLED)
        if not count and not (unfinished and selection == Selection()):
            raise RefusedError(HTTPStatus.CONFLICT, "there is no such dead letter to redrive")
        return count

    async def _wish(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient, **change: object
    ) -> func.HttpResponse:
        record, found = await known_run(self._services, req, client)
        if await asyncio.to_thread(self._ended, record, found):
            raise RefusedError(HTTPStatus.CONFLICT, f"run {record.run} has ended")
        control = await self._keep(
            record.run, lambda control: control.model_copy(update=change), client
        )
        return answer(views.wished(record.run, control), HTTPStatus.ACCEPTED)

    def _ended(self, record: RunRecord, found: Orchestration | None) -> bool:
        # A run that was accepted a moment ago has no orchestration yet, and will obey.
        return not found.live if found else bool(self._records.read(naming.report(record.run)))

    async def _keep(
        self,
        run: str,
        change: Callable[[Control], Control],
        client: df.DurableOrchestrationClient,
    ) -> Control:
        control = await asyncio.to_thread(self._records.edit_control, run, change)
        await Orchestrations(client).wake(run)
        return control


def _redriven(control: Control, selection: Selection, over: bool) -> Control:
    # A new wish to work takes the place of an old one to stop; a pause only of a run that is over.
    return control.model_copy(
        update={
            "cancel": False,
            "reason": "",
            "paused": control.paused and not over,
            "redrives": (*control.redrives, selection),
        }
    )
