"""Units whose documents are loaded: of which versions, and of how many blobs."""

from typing import Any

import psycopg
import pytest
from psycopg import sql
from support.things import LAKE, SCHEMA, SINK, true_stages
from support.worker import DOCUMENTS, Bench

from worker_image.contract import (
    DatasetSource,
    GeneratePayload,
    IngestPayload,
    Message,
    Reading,
    Stage,
    naming,
)

UNITS = 3


def counts(database: str) -> dict[str, int]:
    one = sql.SQL("select {}, count(*) from {}")
    parts = [one.format(name, sql.Identifier(SCHEMA, name)) for name in LAKE["records"]]
    with psycopg.connect(database) as connection:
        return dict(connection.execute(sql.SQL(" union all ").join(parts)).fetchall())


@pytest.mark.parametrize(
    ("form", "compression"), [("ndjson", "gzip"), ("csv", "zstd"), ("parquet", "zstd")]
)
def test_a_pipeline_loads_what_it_has_written(
    bench: Bench, database: str, form: str, compression: str
) -> None:
    payload = GeneratePayload(
        DatasetSource(inline=LAKE), DOCUMENTS, "lake", compression, format=form
    ).members()
    then = {"stage": "ingest", "sink": SINK}
    messages = [bench.message(unit, payload=payload, then=then) for unit in range(UNITS)]
    bench.seed(*messages, *messages)
    bench.drain(true_stages(bench.storage(), database), concurrency=2)
    assert counts(database) == {"kind": 2, "thing": 3 * UNITS, "part": 6 * UNITS}
    loaded = bench.receipts(naming.RUNS, naming.receipts(bench.run, "ingest"))
    assert [receipt.records for receipt in loaded] == [
        {"kind": 2, "thing": 3, "part": 6},
        *[{"thing": 3, "part": 6}] * (UNITS - 1),
    ]
    made = bench.receipts(DOCUMENTS, f"lake/{bench.run}/")
    assert [receipt.document for receipt in loaded] == [receipt.document for receipt in made]
    assert (bench.queued(), bench.dead_letters()) == (0, [])


def ingest(bench: Bench, path: str, **changes: Any) -> Message:
    payload = IngestPayload(DOCUMENTS, path, SINK, DatasetSource(inline=LAKE), **changes)
    return bench.message(1, stage=Stage.INGEST, payload=payload.members())


def test_a_document_that_changed_since_it_was_listed_is_not_loaded(
    bench: Bench, database: str
) -> None:
    path = f"{bench.run}/kinds.csv"
    bench.write(DOCUMENTS, path, b"id\n1\n")
    etag = bench.etag(DOCUMENTS, path)
    bench.write(DOCUMENTS, path, b"id\n2\n")
    reading = Reading(record_type="kind")
    bench.seed(ingest(bench, path, etag=etag, reading=reading))
    bench.drain(true_stages(bench.storage(), database))
    [letter] = bench.dead_letters()
    assert letter.error.permanent
    assert f"{DOCUMENTS}/{path}: it has changed since the run listed it" in letter.error.message
    bench.seed(ingest(bench, path, etag=bench.etag(DOCUMENTS, path), reading=reading))
    bench.drain(true_stages(bench.storage(), database))
    assert counts(database)["kind"] == 1


def test_an_unknown_sink_is_refused_by_its_name(bench: Bench) -> None:
    path = f"{bench.run}/kinds.csv"
    bench.write(DOCUMENTS, path, b"id\n1\n")
    payload = IngestPayload(DOCUMENTS, path, {"kind": "abacus"}).members()
    bench.seed(bench.message(stage=Stage.INGEST, payload=payload))
    bench.drain(true_stages(bench.storage()))
    [letter] = bench.dead_letters()
    assert "no sink of the kind 'abacus'" in letter.error.message
