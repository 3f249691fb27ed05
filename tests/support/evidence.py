"""Evidence for tests of the doctor: a healthy run in its midst, all but what a test names."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from simulation.agenda import START, moment

from orchestration.chronicle import Chronicle, GroupLife, Sample
from orchestration.doctor.evidence import AppEvidence, Delivered, RunEvidence
from orchestration.model import Phase, RunRecord, RunRequest
from orchestration.orchestrations import Orchestration
from orchestration.reports import FailureGroup, Report
from orchestration.rounds import PERIODS
from orchestration.services.records import DeadLetterSummary
from orchestration.settings import Settings
from orchestration.status import Status
from support.states import RUN, name
from worker_image.contract import Failure, Heartbeat, Message, Stage

NOW = moment(1_000)
SETTINGS = Settings.model_validate(
    {
        "subscription_id": "sub-1",
        "resource_group": "jobs",
        "location": "eastus",
        "worker_image": "acme.azurecr.io/worker:7",
        "worker_identity_id": "/subscriptions/sub-1/identities/workers",
        "worker_identity_client_id": "client-1",
        "postgresql_url": "postgresql://u:topsecret@nowhere/d",
    }
)
PROGRAM = {"kind": "command", "command": {"program": ["true"]}, "payloads": [1]}


def ago(seconds: float) -> Any:
    """A time before now."""
    return NOW - timedelta(seconds=seconds)


def run(**changes: Any) -> RunEvidence:
    """A run that goes on well."""
    values = {
        "now": NOW,
        "settings": SETTINGS,
        "record": record(),
        "orchestration": orchestration(),
        "status": status(),
        "chronicle": chronicle(life(1), life(2)),
        "heartbeats": (beat(1), beat(2)),
        "queue": 50,
    }
    return RunEvidence(**{**values, **changes})


def over(state: Phase = Phase.FAILED, reason: str = "", **changes: Any) -> RunEvidence:
    """A run that has ended, with a report."""
    failures = changes.pop("failures", [])
    values = {
        "orchestration": orchestration("Completed"),
        "report": report(state, reason, failures),
        "chronicle": Chronicle(),
        "heartbeats": (),
        "queue": None,
    }
    return run(**{**values, **changes})


def app(**changes: Any) -> AppEvidence:
    """An app of which all is well."""
    rounds = {name: ago(period.total_seconds()) for name, period in PERIODS.items()}
    return AppEvidence(**{"now": NOW, "settings": SETTINGS, "rounds": rounds, **changes})


def record(**limits: Any) -> RunRecord:
    """A run that was accepted at the start."""
    request = RunRequest.model_validate({**PROGRAM, "limits": limits})
    return RunRecord(run=RUN, created=START, request=request)


def orchestration(runtime_status: str = "Running", updated: Any = None, **changes: Any) -> Any:
    """What the runtime knows of it."""
    values = {"custom_status": {}, "output": None, **changes}
    return Orchestration(runtime_status=runtime_status, updated=updated or ago(10), **values)


def status(**changes: Any) -> Status:
    """What the orchestrator says: 40 of 100 units are done."""
    units = {"total": 100, "seeded": 100, "done": 40, "queued": 50, **changes.pop("units", {})}
    values = {"state": Phase.RUNNING, "units": units, "elapsed": 1_000.0, **changes}
    return Status.model_validate(values)


def chronicle(*lives: GroupLife, quiet: float = 0) -> Chronicle:
    """Its groups, and progress that was last seen so long ago."""
    before = Sample(at=ago(quiet + 15), units={"command": 39})
    since = Sample(at=ago(quiet), units={"command": 40})
    last = since.model_copy(update={"at": NOW})
    return Chronicle(samples=(before, since, last), groups={life.name: life for life in lives})


def life(ordinal: int = 1, attempt: int = 1, **changes: Any) -> GroupLife:
    """A container group at work."""
    values = {"name": name(ordinal, attempt), "state": "Running", "seen": START, "started": START}
    return GroupLife.model_validate({"ordinal": ordinal, "attempt": attempt, **values, **changes})


def death(ordinal: int = 1, attempt: int = 1, exit_code: int = 137, **changes: Any) -> GroupLife:
    """A container group whose worker has died a minute ago."""
    values = {"state": "Ended", "ended": ago(60), "exit_code": exit_code}
    return life(ordinal, attempt, **{**values, **changes})


def beat(ordinal: int = 1, attempt: int = 1, seconds: float = 1, **changes: Any) -> Heartbeat:
    """What a worker said so many seconds ago."""
    values = {"state": "working", "current": ("command/0000007",), **changes}
    return Heartbeat(worker=name(ordinal, attempt), at=ago(seconds).isoformat(), **values)


def delivered(deliveries: int, unit: int = 7, told: int = 0, **changes: Any) -> Delivered:
    """A message that waits after so many deliveries, of which so many told of an error."""
    history = tuple(
        Failure("E", "x", permanent=False, worker="w", delivery=number, at="")
        for number in range(1, told + 1)
    )
    message = Message(RUN, Stage.COMMAND, unit, {}, history=history, **changes)
    return Delivered(message, deliveries)


def letters(count: int, fingerprint: str = "f1", first: int = 0) -> tuple[DeadLetterSummary, ...]:
    """So many dead letters of one error."""
    known = {"fingerprint": fingerprint, "type": "ValueError", "error": "no such city"}
    return tuple(
        DeadLetterSummary(f"{RUN}/dead/command/{unit:07d}.json", "command", unit, known)
        for unit in range(first, first + count)
    )


def report(state: Phase, reason: str, failures: Iterable[tuple[str, int]]) -> Report:
    """The report of a run, its dead letters by fingerprint."""
    groups = [
        FailureGroup(fingerprint=fingerprint, type="ValueError", error="no such city", units=units)
        for fingerprint, units in failures
    ]
    return Report(
        run=RUN,
        state=state,
        reason=reason,
        started=START,
        round_started=START,
        ended=NOW,
        units=100,
        account=None,
        stages={},
        failures=groups,
        retries=0,
        groups_used=2,
        billed_seconds=1.0,
        cost=0.0,
        redrives=0,
        notes=[],
    )
