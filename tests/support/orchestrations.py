"""An orchestrator of the real SDK played episode by episode, without a store or a clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df

from local_host.functions.durable.episode import Episode, run_episode
from local_host.functions.durable.framework import FunctionNames
from local_host.functions.durable.history import (
    Event,
    Kind,
    event,
    execution_started,
    instance_ref,
    stamp,
)
from local_host.functions.durable.sdk import Handle

START = datetime(2030, 1, 1, tzinfo=UTC)
FUNCTIONS = FunctionNames(frozenset({"a", "b"}), frozenset({"child", "a"}))
_SCHEDULING = {
    Kind.TASK_SCHEDULED: "Name",
    Kind.SUB_ORCHESTRATION_INSTANCE_CREATED: "Name",
    Kind.TIMER_CREATED: "FireAt",
}


class Story:
    """One execution; each `tell` is an episode that reads the given messages."""

    def __init__(self, orchestrator: Callable[..., Any], payload: Any = None) -> None:
        self.handle: Handle | None = df.Orchestrator.create(orchestrator)
        self.history: list[Event] = []
        self.now = START
        text = None if payload is None else json.dumps(json.dumps(payload))
        started = execution_started(stamp(START), "main", instance_ref("one", "first"), text)
        self.last = self.tell(started)

    def tell(self, *messages: Event) -> Episode:
        played = [item | {"IsPlayed": True} for item in self.history]
        self.last = run_episode(self.handle, played, messages, stamp(self.now), FUNCTIONS)
        self.history += self.last.events
        self.now += timedelta(seconds=1)
        return self.last

    @property
    def scheduled(self) -> list[tuple[int, str]]:
        """The (id, name or due time) of each call that the last episode scheduled."""
        return [
            (item["EventId"], item[_SCHEDULING[item["EventType"]]])
            for item in self.last.events
            if item["EventType"] in _SCHEDULING
        ]

    @property
    def output(self) -> Any:
        return json.loads(self.last.output or "null")

    def message(self, kind: Kind, **fields: Any) -> Event:
        return event(kind, stamp(self.now), **fields)

    def done(self, number: int, value: Any = None) -> Event:
        kind, result = Kind.TASK_COMPLETED, json.dumps(value)
        return self.message(kind, TaskScheduledId=number, Result=result)

    def failed(self, number: int, reason: str = "broken") -> Event:
        fields = {"Reason": reason, "Details": "place"}
        return self.message(Kind.TASK_FAILED, TaskScheduledId=number, **fields)

    def fired(self, number: int) -> Event:
        return self.message(Kind.TIMER_FIRED, TimerId=number)

    def raised(self, name: str, value: Any = None) -> Event:
        return self.message(Kind.EVENT_RAISED, Name=name, Input=json.dumps(value))
