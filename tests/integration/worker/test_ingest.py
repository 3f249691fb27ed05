"""Units whose documents are loaded: of which versions, and of how many blobs."""

import time
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql
from support.services import eventually
from support.things import LAKE, MAKERS, SCHEMA, SINK, true_stages
from support.worker import DOCUMENTS, Bench

from worker_image.clock import Clock
from worker_image.contract import (
    DatasetSource,
    ExitCode,
    GeneratePayload,
    IngestPayload,
    Limits,
    Message,
    Reading,
    Stage,
    naming,
)
from worker_image.datasets import Datasets
from worker_image.gate import Gate
from worker_image.ingester import Document, Loaded
from worker_image.logs import Shipment
from worker_image.stages import Ingest
from worker_image.tables import Table
from worker_image.worker import Worker

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
    assert counts(database) == {"kind": 2, "thing": 3 * UNITS, "part": 6 * UNITS, "place": 4}
    loaded = bench.receipts(naming.RUNS, naming.receipts(bench.run, "ingest"))
    assert [receipt.records for receipt in loaded] == [
        {"kind": 2, "thing": 3, "part": 6, "place": 4},
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


class Slow:
    """A sink that takes 25 s for a document, by a clock that it puts forward itself."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.worker: Worker

    def monotonic(self) -> float:
        return time.monotonic() + self.passed

    def prepare(self, tables: tuple[Table, ...]) -> None:
        pass

    def load(self, document: Document) -> Loaded:  # noqa: ARG002 - as a sink is asked
        if not self.passed:
            eventually(lambda: [each._begun is None for each in self.worker._held] == [False] * 4)
        self.passed += 25.0
        self.worker._keep()
        return Loaded({"kind": 1})

    def finish(self, tables: tuple[Table, ...]) -> None:
        pass

    def close(self) -> None:
        pass


def test_to_wait_for_a_place_in_the_target_is_none_of_a_units_time(bench: Bench) -> None:
    slow, ended = Slow(), list[int]()
    ingest = Ingest(bench.storage(), Datasets(bench.storage(), MAKERS), lambda _: slow, Gate(1))
    workplace = replace(bench.workplace(ingest), clock=Clock(monotonic=slow.monotonic))
    slow.worker = Worker(bench.environment(concurrency=4), workplace, Shipment(), ended.append)
    for unit in range(4):
        path, limits = f"{bench.run}/{unit}.csv", Limits(attempts=1, timeout_seconds=60)
        bench.write(DOCUMENTS, path, b"id\n1\n")
        payload = IngestPayload(DOCUMENTS, path, SINK).members()
        bench.seed(bench.message(unit, stage=Stage.INGEST, payload=payload, limits=limits))
    assert (slow.worker.run(), ended) == (ExitCode.OK, [])
    loaded = bench.receipts(naming.RUNS, naming.receipts(bench.run, "ingest"))
    assert [receipt.delivery for receipt in loaded] == [1] * 4
    assert (bench.queued(), bench.dead_letters()) == (0, [])
