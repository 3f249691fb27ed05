"""The Durable Task Framework's side of an episode: the SDK's actions applied to the history.

The extension replays the actions as an async method that awaits them one at a time. Here a
generator takes that place, so the same rules hold: ids in call order, an action that is not yet
reached is not scheduled, `WhenAll` waits for every child even after one has failed. The framework
compares event names without case and the SDK with it; only the SDK's comparison has an effect.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.durable_functions.models.actions.ActionType import ActionType

from local_host.functions.durable.history import Event, Kind, event, instant, stamp

Action = dict[str, Any]
_NEVER = datetime.min.replace(tzinfo=UTC)


class NonDeterministicError(Exception):
    """The history holds a call that the code no longer makes at that point."""


class RefusedError(Exception):
    """The orchestrator asks for what this host does not do, or for an unknown function."""


@dataclass(frozen=True, slots=True)
class FunctionNames:
    """The names that an orchestrator may call."""

    activities: frozenset[str]
    orchestrators: frozenset[str]


@dataclass(slots=True)
class _Call:
    """One thing that the orchestrator waits for; an event of the history completes it."""

    done: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class _Group:
    children: list[_Task]
    rule: Callable[[Iterable[bool]], bool]

    @property
    def done(self) -> bool:
        return self.rule(child.done for child in self.children)


class _Routine:
    """A sequence of awaits; it moves on when what it awaits is done, as an async method does."""

    def __init__(self, steps: Iterator[_Task]) -> None:
        self._steps = steps
        self._awaited: _Task | None = _Call(done=True)
        self.advance()

    @property
    def done(self) -> bool:
        return self._awaited is None

    def advance(self) -> None:
        while self._awaited is not None and self._awaited.done:
            self._awaited = next(self._steps, None)


_Task = _Call | _Group | _Routine


@dataclass(slots=True)
class Replay:
    """A history played against the actions that the SDK returned for it.

    `play` every event in order, then read the attributes. Raises NonDeterministicError and
    RefusedError.
    """

    execution_id: str
    actions: Sequence[Action]
    functions: FunctionNames
    # Calls made and not yet in the history: id -> (kind of the scheduling event, its fields).
    unrecorded: dict[int, tuple[Kind, dict[str, Any]]] = field(default_factory=dict)
    carryover: list[Event] = field(default_factory=list)
    continued: bool = False
    next_input: str | None = None
    suspended: bool = False
    _next_id: int = 0
    _now: datetime = _NEVER
    _open: dict[int, _Call] = field(default_factory=dict)
    _waiting: defaultdict[str, list[_Call]] = field(default_factory=lambda: defaultdict(list))
    _buffered: Counter[str] = field(default_factory=Counter)
    # The program is the first routine; the retry loops follow.
    _routines: list[_Routine] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Whether every action was awaited and no call is open: only then may an instance end."""
        return bool(self._routines) and self._routines[0].done and not self._open

    def scheduled(self, now: str) -> list[Event]:
        """Return the scheduling events to append, in id order, at a stamped time."""
        return [
            event(kind, now, EventId=number, **fields)
            for number, (kind, fields) in sorted(self.unrecorded.items())
        ]

    def play(self, item: Event) -> None:
        """Take the next event of the history."""
        kind = item["EventType"]
        if kind == Kind.ORCHESTRATOR_STARTED:
            self._now = instant(item["Timestamp"])
        else:
            self._apply(Kind(kind), item)
            # The loops go first: the program may await one that this event has finished.
            for routine in reversed(self._routines):
                routine.advance()

    def _apply(self, kind: Kind, item: Event) -> None:
        match kind:
            case Kind.EXECUTION_STARTED:
                self._routines.insert(0, _Routine(self._start(action) for action in self.actions))
            case Kind.TASK_SCHEDULED | Kind.TIMER_CREATED | Kind.SUB_ORCHESTRATION_INSTANCE_CREATED:
                self._recorded(kind, item)
            case Kind.TASK_COMPLETED | Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED:
                self._complete(item["TaskScheduledId"], failed=False)
            case Kind.TASK_FAILED | Kind.SUB_ORCHESTRATION_INSTANCE_FAILED:
                self._complete(item["TaskScheduledId"], failed=True)
            case Kind.TIMER_FIRED:
                self._complete(item["TimerId"], failed=False)
            case Kind.EVENT_RAISED:
                self._raised(item)
            case Kind.EXECUTION_SUSPENDED | Kind.EXECUTION_RESUMED:
                self.suspended = kind == Kind.EXECUTION_SUSPENDED

    def _recorded(self, kind: Kind, item: Event) -> None:
        number = item["EventId"]
        made, fields = self.unrecorded.pop(number, (None, {}))
        if made != kind or fields.get("Name") != item.get("Name"):
            recorded = f"{kind.name} {item.get('Name', '')}".strip()
            now = f"{made.name} {fields.get('Name', '')}".strip() if made is not None else "nothing"
            raise NonDeterministicError(
                f"Non-deterministic orchestrator: the history has {recorded} as call {number}, "
                f"but the code now makes {now} there. Was the orchestrator changed while this "
                "instance was running?"
            )

    def _complete(self, number: int, *, failed: bool) -> None:
        # A result that nobody awaits (a cancelled timer, a duplicate) is ignored.
        call = self._open.pop(number, _Call())
        call.done, call.failed = True, failed

    def _raised(self, item: Event) -> None:
        name = item["Name"]
        if self.continued:
            self.carryover.append(item)
        elif self._waiting[name]:
            self._waiting[name].pop().done = True
        else:
            self._buffered[name] += 1

    def _start(self, action: Action) -> _Task:
        kind = ActionType(action["actionType"])
        if kind in _GROUPS:
            children = [self._start(child) for child in action["compoundActions"]]
            return _Group(children, _GROUPS[kind])
        if kind in _RETRIED:
            self._routines.append(_Routine(self._attempts(_STARTERS[_RETRIED[kind]], action)))
            return self._routines[-1]
        if kind not in _STARTERS:
            raise RefusedError(f"{kind.name} is not supported by the local Functions host")
        return _STARTERS[kind](self, action)

    def _call(self, kind: Kind, **fields: Any) -> _Call:
        call = self._open[self._next_id] = _Call()
        self.unrecorded[self._next_id] = (kind, fields)
        self._next_id += 1
        return call

    def _activity(self, action: Action) -> _Call:
        name = _known(action["functionName"], "activity", self.functions.activities)
        return self._call(Kind.TASK_SCHEDULED, Name=name, Version="", Input=action["input"])

    def _sub_orchestration(self, action: Action) -> _Call:
        return self._call(
            Kind.SUB_ORCHESTRATION_INSTANCE_CREATED,
            Name=_known(action["functionName"], "orchestrator", self.functions.orchestrators),
            Version="",
            InstanceId=action["instanceId"] or f"{self.execution_id}:{self._next_id}",
            Input=action["input"],
        )

    def _timer(self, action: Action) -> _Call:
        number = self._next_id
        timer = self._call(Kind.TIMER_CREATED, FireAt=action["fireAt"])
        if action["isCanceled"]:
            # It keeps its id and is still scheduled, but it no longer holds the instance open.
            self._complete(number, failed=False)
        return timer

    def _wait(self, action: Action) -> _Call:
        name = action["externalEventName"]
        if self._buffered[name]:
            self._buffered[name] -= 1
            return _Call(done=True)
        # The newest waiter is served first, so an abandoned one does not swallow an event.
        self._waiting[name].append(_Call())
        return self._waiting[name][-1]

    def _continue(self, action: Action) -> _Call:
        self.continued, self.next_input = True, action["input"]
        return _Call(done=True)

    def _attempts(self, attempt: _Starter, action: Action) -> Iterator[_Task]:
        options = action["retryOptions"]
        pause = timedelta(milliseconds=options["firstRetryIntervalInMilliseconds"])
        for _ in range(options["maxNumberOfAttempts"]):
            call = attempt(self, action)
            yield call
            if not call.failed:
                return
            # The framework pauses after the last attempt too, and the SDK counts on it.
            yield self._timer({"fireAt": stamp(self._now + pause), "isCanceled": False})


_Starter = Callable[[Replay, Action], _Call]

_GROUPS: dict[ActionType, Callable[[Iterable[bool]], bool]] = {
    ActionType.WHEN_ALL: all,
    ActionType.WHEN_ANY: any,
}
_STARTERS: dict[ActionType, _Starter] = {
    ActionType.CALL_ACTIVITY: Replay._activity,
    ActionType.CALL_SUB_ORCHESTRATOR: Replay._sub_orchestration,
    ActionType.CREATE_TIMER: Replay._timer,
    ActionType.WAIT_FOR_EXTERNAL_EVENT: Replay._wait,
    ActionType.CONTINUE_AS_NEW: Replay._continue,
}
_RETRIED = {
    ActionType.CALL_ACTIVITY_WITH_RETRY: ActionType.CALL_ACTIVITY,
    ActionType.CALL_SUB_ORCHESTRATOR_WITH_RETRY: ActionType.CALL_SUB_ORCHESTRATOR,
}


def _known(name: str, kind: str, names: frozenset[str]) -> str:
    if name not in names:
        raise RefusedError(
            f"The function '{name}' doesn't exist, is disabled, or is not an {kind} function."
        )
    return name
