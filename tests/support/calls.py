"""Calls of the API's operations without a host."""

import asyncio
from typing import Any

import azure.functions as func

from orchestration.services import Services
from orchestration.triggers.http_api import OPERATIONS


def called(services: Services, name: str, path: dict[str, str], **query: Any) -> func.HttpResponse:
    """The answer of an operation that takes no body; members of the query that are None are not
    given.
    """
    operation = next(each for each in OPERATIONS if each.name == name)
    request = func.HttpRequest(
        method=operation.method,
        url=f"http://here/api/{operation.route.format_map(path)}",
        params={key: str(value) for key, value in query.items() if value is not None},
        route_params=path,
        body=b"",
    )
    return asyncio.run(operation.answer(services, request, client=None))
