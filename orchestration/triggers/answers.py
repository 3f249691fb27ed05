"""How a call is answered: JSON where it succeeds, problem details (`problems`) where not."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from ..problems import Invalid, InvalidRequestError, problem
from ..starting import KeyReusedError

Handler = Callable[[func.HttpRequest, df.DurableOrchestrationClient], Awaitable[func.HttpResponse]]


class RefusedError(Exception):
    """An answer other than success, with its status and its detail."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


async def answered(handler: Handler, req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """The handler's answer, or the problem that it raised; any other error is for the host."""
    try:
        return await handler(req, client)
    except InvalidRequestError as error:
        return _problem(HTTPStatus.BAD_REQUEST, "the request is not valid", error.faults)
    except RefusedError as error:
        return _problem(error.status, str(error))
    except KeyReusedError as error:
        return _problem(HTTPStatus.CONFLICT, str(error))


def answer(
    members: dict[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> func.HttpResponse:
    """A success."""
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
