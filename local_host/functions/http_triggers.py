"""HTTP triggers: the routes, access levels, requests and answers of the Functions host."""

from __future__ import annotations

import logging
import re
from typing import Any

from aiohttp import web
from azure.functions import AuthLevel, HttpResponse
from azure.functions.decorators.http import HttpTrigger
from azure.functions.http import HttpRequest
from multidict import CIMultiDict

from local_host.functions.app_index import App, AppError, IndexedFunction
from local_host.functions.invocation import Invoker
from local_host.functions.keys import Handler, Keys

log = logging.getLogger(__name__)

_PARAMETER = re.compile(r"\{(\*?)(\w+)(?::([^}?]+))?\??\}")
_OPTIONAL_END = re.compile(r"/\{[^}]+\?\}$")
_CONSTRAINTS = {
    None: r"[^/]+",
    "int": r"-?\d+",
    "long": r"-?\d+",
    "bool": r"[Tt]rue|[Ff]alse",
    "alpha": r"[A-Za-z]+",
    "guid": r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
}


def add_http_triggers(web_app: web.Application, app: App, invoker: Invoker, keys: Keys) -> None:
    """Serve every HTTP function of the app. Raises AppError for a route it cannot serve."""
    for function in app.functions:
        trigger = function.trigger
        if isinstance(trigger, HttpTrigger):
            route = trigger.route if trigger.route is not None else function.name
            level = (trigger.auth_level or AuthLevel.FUNCTION).value
            handler = keys.guard(level, _handler(function, invoker))
            methods = [method.value for method in trigger.methods or ()] or ["*"]
            for path in route_paths(app.settings.route_prefix, route):
                for method in methods:
                    web_app.router.add_route(method, path, handler)
            log.info("%s: %s %s", function.name, ",".join(methods), route)


def route_paths(prefix: str, route: str) -> list[str]:
    """Return a Functions route as router paths; two when its last parameter is optional.

    Raises AppError for a constraint that is not known here.
    """
    whole = "/" + "/".join(part for part in (prefix, route.strip("/")) if part)
    shorter = _OPTIONAL_END.sub("", whole)
    return [_PARAMETER.sub(_pattern, path) for path in dict.fromkeys((shorter, whole))]


def _pattern(match: re.Match[str]) -> str:
    rest, name, constraint = match.groups()
    if constraint not in _CONSTRAINTS:
        raise AppError(f"route parameter {match[0]}: the constraint is not supported")
    return f"{{{name}:{'.*' if rest else _CONSTRAINTS[constraint]}}}"


def _handler(function: IndexedFunction, invoker: Invoker) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        argument = HttpRequest(
            method=request.method,
            url=str(request.url),
            headers=request.headers,
            params={name: ",".join(request.query.getall(name)) for name in request.query},
            route_params=dict(request.match_info),
            body_type="bytes",
            body=await request.read(),
        )
        try:
            traceparent = request.headers.get("traceparent")
            return _answer(await invoker(function, argument, traceparent))
        except Exception as error:
            invoker.report(function, error)
            return web.Response(status=500, text="The function failed; the log has the cause.")

    return handle


def _answer(result: Any) -> web.Response:
    if result is None:
        return web.Response(status=204)
    if isinstance(result, str):
        return web.Response(text=result)
    if not isinstance(result, HttpResponse):
        raise TypeError(f"an HTTP function must return HttpResponse or str, not {type(result)}")
    headers = CIMultiDict(result.headers.items())
    charset = f"; charset={result.charset}" if result.mimetype.startswith("text/") else ""
    headers.setdefault("Content-Type", result.mimetype + charset)
    return web.Response(body=result.get_body(), status=result.status_code, headers=headers)
