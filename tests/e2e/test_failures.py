"""Runs that processes die in, units that cannot succeed, and what mends them."""

import json
import os
import random
import signal
from typing import Any

import psycopg
import pytest
from psycopg import sql
from support.runs import CONTAINER, Ground, done, until

from command_line.client import RefusedError
from local_host.checks import check_run

pytestmark = pytest.mark.long


def test_workers_killed_three_times_and_every_row_is_there(ground: Ground) -> None:
    # The last is killed while units of several ticks are still to be seeded: a tick has to find it.
    units, moments = 300, random.Random(11)
    run = ground.client.start(ground.pipeline(units=units))
    for part in (1, 2, 3):
        ground.wait(run, done(units * part // 12))
        victim = moments.choice(until(lambda: ground.processes(run)))
        os.kill(victim, signal.SIGKILL)
        until(lambda victim=victim: victim not in ground.processes(run))  # type: ignore[misc]
    shown = ground.finish(run)
    assert shown["state"] == "Succeeded"
    assert shown["report"]["groups_used"] >= 2 + 3, "each was replaced"
    checks = check_run(run, units, ground.schema, CONTAINER, ground.settings)
    assert [check for check in checks if not check.holds] == []


@pytest.mark.parametrize("part", ["functions", "container_instances"])
def test_a_killed_local_host_goes_on_where_it_was(ground: Ground, part: str) -> None:
    units = 60
    run = ground.client.start(ground.pipeline(units=units))
    ground.wait(run, done(units // 10))
    service = getattr(ground.app, part)
    os.kill(service.pid, signal.SIGKILL)
    until(lambda: service.pid is None)
    service.start()
    shown = ground.finish(run)
    assert shown["state"] == "Succeeded"
    checks = check_run(run, units, ground.schema, CONTAINER, ground.settings)
    assert [check for check in checks if not check.holds] == []
    assert ground.count("aci_jobs_ledger") == units, "no document was loaded twice"


# ------------------------------------------------------------- documents written by hand


def upload(ground: Ground, container: str, name: str, *lines: Any) -> None:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    ground.blobs.get_blob_client(container, name).upload_blob(text, overwrite=True)


def ingest(ground: Ground, container: str) -> dict[str, Any]:
    return {
        "kind": "ingest",
        "source": {"container": container, "prefix": "in/"},
        "sink": {"schema": ground.schema},
        "instances": {"count": 1, "cpu": 0.5, "memory_gb": 1},
        "limits": {"attempts": 3},
    }


@pytest.fixture
def landing(ground: Ground) -> str:
    """A container of documents by hand, and tables by hand to load them into."""
    container = f"landing-{ground.schema.replace('_', '-')}"
    ground.blobs.create_container(container)
    schema = sql.Identifier(ground.schema)
    with psycopg.connect(ground.settings.postgresql_url.get_secret_value()) as database:
        database.execute(sql.SQL("create schema {}").format(schema))
        database.execute(
            sql.SQL("create table {}.city (id int primary key, name text not null)").format(schema)
        )
        database.execute(
            sql.SQL(
                "create table {0}.visit (id int primary key,"
                " city int not null references {0}.city, note jsonb, paid numeric(12, 2))"
            ).format(schema)
        )
    for number in range(10):
        upload(
            ground,
            container,
            f"in/{number}.ndjson",
            {"type": "visit", "id": number, "city": number, "paid": 10.25, "note": {"a": [1]}},
            {"type": "city", "id": number, "name": f'Town "{number}"\t\\N'},
        )
    upload(ground, container, "elsewhere/x.ndjson", {"type": "city", "id": 99, "name": "No"})
    return container


def test_documents_written_by_hand_are_loaded(ground: Ground, landing: str) -> None:
    run = ground.client.start(ingest(ground, landing))
    shown = ground.finish(run)
    assert shown["state"] == "Succeeded", shown["report"]["failures"]
    assert (ground.count("city"), ground.count("visit")) == (10, 10)
    query = sql.SQL(
        "select c.name, v.paid::text, v.note from {0}.visit v join {0}.city c on c.id = v.city"
        " where v.id = 3"
    ).format(sql.Identifier(ground.schema))
    with psycopg.connect(ground.settings.postgresql_url.get_secret_value()) as database:
        assert database.execute(query).fetchone() == ('Town "3"\t\\N', "10.25", {"a": [1]})

    again = ground.client.start(ingest(ground, landing))
    assert ground.finish(again)["state"] == "Succeeded"
    assert (ground.count("city"), ground.count("visit")) == (10, 10)


def test_a_unit_that_cannot_succeed_is_a_dead_letter_until_it_is_mended(
    ground: Ground, landing: str
) -> None:
    upload(ground, landing, "in/4.ndjson", '{"type": "city", "id": 4, "na')
    run = ground.client.start(ingest(ground, landing))
    shown = ground.finish(run)
    assert shown["state"] == "CompletedWithFailures"
    assert ground.count("visit") == 9, "every other unit is done"

    listed = ground.client.call("GET", f"/runs/{run}/dead-letters")
    (letter,) = listed["dead_letters"]
    assert letter["unit"] == 4
    assert letter["deliveries"] == 1, "a permanent error is not tried again"
    assert letter["worker"].startswith(run)
    assert "in/4.ndjson" in letter["error"]
    whole = ground.client.call("GET", f"/runs/{run}/dead-letters/ingest/4")
    assert whole["message"]["payload"]["path"] == "in/4.ndjson"
    assert whole["error"]["permanent"] is True
    assert whole["error"]["traceback"]
    with pytest.raises(RefusedError) as caught:
        ground.client.call("POST", f"/runs/{run}/redrive", {"units": [5]})
    assert caught.value.status == 409

    upload(
        ground,
        landing,
        "in/4.ndjson",
        {"type": "city", "id": 4, "name": "Mended"},
        {"type": "visit", "id": 4, "city": 4},
    )
    selection = {"fingerprint": letter["fingerprint"]}
    ground.client.call("POST", f"/runs/{run}/redrive", selection)
    mended = ground.finish(run)
    assert mended["state"] == "Succeeded"
    assert mended["report"]["redrives"] == 1
    assert (ground.count("city"), ground.count("visit")) == (10, 10)
    assert ground.client.call("GET", f"/runs/{run}/dead-letters")["count"] == 0
    assert ground.groups(run) == []


def test_a_transient_error_is_tried_until_its_attempts_run_out(
    ground: Ground, landing: str
) -> None:
    """The city of visit 3 is not there, then it is: the cause is gone, the redrive succeeds."""
    upload(ground, landing, "in/3.ndjson", {"type": "visit", "id": 3, "city": 77})
    run = ground.client.start(ingest(ground, landing))
    assert ground.finish(run)["state"] == "CompletedWithFailures"
    (letter,) = ground.client.call("GET", f"/runs/{run}/dead-letters")["dead_letters"]
    assert "77" in letter["error"] or "city" in letter["error"]
    query = sql.SQL("insert into {}.city values (77, 'Late')").format(sql.Identifier(ground.schema))
    with psycopg.connect(ground.settings.postgresql_url.get_secret_value()) as database:
        database.execute(query)
    ground.client.call("POST", f"/runs/{run}/redrive", {})
    assert ground.finish(run)["state"] == "Succeeded"
    assert ground.count("visit") == 10


def test_a_source_that_is_not_there_fails_the_run_with_the_reason(ground: Ground) -> None:
    run = ground.client.start(ingest(ground, "nowhere-at-all"))
    shown = ground.finish(run)
    assert shown["state"] == "Failed"
    assert "nowhere-at-all" in shown["report"]["reason"]
    assert ground.groups(run) == []
