"""Starting runs, and how they stand."""

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from worker_image.contract import naming

from .. import views
from ..model import FINAL
from ..orchestrations import Orchestrations
from ..reports import Report
from ..services import Services
from ..starting import accept, start
from .answers import answer
from .calls import body, known_run


class Runs:
    """The runs as a whole, and one by one."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._records = services.records

    async def start(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """202 with the run and its links; the same `Idempotency-Key` gives the same run."""
        now = datetime.now(UTC)
        asked = body(self._services, req)
        key = req.headers.get("Idempotency-Key")
        record = await asyncio.to_thread(accept, self._services, asked, key=key, now=now)
        await start(Orchestrations(client), record, now)
        location = {"Location": views.link(req.url, record.run)}
        return answer(views.accepted(record, req.url), HTTPStatus.ACCEPTED, location)

    async def list(
        self, _: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """The runs, newest first."""
        runs = await asyncio.to_thread(self._records.catalogued)
        entries = [await self._entry(run, runs[run], client) for run in sorted(runs, reverse=True)]
        return answer({"runs": entries})

    async def _entry(
        self, run: str, entry: dict[str, Any], client: df.DurableOrchestrationClient
    ) -> dict[str, Any]:
        if entry["state"] in FINAL:
            return {"run": run, **entry}
        found = await Orchestrations(client).find(run)
        return {"run": run, **entry, "state": views.state(found, None) or entry["state"]}

    async def show(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """One run: its request, how it stands, and its report once it has ended."""
        record, found = await known_run(self._services, req, client)
        report = await asyncio.to_thread(self._records.read_as, Report, naming.report(record.run))
        return answer(views.run(record, found, report, req.url))
