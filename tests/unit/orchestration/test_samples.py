"""What older versions of the app have left goes on under this one: frozen samples, never edited."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest
from pydantic import BaseModel
from support.tables import table

from local_host.functions.durable.history import Event, Kind
from local_host.functions.durable.sdk import Execution, OrchestratorState, replay
from orchestration.activities import WORK
from orchestration.activities.payloads import Version
from orchestration.chronicle import Chronicle
from orchestration.model import Control, Look, Observation, Outcome, RunRecord, RunState, Value
from orchestration.orchestrator import NAME, orchestrate
from orchestration.outbox import Notice
from orchestration.reports import Report
from orchestration.scheduling.decision import ScheduleState
from orchestration.starting import Claim
from orchestration.summaries import PartSummary

SAMPLES = Path(__file__).parent / "samples"
HISTORIES = sorted(path.stem for path in (SAMPLES / NAME).glob("*.jsonl"))
KINDS: tuple[type[Value], ...] = (*WORK, Look)
INPUTS = {kind.model_fields["activity"].default: kind for kind in KINDS}


def executions(history: str) -> list[Execution]:
    """The executions of a run, as an app under the orchestrator's name has recorded them."""
    lines = (SAMPLES / NAME / f"{history}.jsonl").read_text().splitlines()
    return [Execution("e", json.loads(line)) for line in lines]


def of_kind(execution: Execution, kind: Kind) -> list[Event]:
    return [event for event in execution.history if event["EventType"] == kind]


def test_the_orchestrator_has_histories_under_its_name() -> None:
    assert len(HISTORIES) >= 5, f"`python -m simulation history SEED` writes one for {NAME}"


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")
def test_a_run_in_flight_goes_on_as_it_began(name: str) -> None:
    """If this fails, runs in flight would fail: the orchestrator needs a new name."""
    handle = df.Orchestrator.create(orchestrate)
    for execution in executions(name):
        state = replay(handle, execution)
        scheduled = [event["Name"] for event in of_kind(execution, Kind.TASK_SCHEDULED)]
        assert list(called(state)) == scheduled
        # A timer that is cancelled in the episode that makes it comes into no history.
        assert timers(state) >= len(of_kind(execution, Kind.TIMER_CREATED))
        assert state.is_done or state.error


def flat(actions: Any) -> Iterator[dict[str, Any]]:
    for action in actions:
        yield from flat(action["compoundActions"]) if "compoundActions" in action else [action]


def called(state: OrchestratorState) -> Iterator[str]:
    return (action["functionName"] for action in flat(state.actions) if "functionName" in action)


def timers(state: OrchestratorState) -> int:
    return sum("fireAt" in action for action in flat(state.actions))


@pytest.mark.parametrize("name", HISTORIES)
def test_nothing_of_a_history_is_lost(name: str) -> None:
    for execution in executions(name):
        (started,) = of_kind(execution, Kind.EXECUTION_STARTED)
        assert kept(RunState, json.loads(json.loads(started["Input"])))
        activities = {}
        for event in of_kind(execution, Kind.TASK_SCHEDULED):
            activities[event["EventId"]] = event["Name"]
            assert kept(INPUTS[event["Name"]], json.loads(event["Input"]))
        for event in of_kind(execution, Kind.TASK_COMPLETED):
            observed = activities[event["TaskScheduledId"]] == "observe"
            assert kept(Observation if observed else Outcome, json.loads(event["Result"]))


@table(
    "name, kind",
    {
        "a pipeline run": ("record_pipeline", RunRecord),
        "an ingest run": ("record_ingest", RunRecord),
        "a command run": ("record_command", RunRecord),
        "a run by a schedule": ("record_generate", RunRecord),
        "wishes": ("control", Control),
        "a report": ("report", Report),
        "a part of an audit": ("part", PartSummary),
        "a chronicle": ("chronicle", Chronicle),
        "a schedule's memory": ("schedule_state", ScheduleState),
        "a notice": ("notice", Notice),
        "an idempotency key": ("claim", Claim),
        "the version of a blob of payloads": ("payloads_version", Version),
    },
)
def test_nothing_of_what_is_stored_is_lost(name: str, kind: type[BaseModel]) -> None:
    assert kept(kind, json.loads((SAMPLES / f"{name}.v1.json").read_text()))


def kept(kind: type[BaseModel], members: dict[str, Any]) -> bool:
    """Whether a value is read, as the app reads it, with every member that was written."""
    value = kind.model_validate(members, extra="ignore")
    return value.model_dump(mode="json", by_alias=True, exclude_unset=True) == members


def test_what_a_newer_app_has_added_is_passed_over() -> None:
    """Two versions of the app are at work while one takes the other's place, or is taken back."""
    (first, *_) = executions(HISTORIES[0])
    (started,) = of_kind(first, Kind.EXECUTION_STARTED)
    members = json.loads(json.loads(started["Input"]))
    newer = {**members, "mood": "good", "verdict": {"phase": "Failed", "mood": "bad"}}
    assert RunState.carried(newer).brief() == {**members, "verdict": {"phase": "Failed"}}
