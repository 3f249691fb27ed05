"""Units that failed, by cause and one by one."""

import asyncio
import json
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from worker_image.contract import naming

from .. import views
from ..services import Services
from .answers import RefusedError, answer
from .calls import known_run


class DeadLetters:
    """The dead letters of a run."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """Every dead letter of the run, grouped by fingerprint and one by one."""
        record, _ = await known_run(self._services, req, client)
        records = self._services.records
        letters = await asyncio.to_thread(lambda: list(records.dead_letters(record.run)))
        return answer(views.dead_letters(record.run, letters))

    async def show(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """One dead letter as a whole: message, error, deliveries, worker."""
        record, _ = await known_run(self._services, req, client)
        stage, unit = req.route_params["stage"], req.route_params["unit"]
        path = naming.dead_letter(record.run, stage, int(unit)) if unit.isdigit() else ""
        content = await asyncio.to_thread(self._services.records.read, path) if path else None
        if content is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no dead letter {stage}/{unit}")
        return answer(json.loads(content))
