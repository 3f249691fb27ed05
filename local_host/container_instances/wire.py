"""Container groups as ARM's JSON, which never shows a secret."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from local_host.container_instances.errors import ArmError
from local_host.container_instances.limits import Usage
from local_host.container_instances.model import Group, View
from local_host.container_instances.shim import Event, Run, State

_SECRET = {"secureValue", "password", "workspaceKey", "storageAccountKey", "protectedSettings"}
JSON = dict[str, Any]


def resource_id(group: Group) -> str:
    """The ARM id of a group."""
    subscription, resource_group, name = group.address
    return (
        f"/subscriptions/{subscription}/resourceGroups/{resource_group}"
        f"/providers/Microsoft.ContainerInstance/containerGroups/{name}"
    )


def group_json(group: Group, view: View, *, instances: bool = True) -> JSON:
    """A group; listings leave out what its instances do."""
    shown = _without_secrets(group.body)
    properties = {
        "sku": "Standard",
        "initContainers": [],
        "restartPolicy": group.definition.restart_policy,
        **shown["properties"],
        "provisioningState": view.provisioning,
        "containers": [
            _container_json(container, view, instances=instances)
            for container in shown["properties"]["containers"]
        ],
    }
    if instances:
        properties["instanceView"] = {"events": _events_json(view.events), "state": view.state}
    return {
        "tags": {},
        **shown,
        "id": resource_id(group),
        "name": group.name,
        "type": "Microsoft.ContainerInstance/containerGroups",
        "properties": properties,
    }


def operation_json(group: Group, view: View) -> JSON:
    """The operation that deploys a group, with the events of its containers."""
    events = [event for events in view.container_events.values() for event in events]
    failed = view.failure and {"code": view.failure.code, "message": view.failure.message}
    return {
        "id": resource_id(group),
        "status": view.provisioning,
        "startTime": _time(group.begun),
        "properties": {"events": _events_json([*events, *view.events])},
        **({"error": failed} if failed else {}),
    }


def usages_json(usages: Iterable[Usage]) -> JSON:
    """The quotas of a region."""
    value = [
        {
            "unit": "Count",
            "currentValue": math.ceil(usage.used),
            "limit": usage.limit,
            "name": {"value": usage.name, "localizedValue": usage.name},
        }
        for usage in usages
    ]
    return {"value": value}


def error_json(error: ArmError) -> JSON:
    """A refusal."""
    return {"error": {"code": error.code, "message": error.message}}


def _container_json(container: JSON, view: View, *, instances: bool) -> JSON:
    properties = {"ports": [], "environmentVariables": [], **container["properties"]}
    events = view.container_events[container["name"]]
    state = view.containers[container["name"]]
    # Before its start a container has no instance view, unless its image cannot be pulled.
    if instances and (state or any(event.name == "BackOff" for event in events)):
        properties["instanceView"] = _instance_view(state, events)
    return {**container, "properties": properties}


def _instance_view(state: State | None, events: Iterable[Event]) -> JSON:
    shown: JSON = {
        "restartCount": state.restarts if state else 0,
        "currentState": _current(state),
        "events": _events_json(events),
    }
    if state and state.phase == "waiting":
        shown["previousState"] = _run_json(state.run)
    elif state and state.previous:
        shown["previousState"] = _run_json(state.previous)
    return shown


def _current(state: State | None) -> JSON:
    if state is None:
        return {"state": "Waiting", "detailStatus": "ImagePullBackOff"}
    if state.phase == "waiting":
        return {"state": "Waiting", "detailStatus": "CrashLoopBackOff"}
    return _run_json(state.run)


def _run_json(run: Run) -> JSON:
    shown = {"state": "Running", "startTime": _time(run.started), "detailStatus": ""}
    if run.finished is None:
        return shown
    return {
        **shown,
        "state": "Terminated",
        "finishTime": _time(run.finished),
        "exitCode": run.exit_code,
        "detailStatus": "Error" if run.exit_code else "Completed",
    }


def _events_json(events: Iterable[Event]) -> list[JSON]:
    return [
        {
            "count": event.count,
            "firstTimestamp": _time(event.first),
            "lastTimestamp": _time(event.last),
            "name": event.name,
            "message": event.message,
            "type": event.type,
        }
        for event in events
    ]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_secrets(v) for k, v in value.items() if k not in _SECRET}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value
