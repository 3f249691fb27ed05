"""Units that failed, by cause and one by one."""

import asyncio
import re
from http import HTTPStatus
from itertools import islice

from worker_image.contract import naming

from ..activities.auditing import FAILURES
from ..views import dead_letters as views
from .operations import JSON, Call, NoQuery, Operation, RefusedError, Reply, known_run

_PLACE = re.compile(r"[a-z]+/(\d{1,7}|[0-9a-f]{64})")


async def list_dead_letters(call: Call[views.DeadLetterFilter, None]) -> views.DeadLetterPage:
    """List the dead letters of a run, grouped by fingerprint and one by one."""
    run = (await known_run(call)).run

    def listed() -> views.DeadLetterPage:
        letters = list(islice(call.services.records.dead_letters(run), FAILURES + 1))
        more = len(letters) > FAILURES
        return views.dead_letters(run, letters[:FAILURES], call.query, more=more)

    return await asyncio.to_thread(listed)


async def show_dead_letter(call: Call[NoQuery, None]) -> Reply:
    """Show one dead letter as a whole: message, error, deliveries, worker."""
    run = (await known_run(call)).run
    stage, name = call.path["stage"], call.path["name"]
    content = None
    if _PLACE.fullmatch(f"{stage}/{name}"):
        digits = name.zfill(7)
        path = f"{naming.dead_letters(run)}{stage}/{digits}.json"
        content = await asyncio.to_thread(call.services.records.read, path)
    if content is None:
        detail = f"there is no dead letter {stage[:20]}/{name[:70]}"
        raise RefusedError(HTTPStatus.NOT_FOUND, detail)
    return Reply(content)


OPERATIONS = (
    Operation(
        *("list_dead_letters", "GET", "runs/{run}/dead-letters", list_dead_letters),
        gives=views.DeadLetterPage,
        query=views.DeadLetterFilter,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "show_dead_letter",
        "GET",
        "runs/{run}/dead-letters/{stage}/{name}",
        show_dead_letter,
        gives=JSON,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
)
