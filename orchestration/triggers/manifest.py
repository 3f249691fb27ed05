"""The manifest of a run, a page at a time."""

import asyncio
from http import HTTPStatus

from azure.core.exceptions import ResourceModifiedError

from ..views import manifest as views
from .operations import Call, Operation, RefusedError, known_run


async def show_manifest(call: Call[views.ManifestFilter, None]) -> views.ManifestPage:
    """List the documents of a run that has ended."""
    run = (await known_run(call)).run
    start, etag = views.place(call.query.after)
    lines = call.services.records.manifest(run).lines
    try:
        found = await asyncio.to_thread(lines, start, call.query.limit, etag)
        page = None if found is None else views.page(run, found)
    except ResourceModifiedError:
        detail = "the manifest was written anew since that page; begin with the first one"
        raise RefusedError(HTTPStatus.CONFLICT, detail) from None
    except ValueError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "after: no line begins there") from None
    if page is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"run {run} has no manifest yet")
    return page


OPERATIONS = (
    Operation(
        *("show_manifest", "GET", "runs/{run}/manifest", show_manifest),
        gives=views.ManifestPage,
        query=views.ManifestFilter,
        refusals=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
