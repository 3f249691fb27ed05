"""The call into the SDK's own orchestrator: a history goes in, the actions come out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from azure.functions import OrchestrationContext

from local_host.functions.durable.history import Event, Kind

Handle = Callable[[OrchestrationContext], str]

# What the extension offers; the SDK takes the highest schema that it knows itself.
_UPPER_SCHEMA = {"upperSchemaVersion": 1, "upperSchemaVersionNew": 3}
# Azure Storage cannot hold a message for longer; the SDK splits longer timers by these.
_TIMERS = {
    "maximumShortTimerDuration": "6.00:00:00",
    "longRunningTimerIntervalDuration": "3.00:00:00",
}
_FAILURE_LABEL = "\n\n$OutOfProcData$:"


class SdkError(Exception):
    """The SDK broke before it could say which actions the orchestrator wants."""


@dataclass(frozen=True, slots=True)
class OrchestratorState:
    """The SDK's answer: every action since the start of the execution, done or not."""

    actions: Sequence[dict[str, Any]]
    is_done: bool
    output: Any = None
    error: str | None = None
    custom_status: Any = None


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of an instance: its id and its history so far, oldest event first."""

    execution_id: str
    history: list[Event]

    @property
    def body(self) -> str:
        """The JSON that the orchestrator function receives for this history."""
        return context_body(self.history)


def replay(handle: Handle, execution: Execution) -> OrchestratorState:
    """Run the orchestrator over a whole recorded history, as a test of determinism does."""
    return run(handle, execution.body)


def run(handle: Handle, body: str) -> OrchestratorState:
    """Run one episode. Raises SdkError; the orchestrator's own failure is `error`, not raised."""
    try:
        return _state(handle(OrchestrationContext(body)))
    except Exception as error:
        _, label, state = str(error).partition(_FAILURE_LABEL)
        if not label:
            raise SdkError(f"{type(error).__name__}: {error}") from error
        return _state(state)


def context_body(history: Sequence[Event]) -> str:
    """Return the orchestrator's argument for a history that begins with its two start events."""
    started = next(item for item in history if item["EventType"] == Kind.EXECUTION_STARTED)
    parent = started["ParentInstance"]
    body = {
        "history": history,
        "input": None if started["Input"] is None else json.loads(started["Input"]),
        "instanceId": started["OrchestrationInstance"]["InstanceId"],
        "isReplaying": started["IsPlayed"],
        "parentInstanceId": parent and parent["OrchestrationInstance"]["InstanceId"],
    }
    return json.dumps(body | _UPPER_SCHEMA | _TIMERS)


def _state(text: str) -> OrchestratorState:
    state = json.loads(text)
    (actions,) = state["actions"]
    return OrchestratorState(
        actions=actions,
        is_done=state["isDone"],
        output=state.get("output"),
        error=state.get("error"),
        custom_status=state.get("customStatus"),
    )
