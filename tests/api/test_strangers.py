"""Whoever has no key, or one of another door, learns nothing and moves nothing."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest
from aiohttp import web
from support.history import worker
from support.tables import table

from local_host.functions.durable.client_binding import WEBHOOK_PATH
from local_host.functions.durable.webhooks import add_webhooks
from local_host.functions.host import add_admin
from local_host.functions.keys import Keys
from local_host.loopback import NO_CERTIFICATES
from local_host.system import LocalApp
from orchestration.triggers.http_api import OPERATIONS

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
NOTHING = (b"", b"404: Not Found", b"405: Method Not Allowed")
OPEN = {("GET", "/api/health"), ("GET", "/admin/host/status"), ("HEAD", "/admin/host/status")}

Door = tuple[str, str]
"""A method and an address."""


@dataclass(frozen=True)
class Stranger:
    """How somebody without the right key calls."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""


@pytest.fixture(scope="module")
def keys(app: LocalApp) -> Keys:
    return Keys(**json.loads((app.folder / "functions" / "keys.json").read_text()))


@pytest.fixture(scope="module")
def caller(app: LocalApp) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app.url, verify=NO_CERTIFICATES, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def api(run: str) -> set[Door]:
    """All operations, at the address of a run that has everything."""
    parts = {"run": run, "stage": "generate", "unit": "3", "worker": worker(run, 1)}
    return {(each.method, f"/api/{_filled(each.route, parts)}") for each in OPERATIONS}


@pytest.fixture(scope="module")
def management(run: str) -> set[Door]:
    """All that the host serves beside them, as its own routers have it."""
    routes = web.Application()
    keys = Keys("f", "s", "m")
    add_webhooks(routes, cast("Any", None), keys, "hub")
    add_admin(routes, {}, keys, cast("Any", None))
    parts = {"instance_id": run, "name": "send_notifications", "slash": ""}
    return {
        (route.method, _filled(_pattern(route), parts))
        for route in routes.router.routes()
        if not _pattern(route).startswith("/durabletask/")  # of the SDK, at a secret address
    }


def _pattern(route: web.AbstractRoute) -> str:
    assert route.resource
    return route.resource.canonical


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    return re.sub(r"\{([^}]+)\}", lambda found: parts.get(found[1], "terminate"), pattern)


STRANGERS: dict[str, Callable[[str, str], Stranger]] = {
    "no key": lambda _, __: Stranger({}, {}),
    "an empty key": lambda _, __: Stranger({"x-functions-key": ""}, {"code": ""}),
    "a wrong key": lambda _, __: Stranger({"x-functions-key": "wrong"}, {}),
    "a wrong key in the query": lambda _, __: Stranger({}, {"code": "wrong"}),
    "a key in other case": lambda own, _: Stranger({"x-functions-key": own.swapcase()}, {}),
    "the beginning of the key": lambda own, _: Stranger({"x-functions-key": own[:-1]}, {}),
    "the key with more behind it": lambda own, _: Stranger({"x-functions-key": f"{own}0"}, {}),
    "the key twice": lambda own, _: Stranger({"x-functions-key": f"{own},{own}"}, {}),
    "the key of another door": lambda _, other: Stranger({"x-functions-key": other}, {}),
    "that in the query": lambda _, other: Stranger({}, {"code": other}),
    "the key as a bearer's": lambda own, _: Stranger({"Authorization": f"Bearer {own}"}, {}),
    "the key as a password": lambda own, _: Stranger({"Authorization": f"Basic {own}"}, {}),
    "the key in a cookie": lambda own, _: Stranger({"Cookie": f"code={own}"}, {}),
    "the key under another name": lambda own, _: Stranger({"code": own}, {"x-functions-key": own}),
    "the key in the body": lambda own, _: Stranger({}, {}, json.dumps({"code": own}).encode()),
    "the right key behind a wrong one": lambda own, _: Stranger(
        {"x-functions-key": "wrong"}, {"code": own}
    ),
}


def _answers(
    caller: httpx.Client, doors: Iterable[Door], stranger: Stranger
) -> dict[Door, tuple[int, bytes]]:
    answers = {}
    for method, path in sorted(doors):
        answer = caller.request(
            method,
            path,
            headers=stranger.headers,
            params=stranger.query,
            content=stranger.body,
        )
        answers[method, path] = (answer.status_code, answer.content)
    return answers


@table("stranger", STRANGERS)
def test_no_operation_answers_a_stranger(
    caller: httpx.Client,
    keys: Keys,
    api: set[Door],
    stranger: Callable[[str, str], Stranger],
) -> None:
    answers = _answers(caller, api - OPEN, stranger(keys.function, keys.system))
    assert len(answers) == len(OPERATIONS) - 1
    assert set(answers.values()) == {(401, b"")}, answers


@table("stranger", STRANGERS)
def test_no_management_address_answers_a_stranger(
    caller: httpx.Client,
    keys: Keys,
    management: set[Door],
    stranger: Callable[[str, str], Stranger],
) -> None:
    assert sum(path.startswith(WEBHOOK_PATH) for _, path in management) == 8
    answers = _answers(caller, management - OPEN, stranger(keys.system, keys.function))
    assert set(answers.values()) == {(401, b"")}, answers


def test_other_methods_and_addresses_say_nothing(
    caller: httpx.Client, api: set[Door], management: set[Door]
) -> None:
    doors = api | management
    places = {path for _, path in doors}
    others = {f"{path}/x" for path in places} | {f"{path}/../x" for path in places}
    others |= {"/", "/admin", "/admin/functions", "/admin/host/keys", "/durabletask/instances"}
    closed = {(method, path) for path in places | others for method in METHODS} - doors
    answers = _answers(caller, closed, STRANGERS["no key"]("", ""))
    strange = {
        door: answer
        for door, answer in answers.items()
        if answer[0] not in (401, 404, 405) or answer[1] not in NOTHING
    }
    assert strange == {}


def test_what_is_open_says_that_it_is_there_and_no_more(caller: httpx.Client) -> None:
    told = {path: caller.request(method, path).json() for method, path in OPEN if method == "GET"}
    assert told == {
        "/api/health": {"status": "ok"},
        "/admin/host/status": {"id": "local", "state": "Running"},
    }


# ------------------------------------------------------------------------------ with a key


def test_the_dashboard_is_guarded_by_its_headers(caller: httpx.Client, keys: Keys) -> None:
    """The key is in its address: no referrer, no frame, nothing from elsewhere, no copy kept."""
    answer = caller.get("/api/dashboard", params={"code": keys.function})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "connect-src 'self'"} <= set(policy)
    assert keys.function not in answer.text
    assert "Set-Cookie" not in answer.headers


def test_no_answer_is_kept_or_guessed_at_or_shared_with_other_pages(
    caller: httpx.Client, keys: Keys, api: set[Door]
) -> None:
    headers = {"x-functions-key": keys.function, "Origin": "https://elsewhere.example"}
    for method, path in sorted(api):
        if method == "GET":
            answer = caller.get(path, headers=headers)
            assert answer.status_code in (200, 404), (path, answer.text)
            assert answer.headers["Cache-Control"] == "no-store", path
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert not [name for name in answer.headers if "access-control" in name], path
