"""Schedules: a due time starts one run, however often the timer fires."""

import json

import pytest
from support.runs import Ground, ended, until

from orchestration.scheduling import SCHEDULES


@pytest.fixture
def schedule(ground: Ground) -> str:
    """The name of a schedule that is due every minute."""
    name = f"job-{ground.schema}"
    container = ground.blobs.get_container_client(SCHEDULES)
    if not container.exists():
        container.create_container()
    definition = {"cron": "* * * * *", "request": ground.pipeline(units=2)}
    container.upload_blob(f"{name}.json", json.dumps(definition))
    return name


def started(ground: Ground, schedule: str) -> dict[str, str]:
    """Runs of the schedule by due time."""
    runs = ground.client.call("GET", "/runs")["runs"]
    return {
        run["schedule"]: run["run"]
        for run in runs
        if (run["schedule"] or "").startswith(f"{schedule}@")
    }


def test_a_due_time_starts_one_run(ground: Ground, schedule: str) -> None:
    for _ in range(3):
        ground.trigger("start_schedules")
    until(lambda: started(ground, schedule))
    ground.blobs.get_blob_client(SCHEDULES, f"{schedule}.json").delete_blob()
    for run in started(ground, schedule).values():
        assert ground.finish(run)["state"] == "Succeeded"
    runs = ground.client.call("GET", "/runs")["runs"]
    ours = [run for run in runs if (run["schedule"] or "").startswith(f"{schedule}@")]
    assert len(ours) == len(started(ground, schedule)), "a due time started two runs"


def test_a_faulty_schedule_keeps_no_other_back(ground: Ground, schedule: str) -> None:
    broken = ground.blobs.get_blob_client(SCHEDULES, "a-broken-one.json")
    broken.upload_blob(b'{"cron": "never", "request": {}}')
    ground.trigger("start_schedules")
    until(lambda: started(ground, schedule))
    for name in (f"{schedule}.json", "a-broken-one.json"):
        ground.blobs.get_blob_client(SCHEDULES, name).delete_blob()
    for run in started(ground, schedule).values():
        assert ended(ground.finish(run))
