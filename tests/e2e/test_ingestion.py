"""Documents of others become rows, once each, whatever happens to the database meanwhile."""

import csv
import gzip
import io
import json
from contextlib import closing
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from psycopg import sql
from support.endpoint import endpoint
from support.runs import CONTAINER, Ground, done

from local_host.checks import check_run
from local_host.services.postgresql import LocalPostgresql, Postgresql
from worker_image.contract import naming

pytestmark = pytest.mark.long

ROWS = 400  # of a document


@pytest.fixture
def landing(ground: Ground) -> str:
    """A container for documents, and tables by hand to load them into."""
    container = f"landing-{ground.schema.replace('_', '-')}"
    ground.blobs.create_container(container)
    schema = sql.Identifier(ground.schema)
    with psycopg.connect(ground.settings.postgresql_url.get_secret_value()) as database:
        database.execute(sql.SQL("create schema {}").format(schema))
        database.execute(
            sql.SQL(
                "create table {}.reading (id int primary key, note text, taken timestamptz)"
            ).format(schema)
        )
    return container


def ingest(ground: Ground, container: str, **sink: Any) -> dict[str, Any]:
    return {
        "kind": "ingest",
        "source": {"container": container, "prefix": "in/"},
        "sink": {"schema": ground.schema, **sink},
        "instances": {"count": 2, "cpu": 0.5, "memory_gb": 1},
    }


def readings(document: int) -> list[dict[str, Any]]:
    return [
        {
            "id": document * ROWS + n,
            "note": f'line "{n}",\nand more',
            "taken": "2026-01-02T03:04:05Z",
        }
        for n in range(ROWS)
    ]


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["taken", "id", "note"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def as_ndjson(rows: list[dict[str, Any]]) -> bytes:
    return gzip.compress(
        "".join(json.dumps({"type": "reading", **row}) + "\n" for row in rows).encode()
    )


FORMS = ((as_csv, "csv"), (as_parquet, "parquet"), (as_ndjson, "ndjson.gz"))


def ids(ground: Ground) -> list[tuple[int, int]]:
    """How many rows there are, and how many different ones."""
    query = sql.SQL("select count(*), count(distinct id) from {}.reading")
    with psycopg.connect(ground.settings.postgresql_url.get_secret_value()) as database:
        return database.execute(query.format(sql.Identifier(ground.schema))).fetchall()


HELD = """
create function {0}.held() returns trigger language plpgsql as $$ begin
    if (select count(*) from {0}.reading) >= {1} then
        perform pg_advisory_xact_lock_shared(7);
    end if;
    return null;
end $$;
create trigger held before insert on {0}.reading execute function {0}.held()
"""


def test_the_database_is_restarted_in_mid_run_and_all_rows_are_there_once(
    ground: Ground, landing: str, postgresql_server: Postgresql
) -> None:
    if not isinstance(postgresql_server, LocalPostgresql):
        pytest.skip("the server is somebody else's")
    documents, first = 36, 6
    for number in range(documents):
        write, suffix = FORMS[number % len(FORMS)]
        ground.store(landing, f"in/reading/{number:03}.{suffix}", write(readings(number)))
    with closing(psycopg.connect(postgresql_server.url, autocommit=True)) as holder:
        schema = sql.Identifier(ground.schema)
        holder.execute(sql.SQL(HELD).format(schema, sql.Literal(first * ROWS)))
        holder.execute("select pg_advisory_lock(7)")  # so far, and no further
        run = ground.client.start(ingest(ground, landing))
        queue = ground.queues.get_queue_client(naming.work_queue(run))
        ground.wait(run, done(first))
        postgresql_server.stop()
    try:
        for message in queue.peek_messages(max_messages=32):
            queue.send_message(message.content, time_to_live=-1)
        ground.wait(run, lambda shown: shown["status"]["waits"].startswith("the target"))
    finally:
        postgresql_server.start()
    shown = ground.finish(run)
    assert shown["state"] == "Succeeded", shown["report"]
    assert ids(ground) == [(documents * ROWS, documents * ROWS)]
    assert ground.count("aci_jobs_ledger") == documents
    assert shown["report"]["stages"]["ingest"]["rows"] == documents * ROWS
    assert shown["report"]["failures"] == []

    again = ground.finish(ground.client.start(ingest(ground, landing)))
    assert again["state"] == "Succeeded"
    assert ids(ground) == [(documents * ROWS, documents * ROWS)]
    assert again["report"]["stages"]["ingest"]["records"] == {"reading": documents * ROWS}


def test_a_database_that_stays_away_ends_the_run_with_its_words(
    ground: Ground, landing: str, postgresql_server: Postgresql
) -> None:
    if not isinstance(postgresql_server, LocalPostgresql):
        pytest.skip("the server is somebody else's")
    ground.store(landing, "in/reading/1.csv", as_csv(readings(1)))
    request = {**ingest(ground, landing), "limits": {"stall_timeout": 15, "unit_timeout": 10}}
    postgresql_server.stop()
    try:
        shown = ground.finish(ground.client.start(request))
    finally:
        postgresql_server.start()
    assert shown["state"] == "Failed"
    assert "no progress for 15 s; the target says: " in shown["report"]["reason"]
    assert "connection" in shown["report"]["reason"]
    assert shown["report"]["failures"] == [], "it was no fault of the unit"
    assert ground.count("reading") == 0


def test_bad_rows_are_set_aside_and_bad_targets_named(ground: Ground, landing: str) -> None:
    good, bad = readings(0), readings(1)
    bad[3]["taken"], bad[7]["id"] = "soon", "x"
    ground.store(landing, "in/reading/good.csv", as_csv(good))
    ground.store(landing, "in/reading/bad.csv", as_csv(bad))
    ground.store(landing, "in/nowhere/1.csv", b"id\n1\n")
    shown = ground.finish(ground.client.start(ingest(ground, landing, on_bad_row="reject")))
    assert shown["state"] == "CompletedWithFailures"
    assert ids(ground) == [(2 * ROWS - 2, 2 * ROWS - 2)]
    assert shown["report"]["stages"]["ingest"]["rejected"] == 2
    [failure] = shown["report"]["failures"]
    assert "in/nowhere/1.csv: table nowhere: there is no such table" in failure["error"]
    rejected = ground.blobs.get_blob_client(landing, "in/reading/bad.csv.rejected.ndjson")
    lines = [json.loads(line) for line in rejected.download_blob().readall().splitlines()]
    assert [(line["number"], line["column"]) for line in lines] == [(4, "taken"), (8, "id")]


def test_constraints_are_built_when_all_is_loaded(ground: Ground) -> None:
    sink = {"schema": ground.schema, "constraints": "after"}
    run = ground.client.start(ground.pipeline(units=12, sink=sink))
    assert ground.finish(run)["state"] == "Succeeded"
    checks = check_run(run, 12, ground.schema, CONTAINER, ground.settings)
    assert [check for check in checks if not check.holds] == []


def test_rows_are_posted_to_an_address(ground: Ground, http_port: int) -> None:
    with endpoint(http_port) as address:
        sink = {"kind": "http", "url": address.url, "batch_rows": 50}
        shown = ground.finish(ground.client.start(ground.pipeline(units=6, sink=sink)))
    assert shown["state"] == "Succeeded", shown["report"]["failures"]
    bodies = {asked.headers["Idempotency-Key"]: asked.body for asked in address.asked}
    rows = sum(body.count(b"\n") for body in bodies.values())
    assert rows == shown["report"]["stages"]["ingest"]["rows"]
