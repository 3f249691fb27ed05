"""The routes of ARM for container groups, and the admin path of tests."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from local_host.container_instances import logs, processes, wire
from local_host.container_instances.definition import NAME
from local_host.container_instances.errors import ArmError, invalid, refusal
from local_host.container_instances.faults import Fault, Faults, Kind
from local_host.container_instances.machine import Machine, Verb
from local_host.container_instances.model import Address, Group

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SUBSCRIPTION = r"/subscriptions/{subscription:[\w-]+}"
_PROVIDER = "/providers/Microsoft.ContainerInstance"
_RESOURCE_GROUP = _SUBSCRIPTION + r"/resourceGroups/{resource_group:[\w().-]*[\w()-]}"
_GROUPS = _PROVIDER + "/containerGroups"
_GROUP = _RESOURCE_GROUP + _GROUPS + "/{group}"
_LOCATION = _SUBSCRIPTION + _PROVIDER + "/locations/{location}"
_REMAINING = "x-ms-ratelimit-remaining-subscription-resource-requests-"


class Api:
    """The routes; each has the name that a fault calls its operation."""

    def __init__(self, machine: Machine, clock: Callable[[], float]) -> None:
        self._machine, self._clock = machine, clock
        self._faults = Faults()

    def application(self) -> web.Application:
        """The web application."""
        app = web.Application(middlewares=[_as_arm, self._inject], client_max_size=4 << 20)
        for operation, method, path, handler in (
            ("create", "PUT", _GROUP, self._create),
            ("update", "PATCH", _GROUP, self._update),
            ("get", "GET", _GROUP, self._get),
            ("delete", "DELETE", _GROUP, self._delete),
            ("stop", "POST", _GROUP + "/stop", self._stop),
            ("start", "POST", _GROUP + "/start", self._start),
            ("restart", "POST", _GROUP + "/restart", self._restart),
            ("logs", "GET", _GROUP + "/containers/{container}/logs", self._logs),
            ("list", "GET", _RESOURCE_GROUP + _GROUPS, self._list),
            ("list_all", "GET", _SUBSCRIPTION + _GROUPS, self._list),
            ("operation", "GET", _LOCATION + "/operations/{operation}", self._operation),
            ("usages", "GET", _LOCATION + "/usages", self._usages),
            ("admin_health", "GET", "/admin/health", self._health),
            ("admin_processes", "GET", "/admin/processes", self._processes),
            ("admin_faults", "GET", "/admin/faults", self._list_faults),
            ("admin_add_fault", "POST", "/admin/faults", self._add_fault),
            ("admin_clear_faults", "DELETE", "/admin/faults", self._clear_faults),
        ):
            app.router.add_route(method, path, handler, name=operation)
        return app

    async def _create(self, request: web.Request) -> web.Response:
        address, body, now = _address(request), await _body(request), self._clock()
        if len(address.name) > 63 or not re.fullmatch(NAME, address.name):
            raise invalid("InvalidContainerGroupName", f"'{address.name}' is no valid name.")
        self._spend("create", request)
        status = 200 if address.key in self._machine.groups else 201
        group, deployed = self._machine.put(address, body, request["faults"], now)
        headers = _follow(request, group) if deployed else {}
        return web.json_response(self._shown(group), status=status, headers=headers)

    async def _update(self, request: web.Request) -> web.Response:
        tags = (await _body(request)).get("tags") or {}
        return web.json_response(self._shown(self._machine.tag(self._group(request), tags)))

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._shown(self._group(request)))

    async def _delete(self, request: web.Request) -> web.Response:
        group = self._machine.groups.get(_address(request).key)
        if group is None:
            return web.Response(status=204)
        self._spend("delete", request)
        shown = self._shown(group)
        gone = self._machine.delete(group, request["faults"], self._clock())
        return web.json_response(shown, status=200 if gone else 202)

    def _spend(self, verb: Verb, request: web.Request) -> None:
        """Count a request; its answer, a refusal too, tells how many more are allowed."""
        subscription, now = _address(request).subscription, self._clock()
        try:
            self._machine.spend(verb, subscription, now)
        finally:
            request["left"] = self._machine.left(verb, subscription, now)

    async def _stop(self, request: web.Request) -> web.Response:
        self._machine.stop(self._group(request), self._clock())
        return web.Response(status=204)

    async def _start(self, request: web.Request) -> web.Response:
        group = self._machine.start(self._group(request), self._clock())
        if group is None:
            return web.Response(status=204)
        return web.Response(status=202, headers=_follow(request, group))

    async def _restart(self, request: web.Request) -> web.Response:
        self._machine.restart(self._group(request), self._clock())
        return web.Response(status=204)

    async def _logs(self, request: web.Request) -> web.Response:
        group, container = self._group(request), request.match_info["container"]
        tail = request.query.get("tail", "0")
        if not tail.isdecimal():
            raise invalid("InvalidRequestContent", f"tail={tail}: a number is needed.")
        if container not in {item.name for item in group.definition.containers}:
            raise refusal("ContainerNotFound", container=container, group=group.name)
        folder = self._machine.folder(group, container)
        state = processes.state(folder)
        if state is None:
            raise refusal("ContainerLogNotAvailable", container=container, group=group.name)
        running = state.phase != "terminated"
        content = logs.kept(logs.read(folder), running=running, tail=int(tail) or None)
        return web.json_response({"content": content})

    async def _list(self, request: web.Request) -> web.Response:
        subscription, resource_group, _ = _address(request).key
        groups = {
            "/".join(key[1:]): group
            for key, group in self._machine.groups.items()
            if key.subscription == subscription and resource_group in ("", key.resource_group)
        }
        size, after = self._machine.options.page_size, request.query.get("$skiptoken", "")
        tokens = sorted(token for token in groups if token > after)
        page = [self._shown(groups[token], instances=False) for token in tokens[:size]]
        more = request.url.update_query({"$skiptoken": tokens[size - 1]}) if tokens[size:] else None
        return web.json_response({"value": page, **({"nextLink": str(more)} if more else {})})

    async def _operation(self, request: web.Request) -> web.Response:
        name = request.match_info["operation"]
        for group in self._machine.groups.values():
            if group.operation == name:
                view = self._machine.view(group, self._clock())
                return web.json_response(wire.operation_json(group, view))
        raise refusal("OperationNotFound", operation=name)

    async def _usages(self, request: web.Request) -> web.Response:
        location = request.match_info["location"]
        usages = self._machine.usages(_address(request).subscription, location)
        return web.json_response(wire.usages_json(usages))

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"groups": len(self._machine.groups)})

    async def _processes(self, _: web.Request) -> web.Response:
        return web.json_response(self._machine.processes())

    async def _list_faults(self, _: web.Request) -> web.Response:
        return web.json_response(self._faults.listed())

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            self._faults.add(Fault.model_validate_json(await request.read()))
        except ValidationError as error:
            raise invalid("InvalidFault", str(error)) from None
        return web.json_response(self._faults.listed(), status=201)

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.Response(status=204)

    @web.middleware
    async def _inject(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        operation, group = request.match_info.route.name or "", _address(request).name
        admin = operation.startswith("admin")
        faults = () if admin else self._faults.take(operation, group)
        request["faults"] = faults
        await asyncio.sleep(sum(fault.seconds for fault in faults if fault.kind == Kind.DELAY))
        for refused in filter(None, (fault.refusal(group) for fault in faults)):
            raise refused
        response = await handler(request)
        if any(fault.kind == Kind.LOSE_REPLY for fault in faults) and request.transport:
            request.transport.abort()
        return response

    def _group(self, request: web.Request) -> Group:
        return self._machine.group(_address(request))

    def _shown(self, group: Group, *, instances: bool = True) -> wire.JSON:
        view = self._machine.view(group, self._clock())
        return wire.group_json(group, view, instances=instances)


@web.middleware
async def _as_arm(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        if not request.path.startswith("/admin/"):
            _check(request)
        response = await handler(request)
    except web.HTTPException as error:
        response = _refused(ArmError(error.status, "InvalidResourceType", error.reason))
    except ArmError as error:
        response = _refused(error)
    if "left" in request:
        response.headers.update(_remaining(request["left"]))
    return response


def _check(request: web.Request) -> None:
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        raise refusal("AuthenticationFailed")
    if "api-version" not in request.query:
        raise refusal("MissingApiVersionParameter")


def _refused(error: ArmError) -> web.Response:
    wait = error.retry_after
    headers = {} if wait is None else {"Retry-After": f"{wait:g}"}
    return web.json_response(wire.error_json(error), status=error.status, headers=headers)


def _address(request: web.Request) -> Address:
    found = request.match_info
    return Address(*(found.get(part, "") for part in ("subscription", "resource_group", "group")))


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise invalid("InvalidRequestContent", f"The body is no JSON: {error}") from None
    if not isinstance(body, dict):
        raise invalid("InvalidRequestContent", "The body is no JSON object.")
    return body


def _follow(request: web.Request, group: Group) -> dict[str, str]:
    place = f"/subscriptions/{group.address.subscription}{_PROVIDER}"
    path = f"{place}/locations/{group.definition.location}/operations/{group.operation}"
    return {"Azure-AsyncOperation": f"{request.url.origin()}{path}?api-version=2018-06-01"}


def _remaining(left: Iterable[int]) -> dict[str, str]:
    return {_REMAINING + span: str(n) for span, n in zip(("pt5m", "pt1h"), left, strict=True)}
