"""One unit of a run, its message and its document."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from ..units import NothingThereError, TooLargeError, Unit
from ..views import units as views
from .operations import JSON, Call, NoQuery, Operation, RefusedError, Reply, known_run

T = TypeVar("T")

BYTES = "application/octet-stream"


async def show_unit(call: Call[NoQuery, None]) -> views.UnitView:
    """Show what has become of a unit in each of its stages, and which workers had it."""
    unit = await _looked_at(call, lambda unit: unit)
    records, run = call.services.records, call.path["run"]
    heartbeats = await asyncio.to_thread(lambda: list(records.heartbeats(run)))
    return views.unit(run, unit, heartbeats)


async def show_message(call: Call[views.StageChoice, None]) -> Reply:
    """Show the message of a unit as it is seeded, or of its dead letter."""
    text = await _looked_at(call, lambda unit: unit.message(call.query.stage))
    return Reply(text.encode())


async def show_document(call: Call[views.DocumentChoice, None]) -> Reply:
    """Give the bytes of the document that a unit has written or loads."""
    wanted = call.query
    found = await _looked_at(call, lambda unit: unit.document(wanted.stage, wanted.record))
    name = quote(found.path.rpartition("/")[2])
    headers = {
        "ETag": found.etag,
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
    }
    return Reply(found.content, headers)


async def _looked_at(call: Call[Any, None], read: Callable[[Unit], T]) -> T:
    """What there is to read of the unit of the address.

    Raises:
        RefusedError: there is no such run or unit, or not what is asked of it.
    """
    record, number = await known_run(call), call.path["unit"]
    if not (number.isascii() and number.isdigit() and len(number) <= 7):
        raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no unit {number[:20]!r}")
    try:
        return await asyncio.to_thread(lambda: read(Unit(call.services, record, int(number))))
    except NothingThereError as error:
        raise RefusedError(HTTPStatus.NOT_FOUND, str(error)) from None
    except TooLargeError as error:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error)) from None


OPERATIONS = (
    Operation(
        *("show_unit", "GET", "runs/{run}/units/{unit}", show_unit),
        gives=views.UnitView,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        *("show_message", "GET", "runs/{run}/units/{unit}/message", show_message),
        gives=JSON,
        query=views.StageChoice,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        *("show_document", "GET", "runs/{run}/units/{unit}/document", show_document),
        gives=BYTES,
        query=views.DocumentChoice,
        refusals=(
            HTTPStatus.NOT_FOUND,
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
    ),
)
