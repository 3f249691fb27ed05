"""The HTTP API: every operation, under the name that an operator finds in the Portal.

Each is behind a function key, but for health.
"""

import json
from functools import cache

import azure.durable_functions as df
import azure.functions as func

from ..model import Value
from ..services import Services
from . import (
    dashboard,
    datasets,
    dead_letters,
    doctor,
    fleet,
    jobs,
    logs,
    manifest,
    openapi,
    plans,
    runs,
    schedules,
    units,
    wishes,
)
from .operations import JSON, Call, NoQuery, Operation, Reply

VERSION = "1.0"


class Health(Value):
    """The app answers; nothing is said of the services behind it."""

    status: str = "ok"


async def show_health(_: Call[NoQuery, None]) -> Health:
    """Tell that the app answers."""
    return Health()


async def show_openapi(_: Call[NoQuery, None]) -> Reply:
    """Describe this API in OpenAPI 3.1."""
    return Reply(_described())


@cache
def _described() -> bytes:
    return json.dumps(openapi.document(OPERATIONS, VERSION)).encode()


OPERATIONS: tuple[Operation, ...] = (
    Operation("show_health", "GET", "health", show_health, gives=Health, anonymous=True),
    Operation("show_openapi", "GET", "openapi.json", show_openapi, gives=JSON),
    *plans.OPERATIONS,
    *runs.OPERATIONS,
    *fleet.OPERATIONS,
    *wishes.OPERATIONS,
    *dead_letters.OPERATIONS,
    *logs.OPERATIONS,
    *units.OPERATIONS,
    *manifest.OPERATIONS,
    *doctor.OPERATIONS,
    *datasets.OPERATIONS,
    *jobs.OPERATIONS,
    *schedules.OPERATIONS,
    *dashboard.OPERATIONS,
)


def blueprint(services: Services) -> df.Blueprint:
    """The routes of all operations."""
    bp = df.Blueprint()
    for operation in OPERATIONS:
        _register(bp, services, operation)
    return bp


def _register(bp: df.Blueprint, services: Services, operation: Operation) -> None:
    async def trigger(
        req: func.HttpRequest, client: str, context: func.Context
    ) -> func.HttpResponse:
        return await operation.answer(services, req, client, context.trace_context.trace_parent)

    trigger.__name__ = operation.name
    level = func.AuthLevel.ANONYMOUS if operation.anonymous else None
    route = bp.route(route=operation.route, methods=[operation.method], auth_level=level)
    route(bp.durable_client_input(client_name="client")(trigger))
