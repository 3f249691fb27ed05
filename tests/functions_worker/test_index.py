"""The worker library finds every function with its trigger, and no other."""

from typing import Any

import pytest
from support.functions_worker import FunctionsWorker

from orchestration.activities import WORK
from orchestration.orchestrator import NAME
from orchestration.triggers.http_api import OPERATIONS
from orchestration.triggers.timers import EVERY_FIVE_MINUTES, EVERY_MINUTE

pytestmark = pytest.mark.deployed

ACTIVITIES = {"observe", *(kind.model_fields["activity"].default for kind in WORK)}
TIMERS = {
    "start_schedules": EVERY_MINUTE,
    "send_notifications": EVERY_MINUTE,
    "sweep_orphans": EVERY_FIVE_MINUTES,
}
# Version 2 of the SDK brings functions of its own, for calls over HTTP, which we do not use.
BUILT_IN = {
    "1": set(),
    "2": {"BuiltIn__HttpActivity", "BuiltIn__HttpPollOrchestrator"},
}


def test_the_functions_are_those_of_the_app(worker: FunctionsWorker, sdk: str) -> None:
    operations = {operation.name for operation in OPERATIONS}
    expected = {NAME, *ACTIVITIES, *operations, *TIMERS, *BUILT_IN[sdk]}
    assert set(worker.functions) == expected


def test_each_operation_has_its_route_method_and_level(worker: FunctionsWorker) -> None:
    found = {name: worker.trigger(name) for name in (o.name for o in OPERATIONS)}
    members = ("type", "route", "methods", "authLevel")
    assert {name: [trigger[m] for m in members] for name, trigger in found.items()} == {
        operation.name: [
            "httpTrigger",
            operation.route,
            [operation.method],
            "ANONYMOUS" if operation.anonymous else "FUNCTION",
        ]
        for operation in OPERATIONS
    }


def test_health_alone_is_for_everybody(worker: FunctionsWorker) -> None:
    triggers = {name: worker.trigger(name) for name in worker.functions}
    anonymous = [n for n, trigger in triggers.items() if trigger.get("authLevel") == "ANONYMOUS"]
    assert anonymous == ["show_health"]


def test_each_timer_has_its_schedule_and_is_monitored(worker: FunctionsWorker) -> None:
    timers = _of_type(worker, "timerTrigger")
    assert {name: timer["schedule"] for name, timer in timers.items()} == TIMERS
    assert all(timer["useMonitor"] is True for timer in timers.values())
    assert not any(timer.get("runOnStartup") for timer in timers.values())


def test_activities_and_the_orchestrator_have_the_names_that_histories_have(
    worker: FunctionsWorker, sdk: str
) -> None:
    activities = _of_type(worker, "activityTrigger")
    assert set(activities) - BUILT_IN[sdk] == ACTIVITIES
    ours = {name: trigger for name, trigger in activities.items() if name in ACTIVITIES}
    assert {name: trigger["activity"] for name, trigger in ours.items()} == {
        name: name for name in ACTIVITIES
    }
    assert set(_of_type(worker, "orchestrationTrigger")) - BUILT_IN[sdk] == {NAME}


def _of_type(worker: FunctionsWorker, kind: str) -> dict[str, dict[str, Any]]:
    triggers = {name: worker.trigger(name) for name in worker.functions}
    return {name: trigger for name, trigger in triggers.items() if trigger["type"] == kind}
