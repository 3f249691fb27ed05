"""An operation of the HTTP API: what it takes, what it gives, and how a call of it is answered.

The same values that the OpenAPI document describes validate what comes and make what goes.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import azure.functions as func
from azure.core.exceptions import AzureError, ResourceModifiedError
from pydantic_core import from_json

from worker_image.contract import about, naming

from ..model import RunRecord, Value
from ..orchestrations import Orchestration, Orchestrations
from ..problems import Invalid, InvalidRequestError, Problem, by_place
from ..services import Services
from ..starting import KeyReusedError

log = logging.getLogger(__name__)

JSON, PROBLEM = "application/json", "application/problem+json"
HEADER_VALUE = "[!-~]([ -~]{0,198}[!-~])?"
KEYS = ("code", "clientId")  # of the host, in the query
# Nobody keeps an answer, or takes it for what it is not said to be: a log may hold markup.
GUARDED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

Q = TypeVar("Q")
B = TypeVar("B")


class NoQuery(Value):
    """Nothing may stand behind the address."""


@dataclass(frozen=True)
class Reply:
    """An answer with headers, or one that is no JSON value."""

    body: Value | bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: HTTPStatus | None = None


@dataclass(frozen=True)
class Call(Generic[Q, B]):
    """A call whose query and body are sound; `base` is the address of the API.

    `content` is the body as it came, `caller` the trace context of who asks.
    """

    services: Services
    orchestrations: Orchestrations
    base: str
    path: Mapping[str, str]
    headers: Mapping[str, str]
    query: Q
    body: B
    content: bytes
    now: datetime
    caller: str | None = None


class RefusedError(Exception):
    """An answer other than success, with its status and its detail."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


Handler = Callable[[Call[Any, Any]], Awaitable[Value | Reply]]


@dataclass(frozen=True)
class Operation:
    """One method on one route, under the name that an operator finds in the Portal.

    `takes` is the value of the body, or the media type of one that is for the handler alone; no
    body is looked at without. `headers` are those that a caller may send, each with what it is for.
    `gives` is the value of the answer, or the media type of one that is no JSON; empty for none.
    `status` is that of success, `others` are those of other successes, and `sends` are the headers
    of all of them. `refusals` are statuses beside those that any operation may answer. Whoever is
    `anonymous` needs no key.
    """

    name: str
    method: str
    route: str
    handler: Handler
    gives: type[Value] | str
    status: HTTPStatus = HTTPStatus.OK
    query: type[Value] = NoQuery
    takes: type[Value] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    others: tuple[HTTPStatus, ...] = ()
    sends: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[HTTPStatus, ...] = ()
    anonymous: bool = False

    @property
    def summary(self) -> str:
        """The first line of what its handler says of itself."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]

    async def answer(
        self,
        services: Services,
        req: func.HttpRequest,
        client: Any,
        caller: str | None = None,
    ) -> func.HttpResponse:
        """The handler's answer, or the problem that it met; any other error is for the host."""
        with about(operation=self.name, **req.route_params):
            return await self._answer(services, req, client, caller)

    async def _answer(
        self, services: Services, req: func.HttpRequest, client: Any, caller: str | None
    ) -> func.HttpResponse:
        try:
            call = self._call(services, req, client, caller)
            return self._answered(await self.handler(call))
        except InvalidRequestError as error:
            return _problem(HTTPStatus.BAD_REQUEST, "the request is not valid", error.faults)
        except RefusedError as error:
            return _problem(error.status, str(error))
        except KeyReusedError as error:
            return _problem(HTTPStatus.CONFLICT, str(error))
        except ResourceModifiedError:
            return _problem(HTTPStatus.CONFLICT, "others were faster all the time; try again")
        except AzureError as error:
            log.exception("%s failed", self.name)
            detail = f"a service of Azure did not answer as it should: {_cause(error)}"
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)

    def _call(
        self, services: Services, req: func.HttpRequest, client: Any, caller: str | None
    ) -> Call[Any, Any]:
        given = {name: value for name, value in req.params.items() if name not in KEYS}
        content = _content(services, req) if self.takes else b""
        return Call(
            services=services,
            orchestrations=Orchestrations(client),
            base=req.url.partition("?")[0].removesuffix(f"/{self._address(req)}"),
            path=req.route_params,
            headers=self._headers(req),
            query=_validated(self.query, given, "query"),
            body=self._body(content),
            content=content,
            now=datetime.now(UTC),
            caller=caller,
        )

    def _address(self, req: func.HttpRequest) -> str:
        return self.route.format_map(req.route_params)

    def _headers(self, req: func.HttpRequest) -> Mapping[str, str]:
        for name in self.headers:
            value = req.headers.get(name)
            if value is not None and not re.fullmatch(HEADER_VALUE, value):
                reason = "1 to 200 printable characters of ASCII are needed"
                raise InvalidRequestError([Invalid(field=f"header.{name}", reason=reason)])
        given: Mapping[str, str] = req.headers
        return given

    def _body(self, content: bytes) -> Any:
        if self.takes is None or isinstance(self.takes, str):
            return None
        return _validated(self.takes, _json(content) if content else {})

    def _answered(self, result: Value | Reply) -> func.HttpResponse:
        reply = Reply(result) if isinstance(result, Value) else result
        value, kind = reply.body, self.gives
        return func.HttpResponse(
            value.model_dump_json(by_alias=True) if isinstance(value, Value) else value,
            status_code=reply.status or self.status,
            headers={**GUARDED, **reply.headers},
            mimetype=(kind or None) if isinstance(kind, str) else JSON,
        )


def _content(services: Services, req: func.HttpRequest) -> bytes:
    content, limit = req.get_body(), services.settings.body_limit
    if len(content) > limit:
        detail = f"the body has {len(content)} bytes; {limit} are allowed"
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    return content


def _json(content: bytes) -> Any:
    try:
        return from_json(content, allow_inf_nan=False)
    except ValueError as error:
        fault = Invalid(field="", reason=f"the body is not JSON: {error}")
        raise InvalidRequestError([fault]) from None


def _validated(kind: type[Value], members: Any, place: str = "") -> Any:
    with by_place(kind, place):
        return kind.model_validate(members)


def _problem(
    status: HTTPStatus, detail: str, faults: tuple[Invalid, ...] = ()
) -> func.HttpResponse:
    problem = Problem(title=status.phrase, status=status, detail=detail, errors=faults)
    content = problem.model_dump_json(exclude_none=True)
    return func.HttpResponse(content, status_code=status, headers=GUARDED, mimetype=PROBLEM)


def _cause(error: AzureError) -> str:
    return f"{type(error).__name__}: {error.message}"[:500]


async def known_run(call: Call[Any, Any]) -> RunRecord:
    """The run of the address.

    Raises:
        RefusedError: there is no such run.
    """
    run = call.path["run"]
    record = None
    if naming.is_run_id(run):
        record = await asyncio.to_thread(call.services.records.record, run)
    if record is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no run {run[:100]!r}")
    return record


async def found_run(call: Call[Any, Any]) -> tuple[RunRecord, Orchestration | None]:
    """The run of the address, and what the runtime knows of it; raises what `known_run` does."""
    record = await known_run(call)
    return record, await call.orchestrations.find(record.run)
