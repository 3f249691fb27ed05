"""What is kept for a while only, and what is kept longer."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from azure.durable_functions import DurableOrchestrationClient
from support.instances import binding, services
from support.runs import Ground, ended

from command_line.client import RefusedError
from orchestration.orchestrations import Orchestrations
from orchestration.scheduling import SCHEDULES, state_path
from orchestration.sweeping import sweep
from worker_image.contract import naming

pytestmark = pytest.mark.long


def test_a_run_its_key_and_what_a_lost_schedule_remembers_go_after_the_retention(
    ground: Ground,
) -> None:
    key, prefix = f"key-{ground.schema}", f"job-{ground.schema}"
    run = ground.client.start(ground.nothing(), key)
    assert ended(ground.finish(run))
    for name in ("lost", "kept"):
        ground.store(naming.RUNS, state_path(f"{prefix}-{name}"), b"{}")
    definition = {"cron": "0 0 1 1 *", "request": {}, "enabled": False}
    ground.store(SCHEDULES, f"{prefix}-kept.json", json.dumps(definition).encode())

    client = DurableOrchestrationClient(binding(ground.app))
    kept = services(ground.app.settings())
    later = datetime.now(UTC) + timedelta(days=kept.settings.retention_days, minutes=1)
    asyncio.run(sweep(kept, Orchestrations(client), later))

    with pytest.raises(RefusedError, match="there is no run"):
        ground.client.show(run)
    runs = ground.blobs.get_container_client(naming.RUNS)
    assert list(runs.list_blobs(name_starts_with=f"{run}/")) == []
    states = list(runs.list_blob_names(name_starts_with=state_path(prefix).removesuffix(".json")))
    assert states == [state_path(f"{prefix}-kept")]
    again = ground.client.start(ground.nothing(), key)
    assert again != run
    ground.finish(again)
    ground.blobs.get_blob_client(SCHEDULES, f"{prefix}-kept.json").delete_blob()
