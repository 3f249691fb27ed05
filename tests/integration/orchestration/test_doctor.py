"""The evidence that the doctor collects, from the real services."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob import BlobClient
from support.container_instances import StandIn
from support.runtime import Runtime, orchestration

from orchestration import doctor
from orchestration.doctor.collecting import run_evidence
from orchestration.doctor.looks import Looks
from orchestration.model import Instances, Phase, Provision, RunRecord, RunRequest
from orchestration.rounds import came_round, last_rounds
from orchestration.scheduling import SCHEDULES
from orchestration.services import Services
from orchestration.starting import keep
from orchestration.views.diagnosis import Code, Diagnosis, Finding
from worker_image.contract import DeadLetter, Failure, Heartbeat, Message, Stage, naming

NOW = datetime.now(UTC)
REQUEST: dict[str, Any] = {"kind": "command", "command": {"program": ["true"]}, "payloads": [1]}


def runtime(**live: bool) -> Runtime:
    """A runtime that knows these runs."""
    return Runtime(
        {
            run: orchestration("Running" if goes_on else "Terminated", state=Phase.RUNNING)
            for run, goes_on in live.items()
        }
    )


@pytest.fixture
def accepted(services: Services, run: str) -> Iterator[RunRecord]:
    """A run that was accepted ten minutes ago."""
    request = RunRequest.model_validate(REQUEST)
    created = NOW - timedelta(minutes=10)
    yield keep(services, RunRecord(run=run, created=created, request=request))
    services.records.purge(run)


def examined(services: Services, **live: bool) -> Diagnosis:
    return asyncio.run(doctor.examine_app(services, runtime(**live), NOW))


def codes(answer: Diagnosis, run: str) -> list[Code]:
    """What is said of a run."""
    return [finding.code for finding in answer.findings if finding.run == run]


def told(answer: Diagnosis, code: Code) -> list[Finding]:
    """What is said under a code; other tests may have left something for others."""
    return [finding for finding in answer.findings if finding.code is code]


def test_a_run_is_looked_at_in_all_its_parts(services: Services, accepted: RunRecord) -> None:
    run, queues = accepted.run, services.queues
    looks = Looks(services, runtime(**{run: True}), NOW)
    before = asyncio.run(run_evidence(looks, accepted))
    assert (before.queue, before.waiting, before.heartbeats, before.letters) == (None, (), (), ())

    queues.create(run)
    message = Message(run, Stage.COMMAND, 7, {})
    queues.seed(run, [message.encode(), "no message of ours"])
    beat = Heartbeat(naming.container_group(run, 1, 1), NOW.isoformat(), "working")
    services.records.write(naming.heartbeat(run, beat.worker), b"", beat.to_metadata())
    error = Failure("E", "x", permanent=True, worker="w", delivery=1, at=NOW.isoformat())
    letter = DeadLetter.of(message, error, deliveries=1, first_seen="")
    services.records.write(letter.record_path(run), letter.encode(), letter.to_metadata())

    after = asyncio.run(run_evidence(looks, accepted))
    assert after.live
    assert after.queue == 2
    assert [(item.message, item.deliveries) for item in after.waiting] == [(message, 0)]
    assert [replace(each, at=beat.at) for each in after.heartbeats] == [beat]
    assert [(found.unit, found.stage) for found in after.letters] == [(7, "command")]
    assert after.troubles == ()
    queues.delete(naming.work_queue(run))
    queues.delete(naming.dead_letter_queue(run))


def test_runs_that_nobody_carries_on_are_found_in_the_app(
    services: Services, accepted: RunRecord
) -> None:
    run = accepted.run
    assert codes(examined(services), run) == [Code.NOT_STARTED]
    assert codes(examined(services, **{run: False}), run) == [Code.ABANDONED]
    assert codes(examined(services, **{run: True}), run) == []


def test_groups_of_no_run_are_orphans_and_those_of_a_live_run_are_not(
    services: Services, run: str
) -> None:
    expires = NOW + timedelta(hours=1)
    region = services.settings.location
    group = Provision(run=run, ordinal=1, attempt=1, region=region, expires=expires)
    services.groups.create(group, Instances(cpu=0.5, memory_gb=0.5), ())
    assert told(examined(services, **{run: True}), Code.ORPHANS) == []
    (finding,) = told(examined(services), Code.ORPHANS)
    name = naming.container_group(run, 1, 1)
    assert finding.why == name
    assert name in finding.commands[0]
    services.groups.delete(name)


@pytest.fixture
def nightly(services: Services, azurite: str) -> Iterator[BlobClient]:
    """The blob of a schedule, and nothing of it afterwards."""
    services.records.create_container(SCHEDULES)
    with BlobClient.from_connection_string(azurite, SCHEDULES, "nightly.json") as blob:
        yield blob
        blob.delete_blob()


@pytest.mark.parametrize(
    ("change", "faults"),
    [({}, []), ({"cron": "never"}, ["cron"]), ({"request": {"kind": "x"}}, ["request.kind"])],
)
def test_schedules_that_cannot_start_are_found(
    services: Services, nightly: BlobClient, change: dict[str, Any], faults: list[str]
) -> None:
    schedule = {"cron": "0 0 1 1 *", "request": REQUEST, **change}
    nightly.upload_blob(json.dumps(schedule), overwrite=True)
    found = told(examined(services), Code.SCHEDULE_FAULTY)
    assert [finding.why.partition(":")[0] for finding in found] == faults


def test_a_schedule_that_is_due_and_not_decided_is_late(
    services: Services, nightly: BlobClient
) -> None:
    now = datetime.now(UTC)  # its definition is as old as this test, not as this module
    due = now + timedelta(minutes=5)
    cron = f"{due.minute} {due.hour} * * *"
    nightly.upload_blob(json.dumps({"cron": cron, "request": REQUEST}), overwrite=True)
    for minutes, expected in ((6, 0), (20, 1)):
        later = now + timedelta(minutes=minutes)
        answer = asyncio.run(doctor.examine_app(services, runtime(), later))
        assert len(told(answer, Code.SCHEDULE_LATE)) == expected


def test_a_service_that_refuses_is_a_finding_among_others(
    services: Services, stand_in: StandIn, accepted: RunRecord
) -> None:
    words = {"status": 403, "code": "AuthorizationFailed", "message": "no role"}
    stand_in.fault("refuse", operation="*", count=None, **words)
    answer = examined(services)
    (finding,) = told(answer, Code.AUTHORIZATION)
    assert "no role" in finding.why
    assert codes(answer, accepted.run) == [Code.NOT_STARTED]


def test_timers_write_down_that_they_came_round(services: Services) -> None:
    came_round(services.records, "sweep_orphans")
    assert last_rounds(services.records)["sweep_orphans"] >= NOW - timedelta(minutes=1)
    later = NOW + timedelta(hours=1)
    answer = asyncio.run(doctor.examine_app(services, runtime(), later))
    timers = [finding.what for finding in told(answer, Code.TIMER)]
    assert "a timer of the app does not fire; sweep_orphans" in timers
