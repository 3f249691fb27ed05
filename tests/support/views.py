"""What the API answers, made of its own values."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestration.chronicle import GroupLife
from orchestration.model import Account, Phase, Value
from orchestration.reports import FailureGroup, Report, StageReport
from orchestration.status import Status
from orchestration.views.dead_letters import DeadLetterEntry, DeadLetterPage
from orchestration.views.fleet import Fleet, FleetGroup, WorkerView
from orchestration.views.runs import RunEntry, RunPage, RunView

RUN = "r260102-030405-abcde"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = START + timedelta(seconds=100)


def as_answered(value: Value) -> dict[str, Any]:
    """A value as the API writes it."""
    members: dict[str, Any] = json.loads(value.model_dump_json(by_alias=True))
    return members


def run_view(state: str = "Running", *, kind: str = "pipeline", **status: Any) -> dict[str, Any]:
    """A run; one that has ended has a report."""
    phase = Phase(state) if state != "Terminated" else Phase.RUNNING
    return as_answered(
        RunView(
            run=RUN,
            created=START,
            state=phase if state != "Terminated" else "Terminated",
            request={"kind": kind},
            dataset="retail",
            schedule=None,
            status=Status(state=phase, **status),
            report=report(phase) if phase.final else None,
            links={},
        )
    )


def report(state: Phase = Phase.SUCCEEDED, **changes: Any) -> Report:
    """The report of a pipeline of ten units, of which one is dead unless it has succeeded."""
    dead = 0 if state is Phase.SUCCEEDED else 1
    stage = StageReport(
        units=10,
        rows=5_000,
        bytes=1_234,
        records={"order": 5_000},
        seconds={"p50": 0.1, "p95": 0.2, "max": 0.3},
        slowest=[{"unit": 4, "seconds": 0.3, "worker": f"{RUN}-001-01"}],
    )
    failure = FailureGroup(fingerprint="62f9fb328e82", type="OSError", error="away", units=1)
    account = Account(
        done={"generate": 10, "ingest": 10 - dead},
        dead={"generate": 0, "ingest": dead},
        missing={"generate": 0, "ingest": 0},
    )
    members: dict[str, Any] = {
        "run": RUN,
        "state": state,
        "reason": "",
        "started": START,
        "round_started": START,
        "ended": LATER,
        "units": 10,
        "account": account,
        "stages": {"generate": stage, "ingest": stage},
        "failures": [failure] if dead else [],
        "retries": 2,
        "groups_used": 4,
        "billed_seconds": 360.4,
        "cost": 0.0125,
        "redrives": 0,
        "notes": [],
    }
    return Report(**members | changes)


def run_page(*runs: str, following: str | None = None) -> dict[str, Any]:
    """A page of runs that have succeeded."""
    entries = [
        RunEntry.model_validate(
            {
                "run": run,
                "kind": "pipeline",
                "state": "Succeeded",
                "created": START,
                "changed": LATER,
                "ended": LATER,
                "units": 10,
                "done": 10,
            }
        )
        for run in runs
    ]
    return as_answered(RunPage(runs=entries, next=following))


def letter_page(*places: str, count: int, following: str | None = None) -> dict[str, Any]:
    """A page of dead letters of one cause."""
    letters = [
        DeadLetterEntry(
            place=place,
            stage=place.partition("/")[0],
            unit=int(place.partition("/")[2]),
            type="OSError",
            error="the network is [bold]down[/bold]\x1b[31m",
            fingerprint="62f9fb328e82",
            deliveries=3,
            dead_at=START.isoformat(),
        )
        for place in places
    ]
    group = FailureGroup(fingerprint="62f9fb328e82", type="OSError", error="down", units=count)
    return as_answered(
        DeadLetterPage(
            run=RUN,
            count=count,
            at_least=False,
            groups=[group] if count else [],
            dead_letters=letters,
            next=following,
        )
    )


def fleet(*current: str, groups: int = 1, **life: Any) -> dict[str, Any]:
    """Groups that run since the start, whose workers hold the same units."""
    lives = [
        GroupLife(
            name=f"{RUN}-{number:03d}-01",
            ordinal=number,
            attempt=1,
            region="eastus",
            seen=START,
            **{"state": "Running", "started": START, "worked": LATER, **life},
        )
        for number in range(1, groups + 1)
    ]
    worker = WorkerView(
        state="idle",
        at=LATER,
        units={"generate": 3, "ingest": 2},
        rows={"generate": 1_500, "ingest": 1_000},
        retries=0,
        dead=0,
        pushback="",
        current=current,
    )
    shown = [FleetGroup(**each.model_dump(), worker=worker) for each in lives]
    return as_answered(Fleet(run=RUN, groups=shown))
