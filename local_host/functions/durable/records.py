"""What the store hands out and is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from local_host.functions.durable.history import Event, Status


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance as the status API knows it; times are stamps, values are JSON text."""

    instance_id: str
    execution_id: str
    name: str
    status: Status
    created: str
    updated: str
    input: str | None
    output: str | None
    custom_status: str | None


@dataclass(frozen=True, slots=True)
class Query:
    """Which instances to list, in id order, after the id `after`, at most `top` (-1: all)."""

    created_from: str | None = None
    created_to: str | None = None
    statuses: frozenset[Status] | None = None
    prefix: str = ""
    after: str = ""
    top: int = -1


@dataclass(frozen=True, slots=True)
class Work:
    """What an instance needs for its next episode; the messages are those due at `loaded`."""

    started: Event
    history: list[Event]
    messages: list[Event]
    last_message: int
    loaded: str

    @property
    def instance_id(self) -> str:
        """The instance that the work belongs to."""
        instance_id: str = self.started["OrchestrationInstance"]["InstanceId"]
        return instance_id


@dataclass(frozen=True, slots=True)
class Activity:
    """A call that waits to be run; `input` is JSON text."""

    number: int
    instance_id: str
    execution_id: str
    task_id: int
    name: str
    input: str
