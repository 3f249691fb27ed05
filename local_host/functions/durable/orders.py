"""What a decided episode sets in motion: messages to instances and new executions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

from local_host.functions.durable.episode import FINISHED, Episode
from local_host.functions.durable.history import (
    Event,
    Kind,
    Status,
    event,
    execution_started,
    instance_ref,
)


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way to an instance, readable from its due time on.

    Without an execution id whatever execution is current reads it.
    """

    instance_id: str
    execution_id: str | None
    due: str
    event: Event


def messages(started: Event, episode: Episode) -> Iterator[Message]:
    """Yield the timers, the outcome for the parent and the events carried over."""
    own, parent = started["OrchestrationInstance"], started["ParentInstance"]
    for item in episode.events:
        if item["EventType"] == Kind.TIMER_CREATED:
            due = item["FireAt"]
            fired = event(Kind.TIMER_FIRED, due, TimerId=item["EventId"], FireAt=due)
            yield _message(own, fired)
    if parent and episode.status in FINISHED:
        yield _message(parent["OrchestrationInstance"], _outcome(episode, parent))
    for item in episode.carryover:
        yield Message(own["InstanceId"], None, episode.events[0]["Timestamp"], item)


def children(started: Event, episode: Episode) -> Iterator[Event]:
    """Yield the start of every sub-orchestration."""
    own = started["OrchestrationInstance"]
    for item in episode.events:
        if item["EventType"] == Kind.SUB_ORCHESTRATION_INSTANCE_CREATED:
            number = item["EventId"]
            parent = {
                "OrchestrationInstance": own,
                "Name": started["Name"],
                "TaskScheduleId": number,
            }
            ref = instance_ref(item["InstanceId"], _derived(own["ExecutionId"], str(number)))
            payload = json.dumps(item["Input"])
            yield execution_started(item["Timestamp"], item["Name"], ref, payload, parent)


def successor(started: Event, episode: Episode) -> Event | None:
    """Return the start of the execution that continues this one, if it continues as new."""
    if episode.status is not Status.ContinuedAsNew:
        return None
    own, now = started["OrchestrationInstance"], episode.events[0]["Timestamp"]
    ref = instance_ref(own["InstanceId"], _derived(own["ExecutionId"], "next"))
    name, parent = started["Name"], started["ParentInstance"]
    return execution_started(now, name, ref, episode.next_input, parent)


def occupied(child: Event) -> Message:
    """Return the failure of a sub-orchestration whose id belongs to a running instance.

    Azure Storage drops such a start and leaves the parent waiting for ever.
    """
    parent, now = child["ParentInstance"], child["Timestamp"]
    taken = child["OrchestrationInstance"]["InstanceId"]
    return _message(
        parent["OrchestrationInstance"],
        _failed(parent, now, f"An instance with the id '{taken}' is already running."),
    )


def _message(to: dict[str, str], item: Event) -> Message:
    return Message(to["InstanceId"], to["ExecutionId"], item["Timestamp"], item)


def _outcome(episode: Episode, parent: Event) -> Event:
    now, number = episode.events[0]["Timestamp"], parent["TaskScheduleId"]
    if episode.status is not Status.Completed:
        return _failed(parent, now, json.loads(episode.output or "null"))
    kind = Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED
    return event(kind, now, TaskScheduledId=number, Result=episode.output)


def _failed(parent: Event, now: str, reason: str) -> Event:
    kind, number = Kind.SUB_ORCHESTRATION_INSTANCE_FAILED, parent["TaskScheduleId"]
    return event(kind, now, TaskScheduledId=number, Reason=reason, Details=None)


def _derived(execution_id: str, suffix: str) -> str:
    # Derived, not random: an episode that is run again after a crash gives the same ids.
    return uuid5(NAMESPACE_OID, f"{execution_id}:{suffix}").hex
