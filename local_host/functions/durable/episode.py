"""One episode: new messages and the SDK's answer become events to record and a new status."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local_host.functions.durable.framework import (
    FunctionNames,
    NonDeterministicError,
    RefusedError,
    Replay,
)
from local_host.functions.durable.history import Event, Kind, Status, event
from local_host.functions.durable.sdk import Handle, SdkError, context_body, run

FINISHED = frozenset({Status.Completed, Status.Failed, Status.Terminated, Status.Canceled})
_CUSTOM_STATUS_KB = 16


@dataclass(frozen=True, slots=True)
class Episode:
    """What an episode decided; recording it is one transaction.

    `events` are appended to the history; those that schedule something are also the orders to
    carry out. `output`, `custom_status` and `next_input` are JSON text, None for none; the last
    and `carryover` begin the next execution when the status is ContinuedAsNew.
    """

    events: tuple[Event, ...]
    status: Status
    output: str | None = None
    custom_status: str | None = None
    next_input: str | None = None
    carryover: tuple[Event, ...] = ()


def run_episode(
    handle: Handle | None,
    history: Sequence[Event],
    messages: Sequence[Event],
    now: str,
    functions: FunctionNames,
) -> Episode:
    """Play the messages on top of the history at a stamped time.

    Never raises for what the app does. A deterministic orchestrator gives the same episode again
    for the same arguments.
    """
    fresh = [event(Kind.ORCHESTRATOR_STARTED, now), *messages]
    events = [*history, *fresh]
    started = next(item for item in events if item["EventType"] == Kind.EXECUTION_STARTED)
    for item in messages:
        if item["EventType"] == Kind.EXECUTION_TERMINATED:
            return _finished(fresh, Status.Terminated, item["Input"])
    try:
        return _played(handle, events, fresh, started, functions)
    except (SdkError, NonDeterministicError, RefusedError) as error:
        return _finished(fresh, Status.Failed, _failure(started["Name"], error))


def _played(
    handle: Handle | None,
    events: list[Event],
    fresh: list[Event],
    started: Event,
    functions: FunctionNames,
) -> Episode:
    if handle is None:
        raise RefusedError(
            f"The function '{started['Name']}' doesn't exist or is not an orchestrator function."
        )
    state = run(handle, context_body(events))
    custom = _custom_status(state.custom_status)
    replay = Replay(started["OrchestrationInstance"]["ExecutionId"], state.actions, functions)
    for item in events:
        replay.play(item)
    if replay.suspended:
        return Episode((*fresh, _closing(fresh)), Status.Suspended, custom_status=custom)
    if replay.finished and state.error:
        return _finished(fresh, Status.Failed, _failure(started["Name"], state.error), custom)
    if replay.finished and replay.continued:
        return _continued(fresh, replay, custom)
    if replay.finished and state.is_done:
        return _finished(fresh, Status.Completed, state.output, custom)
    scheduled = replay.scheduled(fresh[0]["Timestamp"])
    return Episode((*fresh, *scheduled, _closing(fresh)), Status.Running, custom_status=custom)


def _closing(fresh: list[Event]) -> Event:
    return event(Kind.ORCHESTRATOR_COMPLETED, fresh[0]["Timestamp"])


def _finished(
    fresh: list[Event], status: Status, output: Any, custom_status: str | None = None
) -> Episode:
    result = None if output is None else json.dumps(output)
    fields = {"OrchestrationStatus": status.value, "Result": result}
    end = event(Kind.EXECUTION_COMPLETED, fresh[0]["Timestamp"], **fields)
    return Episode((*fresh, end, _closing(fresh)), status, result, custom_status)


def _continued(fresh: list[Event], replay: Replay, custom_status: str | None) -> Episode:
    # The input travels as a JSON string that holds JSON, as from the client and to a child.
    result = json.dumps(replay.next_input)
    end = event(Kind.CONTINUE_AS_NEW, fresh[0]["Timestamp"], Result=result)
    return Episode(
        (*fresh, end),
        Status.ContinuedAsNew,
        custom_status=custom_status,
        next_input=result,
        carryover=tuple(replay.carryover),
    )


def _failure(name: str, cause: object) -> str:
    return f"Orchestrator function '{name}' failed: {cause}"


def _custom_status(value: Any) -> str | None:
    if value is None:
        return None
    text = json.dumps(value)
    # The extension measures the .NET string, two bytes a character.
    if len(text.encode("utf-16-le")) // 1024 > _CUSTOM_STATUS_KB:
        raise RefusedError(f"the custom status is larger than {_CUSTOM_STATUS_KB} KB of UTF-16")
    return text
