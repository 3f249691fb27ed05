"""The HTTP API: start, list, status, cancel, dead letters, redrive.

Every fault is answered with problem details (`problems`), every other answer is JSON.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from worker_image.contract import naming

from .. import views
from ..activities.auditing import catalogue_entry
from ..activities.redriving import selected
from ..model import FINAL, Control, Phase, RunRecord, Selection
from ..orchestrations import Orchestration, Orchestrations
from ..problems import Invalid, InvalidRequestError, of_validation, problem
from ..reports import Report
from ..services import Services
from ..starting import KeyReusedError, accept, start

log = logging.getLogger(__name__)

Handler = Callable[[func.HttpRequest, df.DurableOrchestrationClient], Awaitable[func.HttpResponse]]


class RefusedError(Exception):
    """An answer other than success, with its status and its detail."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def blueprint(services: Services) -> df.Blueprint:
    """The routes, each behind a function key."""
    bp = df.Blueprint()
    api = Api(services)
    for name, method, route, handler in (
        ("start_run", "POST", "runs", api.start),
        ("list_runs", "GET", "runs", api.runs),
        ("show_run", "GET", "runs/{run}", api.show),
        ("cancel_run", "POST", "runs/{run}/cancel", api.cancel),
        ("list_dead_letters", "GET", "runs/{run}/dead-letters", api.dead_letters),
        ("show_dead_letter", "GET", "runs/{run}/dead-letters/{stage}/{unit}", api.dead_letter),
        ("redrive_run", "POST", "runs/{run}/redrive", api.redrive),
    ):
        _register(bp, name, method, route, handler)
    return bp


def _register(bp: df.Blueprint, name: str, method: str, route: str, handler: Handler) -> None:
    async def trigger(req: func.HttpRequest, client: str) -> func.HttpResponse:
        return await _answered(handler, req, client)

    trigger.__name__ = name
    bp.route(route=route, methods=[method])(bp.durable_client_input(client_name="client")(trigger))


async def _answered(handler: Handler, req: func.HttpRequest, client: Any) -> func.HttpResponse:
    try:
        return await handler(req, client)
    except InvalidRequestError as error:
        return _problem(HTTPStatus.BAD_REQUEST, "the request is not valid", error.faults)
    except RefusedError as error:
        return _problem(error.status, str(error))
    except KeyReusedError as error:
        return _problem(HTTPStatus.CONFLICT, str(error))


class Api:
    """The handlers; each reads, acts through one module, and shows a view."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._records = services.records

    async def start(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """202 with the run and its links; the same `Idempotency-Key` gives the same run."""
        now = datetime.now(UTC)
        body = self._body(req)
        key = req.headers.get("Idempotency-Key")
        record = await asyncio.to_thread(accept, self._services, body, key=key, now=now)
        await start(Orchestrations(client), record, now)
        location = {"Location": views.link(req.url, record.run)}
        return _json(views.accepted(record, req.url), HTTPStatus.ACCEPTED, location)

    async def runs(
        self, _: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """The runs, newest first."""
        runs = await asyncio.to_thread(self._records.catalogued)
        entries = [await self._entry(run, runs[run], client) for run in sorted(runs, reverse=True)]
        return _json({"runs": entries})

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
        record, found = await self._run(req, client)
        report = await asyncio.to_thread(self._records.read_as, Report, naming.report(record.run))
        return _json(views.run(record, found, report, req.url))

    async def cancel(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """The wish that the run ends; kept, then told to the orchestrator."""
        record, found = await self._run(req, client)
        if not (found and found.live):
            raise RefusedError(HTTPStatus.CONFLICT, f"run {record.run} has ended")
        body = self._body(req) if req.get_body() else {}
        reason = body.get("reason") if isinstance(body, dict) else None
        wish = {"cancel": True, "reason": str(reason or "cancelled on request")[:500]}
        await self._wish(record.run, lambda control: control.model_copy(update=wish), client)
        return _json({"run": record.run, "state": "cancelling"}, HTTPStatus.ACCEPTED)

    async def dead_letters(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """Every dead letter of the run, grouped by fingerprint and one by one."""
        record, _ = await self._run(req, client)
        letters = await asyncio.to_thread(lambda: list(self._records.dead_letters(record.run)))
        return _json(views.dead_letters(record.run, letters))

    async def dead_letter(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """One dead letter as a whole: message, error, deliveries, worker."""
        record, _ = await self._run(req, client)
        stage, unit = req.route_params["stage"], req.route_params["unit"]
        path = naming.dead_letter(record.run, stage, int(unit)) if unit.isdigit() else ""
        content = await asyncio.to_thread(self._records.read, path) if path else None
        if content is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no dead letter {stage}/{unit}")
        return _json(json.loads(content))

    async def redrive(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """The wish that dead letters (all, some units, one fingerprint) are tried again."""
        record, found = await self._run(req, client)
        selection = self._selection(req)
        letters = await asyncio.to_thread(lambda: list(self._records.dead_letters(record.run)))
        count = sum(selected(selection, letter) for letter in letters)
        report = await asyncio.to_thread(self._records.read_as, Report, naming.report(record.run))
        unfinished = report is not None and report.state in (Phase.FAILED, Phase.CANCELLED)
        if not count and not (unfinished and selection == Selection()):
            raise RefusedError(HTTPStatus.CONFLICT, "there is no such dead letter to redrive")
        await self._wish(record.run, lambda control: _redriven(control, selection), client)
        if not (found and found.live):
            entry = catalogue_entry(record, Phase.PLANNING)
            await asyncio.to_thread(self._records.catalogue, record.run, entry)
            await Orchestrations(client).start(record.run, datetime.now(UTC))
        return _json({"run": record.run, "deadLetters": count}, HTTPStatus.ACCEPTED)

    async def _wish(
        self,
        run: str,
        change: Callable[[Control], Control],
        client: df.DurableOrchestrationClient,
    ) -> None:
        await asyncio.to_thread(self._records.edit_control, run, change)
        await Orchestrations(client).wake(run)

    async def _run(
        self, req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> tuple[RunRecord, Orchestration | None]:
        run = req.route_params["run"]
        record = None
        if naming.is_run_id(run):
            record = await asyncio.to_thread(self._records.record, run)
        if record is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no run {run[:100]!r}")
        return record, await Orchestrations(client).find(run)

    def _selection(self, req: func.HttpRequest) -> Selection:
        try:
            return Selection.model_validate(self._body(req) if req.get_body() else {})
        except ValidationError as error:
            raise InvalidRequestError(of_validation(error)) from None

    def _body(self, req: func.HttpRequest) -> Any:
        body, limit = req.get_body(), self._services.settings.body_limit
        if len(body) > limit:
            detail = f"the body has {len(body)} bytes; {limit} are allowed"
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            fault = Invalid(field="", reason=f"the body is not JSON: {error}")
            raise InvalidRequestError([fault]) from None


def _redriven(control: Control, selection: Selection) -> Control:
    # A new wish to work takes the place of an old one to stop.
    redrives = (*control.redrives, selection)
    return control.model_copy(update={"cancel": False, "reason": "", "redrives": redrives})


def _json(
    members: dict[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(members), status_code=status, headers=headers, mimetype="application/json"
    )


def _problem(
    status: HTTPStatus, detail: str, faults: tuple[Invalid, ...] = ()
) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(problem(status, detail, faults)),
        status_code=status,
        mimetype="application/problem+json",
    )
