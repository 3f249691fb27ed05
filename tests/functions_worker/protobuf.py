"""Executions of the orchestrator on the Durable SDK 2.x: histories and answers are protobuf."""

import json
from datetime import datetime
from typing import Any

from simulation.orchestrating import Call, Turn
from support.functions_worker import FunctionsWorker
from support.states import RUN

from local_host.functions.durable.history import stamp
from orchestration.orchestrator import NAME, WAKE

Event = dict[str, Any]
COMPLETED, CONTINUED = "ORCHESTRATION_STATUS_COMPLETED", "ORCHESTRATION_STATUS_CONTINUED_AS_NEW"


class Protobuf:
    """One execution, the library asked at every episode; messages are named as the protocol does.

    Each has the members that JSON gives them.
    """

    def __init__(self, payload: Any, worker: FunctionsWorker) -> None:
        self._payload = payload
        self._worker = worker
        self._history: list[Event] = []
        self._open: list[int] = []
        self._timer: Event = {}
        self.custom_status: Any = None
        self.events = 0
        self.differs: list[str] = []

    def begin(self, now: datetime) -> Turn:
        started = {
            "name": NAME,
            "input": json.dumps(self._payload),
            "orchestrationInstance": {"instanceId": RUN},
        }
        return self._tell(now, _event(now, "executionStarted", started))

    def results(self, results: list[Any], now: datetime, *, woken: bool) -> Turn:
        outcomes = [
            _outcome(now, number, result)
            for number, result in zip(self._open, results, strict=True)
        ]
        return self._tell(now, *([_wake(now)] if woken else []), *outcomes)

    def wait_over(self, now: datetime, *, woken: bool) -> Turn:
        fired = {"timerId": self._timer["id"], "fireAt": self._timer["fireAt"]}
        return self._tell(now, _wake(now) if woken else _event(now, "timerFired", fired))

    def _tell(self, now: datetime, *messages: Event) -> Turn:
        new = [_event(now, "orchestratorStarted", {}), *messages]
        request = {"instanceId": RUN, "pastEvents": self._history, "newEvents": new}
        parameter = self._worker.trigger(NAME)["name"]
        answer = self._worker.call(NAME, **{parameter: ("orchestration", request)})
        self._history += new
        if "customStatus" in answer:
            self.custom_status = json.loads(answer["customStatus"])
        turn = self._turn(now, answer.get("actions", []))
        self._history.append(_event(now, "orchestratorCompleted", {}))
        self.events = len(self._history)
        return turn

    def _turn(self, now: datetime, actions: list[Event]) -> Turn:
        for action in actions:
            if "completeOrchestration" in action:
                return _ended(action["completeOrchestration"])
        calls = {a["id"]: a["scheduleTask"] for a in actions if "scheduleTask" in a}
        timers = [{"id": a["id"], **a["createTimer"]} for a in actions if "createTimer" in a]
        for number, call in calls.items():
            self._schedule(now, number, "taskScheduled", call)
        for self._timer in timers:
            due = {"fireAt": self._timer["fireAt"]}
            self._schedule(now, self._timer["id"], "timerCreated", due)
        if calls:
            self._open = list(calls)
            return Turn(calls=[Call(c["name"], json.loads(c["input"])) for c in calls.values()])
        return Turn(until=datetime.fromisoformat(self._timer["fireAt"]))

    def _schedule(self, now: datetime, number: int, kind: str, members: Event) -> None:
        self._history.append(_event(now, kind, members) | {"eventId": number})


def _event(now: datetime, kind: str, members: Event) -> Event:
    return {"eventId": -1, "timestamp": stamp(now), kind: members}


def _wake(now: datetime) -> Event:
    return _event(now, "eventRaised", {"name": WAKE, "input": "{}"})


def _outcome(now: datetime, number: int, result: Any) -> Event:
    if isinstance(result, Exception):
        details = {"errorType": type(result).__name__, "errorMessage": str(result)}
        failed = {"taskScheduledId": number, "failureDetails": details}
        return _event(now, "taskFailed", failed)
    done = {"taskScheduledId": number, "result": json.dumps(result)}
    return _event(now, "taskCompleted", done)


def _ended(told: Event) -> Turn:
    if told["orchestrationStatus"] == CONTINUED:
        return Turn(again=json.loads(told["result"]))
    if told["orchestrationStatus"] == COMPLETED:
        return Turn(ended=True, output=json.loads(told["result"]))
    return Turn(ended=True, failure=told["failureDetails"]["errorMessage"])
