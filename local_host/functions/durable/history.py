"""History events in the shape the extension and the SDK share: dicts with a numeric `EventType`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from azure.durable_functions import OrchestrationRuntimeStatus as Status
from azure.durable_functions.models.history import HistoryEventType as Kind

__all__ = ["Event", "Kind", "Status"]

Event = dict[str, Any]

# Each outcome of a call, and the event that scheduled the call.
_CAUSES = {
    Kind.TASK_COMPLETED: Kind.TASK_SCHEDULED,
    Kind.TASK_FAILED: Kind.TASK_SCHEDULED,
    Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED: Kind.SUB_ORCHESTRATION_INSTANCE_CREATED,
    Kind.SUB_ORCHESTRATION_INSTANCE_FAILED: Kind.SUB_ORCHESTRATION_INSTANCE_CREATED,
}
_HIDDEN_EVENTS = {Kind.ORCHESTRATOR_STARTED, Kind.ORCHESTRATOR_COMPLETED}
_HIDDEN_FIELDS = {"EventId", "IsPlayed", "Version", "TaskScheduledId", "TimerId"}
_HIDDEN_FIELDS |= {"OrchestrationInstance", "ParentInstance"}


def stamp(moment: datetime) -> str:
    """Return a UTC moment as fixed-width text, so that text order is time order."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant(text: str) -> datetime:
    """Return the aware moment that `stamp` or the SDK wrote."""
    return datetime.fromisoformat(text)


def event(kind: Kind, timestamp: str, /, **fields: Any) -> Event:
    """Return an event that happens at a stamped time; one that schedules a call has an EventId."""
    head = {"EventType": int(kind), "EventId": -1, "IsPlayed": False, "Timestamp": timestamp}
    return head | fields


def execution_started(
    timestamp: str, name: str, ref: dict[str, str], payload: str | None, parent: Event | None = None
) -> Event:
    """Return the first event of an execution; `payload` is JSON text or None for no input."""
    fields = {"Name": name, "Version": "", "Input": payload, "ParentInstance": parent}
    return event(Kind.EXECUTION_STARTED, timestamp, OrchestrationInstance=ref, **fields)


def instance_ref(instance_id: str, execution_id: str) -> dict[str, str]:
    """Return the event field that names an execution of an instance."""
    return {"InstanceId": instance_id, "ExecutionId": execution_id}


def readable(history: list[Event], *, show_output: bool, show_input: bool) -> list[Event]:
    """Return a history as the status API shows it: a finished call is one entry."""
    calls = {(item["EventType"], item["EventId"]): item for item in history if item["EventId"] >= 0}
    entries: list[Event] = []
    for item in history:
        cause = (_CAUSES.get(item["EventType"]), item.get("TaskScheduledId"))
        if call := calls.pop(cause, None):
            entries.remove(call)
            origin = {"ScheduledTime": call["Timestamp"], "FunctionName": call["Name"]}
            entries.append(item | origin | {"Input": call["Input"]})
        elif item["EventType"] not in _HIDDEN_EVENTS:
            entries.append(item)
    hidden = set(_HIDDEN_FIELDS)
    hidden |= (set() if show_output else {"Result"}) | (set() if show_input else {"Input"})
    return [
        {name: value for name, value in item.items() if name not in hidden}
        | {"EventType": Kind(item["EventType"]).name.title().replace("_", "")}
        for item in entries
    ]
