"""The Durable extension's HTTP API: under the webhook path with a key, under the RPC path without.

The SDK's client in the app uses the RPC path, which nobody else can guess; people and other
programs use the webhook path.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiohttp import web

from local_host.functions.durable.client_binding import WEBHOOK_PATH, management_urls, rpc_path
from local_host.functions.durable.engine import Engine
from local_host.functions.durable.episode import FINISHED
from local_host.functions.durable.history import Kind, Status, readable, stamp
from local_host.functions.durable.records import Instance, Query
from local_host.functions.keys import Handler, Keys

_TOKEN_HEADER = "x-ms-continuation-token"  # noqa: S105 - the name of a header
_PAGE = "100"
_INSTANCE_ID = re.compile(r"(?!@)[^/\\#?\x00-\x1f\x7f-\x9f]{1,256}")
_SIGNALS = {
    "terminate": Kind.EXECUTION_TERMINATED,
    "suspend": Kind.EXECUTION_SUSPENDED,
    "resume": Kind.EXECUTION_RESUMED,
}


def add_webhooks(web_app: web.Application, engine: Engine, keys: Keys, hub: str) -> None:
    """Serve the management API of one engine."""
    hooks = Webhooks(engine, keys, hub)
    routes: list[tuple[str, str, Handler]] = [
        ("POST", "orchestrators/{name}", hooks.start),
        ("POST", "orchestrators/{name}/{instance_id}", hooks.start),
        ("GET", "instances/{instance_id}", hooks.status),
        ("DELETE", "instances/{instance_id}", hooks.purge),
        ("GET", "instances{slash:/?}", hooks.list),
        ("DELETE", "instances{slash:/?}", hooks.purge_all),
        ("POST", "instances/{instance_id}/raiseEvent/{event}", hooks.raise_event),
        ("POST", "instances/{instance_id}/{operation}", hooks.signal),
    ]
    rpc = rpc_path(keys.system)
    for method, path, handler in routes:
        web_app.router.add_route(method, f"{rpc}/{path}", handler)
        web_app.router.add_route(method, f"{WEBHOOK_PATH}/{path}", keys.guard("system", handler))


class Webhooks:
    """One method for each operation; the answers are those of the extension."""

    def __init__(self, engine: Engine, keys: Keys, hub: str) -> None:
        self._engine = engine
        self._keys = keys
        self._hub = hub

    async def start(self, request: web.Request) -> web.StreamResponse:
        """Start an instance: 202, 400 for an unknown orchestrator or no JSON, 409 if one runs."""
        name = request.match_info["name"]
        instance_id = request.match_info.get("instance_id") or uuid4().hex
        if name not in self._engine.orchestrators:
            known = "', '".join(sorted(self._engine.orchestrators))
            what = "doesn't exist, is disabled, or is not an orchestrator function"
            return _error(400, f"The function '{name}' {what}. The known ones: '{known}'.")
        if not _INSTANCE_ID.fullmatch(instance_id):
            return _error(400, f"'{instance_id}' is not a valid instance id.")
        body = await request.text()
        if not _is_json(body):
            return _error(400, "Invalid JSON content")
        if not self._engine.start_instance(name, instance_id, body or None):
            return _error(409, f"An instance with the id '{instance_id}' is already running.")
        origin = str(request.url.origin())
        links = management_urls(origin, instance_id, self._hub, self._keys.system)
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": "10"}
        return web.json_response(links, status=202, headers=headers)

    async def status(self, request: web.Request) -> web.StreamResponse:
        """Report an instance: 202 while it runs, 200 at its end, 500 for a failure if asked."""
        instance = self._instance(request)
        if instance is None:
            return web.Response(status=404)
        show_input = _flag(request, "showInput", default=True)
        payload = _payload(instance, show_input=show_input)
        if _flag(request, "showHistory"):
            history = self._engine.store.history(instance.execution_id)
            show_output = _flag(request, "showHistoryOutput")
            payload["historyEvents"] = readable(
                history, show_output=show_output, show_input=show_input
            )
        if instance.status not in FINISHED:
            headers = {"Location": str(request.url), "Retry-After": "5"}
            return web.json_response(payload, status=202, headers=headers)
        failed = instance.status is Status.Failed
        strict = _flag(request, "returnInternalServerErrorOnFailure")
        return web.json_response(payload, status=500 if failed and strict else 200)

    async def list(self, request: web.Request) -> web.StreamResponse:
        """List instances by id, a page at a time; the token header leads to the next page."""
        query = _query(request)
        if query is None:
            return _error(400, "One or more of the arguments submitted is incorrect")
        # One more than the page, to know whether there is a next one.
        found = self._engine.store.instances(replace(query, top=query.top + 1))
        page = found[: query.top]
        show_input = _flag(request, "showInput")
        answer = web.json_response([_payload(item, show_input=show_input) for item in page])
        if len(found) > len(page):
            token = base64.urlsafe_b64encode(page[-1].instance_id.encode())
            answer.headers[_TOKEN_HEADER] = token.decode()
        return answer

    async def raise_event(self, request: web.Request) -> web.StreamResponse:
        """Raise an external event: 202, 400 without JSON, 404, 410 for a finished instance."""
        instance = self._instance(request)
        if instance is None or instance.status in FINISHED:
            return web.Response(status=410 if instance else 404)
        if request.content_type != "application/json":
            return _error(400, "Only application/json request content is supported")
        body = await request.text()
        if not _is_json(body):
            return _error(400, "Invalid JSON content")
        fields = {"Name": request.match_info["event"], "Input": body or "null"}
        self._engine.post(instance.instance_id, Kind.EVENT_RAISED, **fields)
        return web.Response(status=202)

    async def signal(self, request: web.Request) -> web.StreamResponse:
        """Terminate, suspend or resume: 202, 404, 410 for a finished instance."""
        instance = self._instance(request)
        operation = request.match_info["operation"].lower()
        if operation in {"rewind", "restart"}:
            return _error(501, f"{operation} is not supported by the local Functions host")
        if instance is None or operation not in _SIGNALS:
            return web.Response(status=404)
        if instance.status in FINISHED:
            return web.Response(status=410)
        reason = request.query.get("reason", "")
        self._engine.post(instance.instance_id, _SIGNALS[operation], Input=reason)
        return web.Response(status=202)

    async def purge(self, request: web.Request) -> web.StreamResponse:
        """Delete one finished instance: 200, 404, 412 while it runs."""
        instance = self._instance(request)
        if instance is None:
            return web.Response(status=404)
        if instance.status not in FINISHED:
            return _error(412, f"Instance {instance.instance_id} is {instance.status.value}.")
        return self._purged([instance])

    async def purge_all(self, request: web.Request) -> web.StreamResponse:
        """Delete the finished instances that match; 404 when there are none."""
        query = _query(request)
        if query is None or query.created_from is None:
            return _error(400, "Please provide value for 'createdTimeFrom' parameter.")
        statuses = (query.statuses or FINISHED) & FINISHED
        found = self._engine.store.instances(replace(query, statuses=statuses, top=-1))
        return self._purged(found) if found else web.Response(status=404)

    def _purged(self, instances: Sequence[Instance]) -> web.StreamResponse:
        self._engine.store.purge(item.instance_id for item in instances)
        return web.json_response({"instancesDeleted": len(instances)})

    def _instance(self, request: web.Request) -> Instance | None:
        return self._engine.store.instance(request.match_info["instance_id"])


def _is_json(text: str) -> bool:
    try:
        json.loads(text or "null")
    except ValueError:
        return False
    return True


def _payload(instance: Instance, *, show_input: bool) -> dict[str, Any]:
    return {
        "name": instance.name,
        "instanceId": instance.instance_id,
        "runtimeStatus": instance.status.value,
        "input": json.loads(instance.input or "null") if show_input else None,
        "customStatus": json.loads(instance.custom_status or "null"),
        "output": json.loads(instance.output or "null"),
        "createdTime": instance.created[:19] + "Z",
        "lastUpdatedTime": instance.updated[:19] + "Z",
    }


def _query(request: web.Request) -> Query | None:
    """Return the request's filters, or None when one of them cannot be read."""
    query = request.query
    names = ",".join(query.getall("runtimeStatus", [])).split(",")
    try:
        return Query(
            created_from=_moment(query.get("createdTimeFrom")),
            created_to=_moment(query.get("createdTimeTo")),
            statuses=frozenset(Status(name) for name in names if name) or None,
            prefix=query.get("instanceIdPrefix", ""),
            after=base64.urlsafe_b64decode(request.headers.get(_TOKEN_HEADER, "")).decode(),
            top=int(query.get("top", _PAGE)),
        )
    except ValueError:
        return None


def _moment(text: str | None) -> str | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return stamp(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC))


def _flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    return request.query.get(name, str(default)).lower() == "true"


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"Message": message, "ExceptionMessage": message}, status=status)
