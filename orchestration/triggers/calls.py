"""What a call carries: a body, and the run that its address names."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, TypeVar

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from worker_image.contract import naming

from ..model import RunRecord, Value
from ..orchestrations import Orchestration, Orchestrations
from ..problems import Invalid, InvalidRequestError, of_validation
from ..services import Services
from .answers import RefusedError

T = TypeVar("T", bound=Value)


def body(services: Services, req: func.HttpRequest) -> Any:
    """The body as JSON.

    Raises:
        RefusedError: it is too large.
        InvalidRequestError: it is not JSON.
    """
    content, limit = req.get_body(), services.settings.body_limit
    if len(content) > limit:
        detail = f"the body has {len(content)} bytes; {limit} are allowed"
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        fault = Invalid(field="", reason=f"the body is not JSON: {error}")
        raise InvalidRequestError([fault]) from None


def value(services: Services, req: func.HttpRequest, kind: type[T]) -> T:
    """The body as a value, no body as one without members; raises what `body` does."""
    try:
        return kind.model_validate(body(services, req) if req.get_body() else {})
    except ValidationError as error:
        raise InvalidRequestError(of_validation(error)) from None


async def known_run(
    services: Services, req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> tuple[RunRecord, Orchestration | None]:
    """The run of the address, and what the runtime knows of it.

    Raises:
        RefusedError: there is no such run.
    """
    run = req.route_params["run"]
    record = None
    if naming.is_run_id(run):
        record = await asyncio.to_thread(services.records.record, run)
    if record is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no run {run[:100]!r}")
    return record, await Orchestrations(client).find(run)
