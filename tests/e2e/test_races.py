"""Calls that cross each other."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg import sql
from support.runs import Ground

from command_line.client import RefusedError
from worker_image.contract import naming

pytestmark = pytest.mark.long


def test_starts_with_one_key_and_cancels_at_once_end_in_one_run_that_is_over(
    ground: Ground,
) -> None:
    key, request = f"key-{ground.schema}", ground.pipeline(units=500)

    def start_and_cancel(_: int) -> str:
        run = ground.client.start(request, key)
        with suppress(RefusedError):  # it has ended
            ground.client.call("POST", f"/runs/{run}/cancel")
        return run

    with ThreadPoolExecutor(6) as pool:
        runs = set(pool.map(start_and_cancel, range(12)))
    assert len(runs) == 1
    run = runs.pop()
    assert ground.finish(run)["state"] == "Cancelled"
    assert ground.groups(run) == []
    assert ground.processes(run) == []
    left = [queue.name for queue in ground.queues.list_queues(name_starts_with=run)]
    assert naming.work_queue(run) not in left
    assert ground.client.start(request, key) == run
    assert ground.client.show(run)["state"] == "Cancelled", "the key starts nothing again"


UNITS = 90


def documents(ground: Ground) -> dict[str, Any]:
    """The request of a run whose first document cannot be loaded yet, and many others can."""
    container = ground.schema.replace("_", "-")
    with psycopg.connect(ground.settings.postgresql_url.get_secret_value()) as database:
        schema = sql.Identifier(ground.schema)
        database.execute(sql.SQL("create schema {}").format(schema))
        database.execute(
            sql.SQL("create table {}.town (id int primary key, size int not null)").format(schema)
        )
    ground.store(container, f"{0:03d}.ndjson", b'{"type": "town", "id": 0}')

    def upload(number: int) -> None:
        row = {"type": "town", "id": number, "size": number}
        ground.store(container, f"{number:03d}.ndjson", json.dumps(row).encode())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(upload, range(1, UNITS)))
    return {
        "kind": "ingest",
        "source": {"container": container},
        "sink": {"schema": ground.schema},
        "instances": {"count": 1, "cpu": 0.5, "memory_gb": 1, "concurrency": 1},
    }


def test_a_redrive_while_the_run_is_seeded_gives_the_exact_result(ground: Ground) -> None:
    request = documents(ground)
    run = ground.client.start(request)
    shown = ground.wait(run, lambda shown: shown["status"].get("units", {}).get("dead"))
    ground.store(
        request["source"]["container"], "000.ndjson", b'{"type": "town", "id": 0, "size": 0}'
    )
    assert ground.client.call("POST", f"/runs/{run}/redrive", {})["dead_letters"] == 1
    assert shown["status"]["units"]["seeded"] < UNITS, "it was still seeded"
    ended = ground.finish(run)
    assert ended["state"] == "Succeeded"
    assert ended["report"]["account"]["done"] == {"ingest": UNITS}
    assert ended["report"]["redrives"] == 1
    assert ground.client.call("GET", f"/runs/{run}/dead-letters")["count"] == 0
    assert (ground.count("town"), ground.count("aci_jobs_ledger")) == (UNITS, UNITS)
