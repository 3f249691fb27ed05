"""A round of the sweep on the real services."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.activities import pipeline
from support.runtime import SILENT, Runtime, orchestration
from support.services import start_or_skip

from local_host.services.azurite import Azurite
from local_host.services.toolchain import Toolchain
from orchestration.activities.auditing import catalogue_entry
from orchestration.activities.seeding import prepare
from orchestration.model import Phase, Prepare, RunRecord, RunRequest
from orchestration.services import Services
from orchestration.starting import keep
from orchestration.sweeping import sweep
from worker_image.contract import naming

NOW = datetime.now(UTC)
OVER = orchestration("Terminated")


@pytest.fixture(scope="module")
def azurite(services_folder: Path) -> Iterator[str]:
    """A storage of its own: a sweep looks at all that is there."""
    service = Azurite(services_folder / "azurite-swept", Toolchain.from_environment())
    start_or_skip(service.start)
    yield service.connection_string
    service.stop()


@pytest.fixture
def accepted(services: Services, run: str) -> RunRecord:
    request = RunRequest.model_validate(pipeline(units=3))
    kept = keep(services, RunRecord(run=run, created=NOW, request=request))
    prepare(services, Prepare(run=run))
    return kept


def swept(services: Services, answers: dict[str, Any], later: timedelta) -> None:
    asyncio.run(sweep(services, Runtime(answers), NOW + later))


def state(services: Services, run: str) -> Any:
    return services.records.catalogue.read(run)[run]["state"]


def test_a_run_whose_orchestration_was_ended_is_closed(
    services: Services, accepted: RunRecord
) -> None:
    swept(services, {accepted.run: OVER}, timedelta(minutes=10))
    assert state(services, accepted.run) == Phase.FAILED
    assert services.queues.length(naming.work_queue(accepted.run)) is None


def test_a_run_that_the_runtime_does_not_speak_of_is_left_alone(
    services: Services, accepted: RunRecord
) -> None:
    swept(services, {accepted.run: SILENT}, timedelta(minutes=10))
    assert state(services, accepted.run) == Phase.PLANNING
    assert services.queues.length(naming.work_queue(accepted.run)) == 0


def test_a_history_that_is_not_purged_keeps_its_run_for_the_next_round(
    services: Services, accepted: RunRecord
) -> None:
    run, old = accepted.run, timedelta(days=services.settings.retention_days, hours=1)
    swept(services, {run: OVER}, timedelta(minutes=10))
    swept(services, {run: SILENT}, old)
    assert services.records.record(run)
    swept(services, {}, old)
    assert services.records.record(run) is None
    assert services.records.catalogue.read(run) == {}


def test_a_run_that_is_lost_after_a_redrive_keeps_what_it_has_cost(
    services: Services, accepted: RunRecord
) -> None:
    run = accepted.run
    swept(services, {run: OVER}, timedelta(minutes=10))
    first = services.records.report(run)
    assert first is not None
    earlier = {"round_started": NOW - timedelta(hours=1), "started": NOW - timedelta(hours=1)}
    spent = first.model_copy(update={"cost": 50.0, "groups_used": 9, "redrives": 1, **earlier})
    services.records.write(naming.report(run), spent.model_dump_json())
    services.records.catalogue.write(run, catalogue_entry(accepted, Phase.PLANNING))
    for _ in range(2):
        swept(services, {run: orchestration("Terminated")}, timedelta(minutes=20))
        found = services.records.report(run)
        assert found is not None
        assert (found.cost, found.groups_used, found.redrives) == (50.0, 9, 1)
