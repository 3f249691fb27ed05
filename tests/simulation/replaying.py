"""The same generator through the SDK: its history replayed whole, or episode by episode."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.actions.ActionType import ActionType
from support.states import RUN

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
from local_host.functions.durable.sdk import Execution, Handle, replay
from orchestration.activities import WORK
from orchestration.orchestrator import NAME, WAKE, orchestrate

from .orchestrating import Call, Direct, Turn

ACTIVITIES = frozenset({"observe", *(kind.model_fields["activity"].default for kind in WORK)})
FAILED = f"Orchestrator function '{NAME}' failed: "
FUNCTIONS = FunctionNames(ACTIVITIES, frozenset({NAME}))


class Recorded(Direct):
    """The generator itself, its history kept; at its end the SDK replays that as a whole.

    What differs between the generator's own calls and those that the SDK gives is in `differs`, the
    whole history in `history`.
    """

    def __init__(self, payload: Any) -> None:
        super().__init__(payload)
        self._payload_text = json.dumps(json.dumps(payload))
        self.history: list[Event] = []
        self._called: list[tuple[str, dict[str, Any]]] = []
        self._waits: list[str] = []
        self._count = 0
        self._open: list[int] = []

    def begin(self, now: datetime) -> Turn:
        started = execution_started(stamp(now), NAME, instance_ref(RUN, "e"), self._payload_text)
        return self._record([started], now, super().begin(now))

    def results(self, results: list[Any], now: datetime, *, woken: bool) -> Turn:
        messages = _outcomes(self._open, results, now, woken=woken)
        return self._record(messages, now, super().results(results, now, woken=woken))

    def wait_over(self, now: datetime, *, woken: bool) -> Turn:
        fired = event(Kind.TIMER_FIRED, stamp(now), TimerId=self._count - 1)
        messages = [_wake(now)] if woken else [fired]
        return self._record(messages, now, super().wait_over(now, woken=woken))

    def _record(self, messages: list[Event], now: datetime, turn: Turn) -> Turn:
        self.history.append(event(Kind.ORCHESTRATOR_STARTED, stamp(now)))
        self.history += messages
        self._open = []
        for call in turn.calls:
            members = json.dumps(call.members)
            self._schedule(Kind.TASK_SCHEDULED, now, Name=call.name, Input=members)
            self._called.append((call.name, call.members))
        if turn.until is not None:
            self._schedule(Kind.TIMER_CREATED, now, FireAt=stamp(turn.until))
            self._waits.append(stamp(turn.until))
        self.history.append(event(Kind.ORCHESTRATOR_COMPLETED, stamp(now)))
        if turn.ended or turn.again is not None:
            self.events = len(self.history)
            self.differs = list(self._differences(turn))
        return turn

    def _schedule(self, kind: Kind, now: datetime, **fields: Any) -> None:
        self.history.append(event(kind, stamp(now), **fields) | {"EventId": self._count})
        self._open.append(self._count)
        self._count += 1

    def _differences(self, turn: Turn) -> Iterator[str]:
        state = replay(df.Orchestrator.create(orchestrate), Execution("e", self.history))
        actions = list(_flat(state.actions))
        mine = json.loads(json.dumps(self._called))
        if [a for a in map(_activity, actions) if a] != mine:
            yield "the SDK's replay calls other activities"
        if [a["fireAt"] for a in actions if "fireAt" in a][: len(self._waits)] != self._waits:
            yield "the SDK's replay waits for other times"
        if json.dumps(state.custom_status) != json.dumps(self.custom_status):
            yield "the SDK's replay shows another status"
        again = [a["input"] for a in actions if a["actionType"] == ActionType.CONTINUE_AS_NEW]
        if [json.loads(payload) for payload in again] != [turn.again] * len(again):
            yield "the SDK's replay continues with another state"
        if (turn.failure or "") not in (state.error or ""):
            yield f"the SDK's replay fails otherwise: {state.error}"


class Replayed:
    """The SDK's own replay of the whole history at every episode, and the extension's rules.

    `handle` is the orchestrator as the SDK makes it: our own, or one elsewhere.
    """

    def __init__(self, payload: Any, handle: Handle | None = None) -> None:
        self._payload = payload
        self._handle = handle or df.Orchestrator.create(orchestrate)
        self._history: list[Event] = []
        self._open: list[int] = []
        self._timer = -1
        self.custom_status: Any = None
        self.events = 0
        self.differs: list[str] = []

    def begin(self, now: datetime) -> Turn:
        text = json.dumps(json.dumps(self._payload))
        started = execution_started(stamp(now), NAME, instance_ref(RUN, "e"), text)
        return self._tell(now, [started])

    def results(self, results: list[Any], now: datetime, *, woken: bool) -> Turn:
        messages = _outcomes(self._open, results, now, woken=woken)
        return self._tell(now, messages)

    def wait_over(self, now: datetime, *, woken: bool) -> Turn:
        if woken:
            return self._tell(now, [_wake(now)])
        return self._tell(now, [event(Kind.TIMER_FIRED, stamp(now), TimerId=self._timer)])

    def _tell(self, now: datetime, messages: list[Event]) -> Turn:
        played = [item | {"IsPlayed": True} for item in self._history]
        episode = run_episode(self._handle, played, messages, stamp(now), FUNCTIONS)
        self._history += episode.events
        self.events = len(self._history)
        if episode.custom_status is not None:
            self.custom_status = json.loads(episode.custom_status)
        return self._turn(episode)

    def _turn(self, episode: Episode) -> Turn:
        if episode.next_input is not None:
            return Turn(again=json.loads(json.loads(episode.next_input)))
        if episode.status.name == "Failed":
            said = json.loads(episode.output or '""')
            return Turn(ended=True, failure=said.removeprefix(FAILED))
        if episode.status.name == "Completed":
            return Turn(ended=True, output=json.loads(episode.output or "null"))
        scheduled = [e for e in episode.events if e["EventType"] == Kind.TASK_SCHEDULED]
        timers = [e for e in episode.events if e["EventType"] == Kind.TIMER_CREATED]
        if timers and not scheduled:
            self._timer = timers[-1]["EventId"]
            return Turn(until=datetime.fromisoformat(timers[-1]["FireAt"]))
        self._open = [e["EventId"] for e in scheduled]
        return Turn(calls=[Call(e["Name"], json.loads(e["Input"])) for e in scheduled])


def _wake(now: datetime) -> Event:
    return event(Kind.EVENT_RAISED, stamp(now), Name=WAKE, Input="{}")


def _outcomes(numbers: list[int], results: list[Any], now: datetime, *, woken: bool) -> list[Event]:
    messages = [_wake(now)] if woken else []
    for number, result in zip(numbers, results, strict=True):
        if isinstance(result, Exception):
            words = {"Reason": str(result), "Details": ""}
            kind, told = Kind.TASK_FAILED, words
        else:
            kind, told = Kind.TASK_COMPLETED, {"Result": json.dumps(result)}
        messages.append(event(kind, stamp(now), TaskScheduledId=number, **told))
    return messages


def _flat(actions: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for action in actions:
        yield from _flat(action["compoundActions"]) if "compoundActions" in action else [action]


def _activity(action: dict[str, Any]) -> list[Any] | None:
    return (
        [action["functionName"], json.loads(action["input"])] if "functionName" in action else None
    )
