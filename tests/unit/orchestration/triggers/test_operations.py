"""How a call is answered: what comes is validated, what goes is described."""

import asyncio
import json
from http import HTTPStatus
from types import SimpleNamespace
from typing import Annotated, Any

import azure.functions as func
import pytest
from azure.core.exceptions import HttpResponseError, ResourceModifiedError
from pydantic import Field
from support.tables import table

from orchestration.model import Value
from orchestration.problems import Invalid, InvalidRequestError
from orchestration.starting import KeyReusedError
from orchestration.triggers.operations import PROBLEM, Call, Operation, RefusedError, Reply

ADDRESS = "http://here:7071/api/things/a"
SERVICES: Any = SimpleNamespace(settings=SimpleNamespace(body_limit=100))


class Query(Value):
    limit: Annotated[int, Field(ge=1, le=9)] = 5
    text: str | None = None


class Body(Value):
    size: int = 1


class Answer(Value):
    given: list[Any]


async def echo(call: Call[Query, Body]) -> Answer:
    """Say what came."""
    return Answer(given=[call.base, dict(call.path), call.query.limit, call.body.size])


def operation(handler: Any = echo, **changes: Any) -> Operation:
    values = {"gives": Answer, "query": Query, "takes": Body, **changes}
    return Operation("show_thing", "POST", "things/{name}", handler, **values)


def call(
    asked: Operation,
    body: bytes = b"{}",
    url: str = ADDRESS,
    headers: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
) -> func.HttpResponse:
    request = func.HttpRequest(
        method="POST",
        url=url,
        params=params or {},
        route_params={"name": "a"},
        headers=headers or {},
        body=body,
    )
    return asyncio.run(asked.answer(SERVICES, request, client=None))


def test_a_sound_call_is_answered() -> None:
    answer = call(
        operation(), b'{"size": 7}', f"{ADDRESS}?limit=3&code=s", params={"limit": "3", "code": "s"}
    )
    assert answer.status_code == 200
    expected = ["http://here:7071/api", {"name": "a"}, 3, 7]
    assert json.loads(answer.get_body()) == {"given": expected}
    assert answer.headers["Cache-Control"] == "no-store"


@table(
    "body, params, field, reason",
    {
        "no JSON": (b"{", {}, "", "is not JSON"),
        "half a character": (b'{"size": "\\ud800"}', {}, "", "is not JSON"),
        "not a number": (b'{"size": NaN}', {}, "", "is not JSON"),
        "very deep": (b"[" * 90, {}, "", "is not JSON"),
        "a wrong member": (b'{"size": "x"}', {}, "size", "valid integer"),
        "an unknown member": (
            b'{"sise": 1}',
            {},
            "sise",
            "such member; did you mean size?",
        ),
        "no object": (b"[]", {}, "", "valid dictionary"),
        "a wrong limit": (b"", {"limit": "10"}, "query.limit", "less than or equal to 9"),
        "an unknown filter": (b"", {"limits": "1"}, "query.limits", "did you mean limit?"),
    },
)
def test_a_faulty_call_is_told_its_fault(
    body: bytes, params: dict[str, str], field: str, reason: str
) -> None:
    answer = call(operation(), body, params=params)
    assert (answer.status_code, answer.mimetype) == (400, PROBLEM)
    (fault,) = json.loads(answer.get_body())["errors"]
    assert fault["field"] == field
    assert reason in fault["reason"]


@table("value", {"nothing": "", "too long": "x" * 201, "a word of other letters": "schlüssel"})
def test_a_header_that_is_named_is_looked_at(value: str) -> None:
    asked = operation(headers={"Idempotency-Key": "the same key gives the same run"})
    answer = call(asked, headers={"Idempotency-Key": value})
    (fault,) = json.loads(answer.get_body())["errors"]
    assert (answer.status_code, fault["field"]) == (400, "header.Idempotency-Key")
    assert call(asked, headers={"Idempotency-Key": '"a b", "c"'}).status_code == 200


def test_a_large_body_is_refused_unread() -> None:
    answer = call(operation(), b"x" * 101)
    assert answer.status_code == 413
    assert "101 bytes; 100 are allowed" in json.loads(answer.get_body())["detail"]


@table(
    "error, status, detail",
    {
        "refused": (RefusedError(HTTPStatus.NOT_FOUND, "there is none"), 404, "there is none"),
        "faulty": (InvalidRequestError([Invalid(field="a", reason="b")]), 400, "not valid"),
        "a key again": (KeyReusedError("another request"), 409, "another request"),
        "others were faster": (ResourceModifiedError("etag"), 409, "try again"),
        "a service is away": (HttpResponseError("busy"), 503, "HttpResponseError: busy"),
    },
)
def test_what_a_handler_meets_is_a_problem(error: Exception, status: int, detail: str) -> None:
    async def fail(_: Call[Query, Body]) -> Answer:
        raise error

    answer = call(operation(fail))
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM)
    problem = json.loads(answer.get_body())
    assert (problem["status"], problem["type"]) == (status, "about:blank")
    assert detail in problem["detail"]


def test_any_other_error_is_for_the_host() -> None:
    async def fail(_: Call[Query, Body]) -> Answer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        call(operation(fail))


def test_bytes_go_as_they_are() -> None:
    async def give(_: Call[Query, Body]) -> Reply:
        return Reply(b"a: 1", {"ETag": '"1"'}, HTTPStatus.CREATED)

    answer = call(operation(give, gives="application/yaml"))
    assert (answer.status_code, answer.get_body()) == (201, b"a: 1")
    assert (answer.mimetype, answer.headers["ETag"]) == ("application/yaml", '"1"')
