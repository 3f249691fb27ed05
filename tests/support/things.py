"""The smallest pipeline: units of three records each, from the generator to PostgreSQL."""

import atexit
from typing import Any

import psycopg
from psycopg import sql

from worker_image.contract import DatasetSource, GeneratePayload, Message, Stage
from worker_image.datasets import Datasets
from worker_image.makers import Makers
from worker_image.stages import Generate, Ingest, UnitStage
from worker_image.storage import Storage

from .worker import DOCUMENTS, Bench

SCHEMA = "things"
ROWS = 3  # of one unit
MAKERS = Makers(1)
"""One process for all tests, as its start is most of what a unit of three records costs."""
atexit.register(MAKERS.close)

DATASET: dict[str, Any] = {
    "version": 1,
    "dataset": "things",
    "as_of": "2026-01-01",
    "records": {"thing": {"count": ROWS, "fields": {"id": {"key": True}}}},
}


def pipeline_message(
    bench: Bench, unit: int = 0, source: DatasetSource | None = None, **changes: Any
) -> Message:
    """Make the document of a unit, then load it."""
    payload = GeneratePayload(source or DatasetSource(inline=DATASET), DOCUMENTS, "", "zstd")
    then = {"stage": "ingest", "schema": SCHEMA}
    return bench.message(unit, payload=payload.members(), then=then, random_seed=7, **changes)


def true_stages(storage: Storage, database: str = "") -> dict[Stage, UnitStage]:
    """The stages that a worker's process has."""
    datasets = Datasets(storage, MAKERS)
    ingest = Ingest(storage, datasets, lambda: database)
    return {Stage.GENERATE: Generate(storage, datasets), Stage.INGEST: ingest}


def rows(database: str) -> int:
    """The rows of all units in the database."""
    statement = sql.SQL("select count(*) from {}").format(sql.Identifier(SCHEMA, "thing"))
    with psycopg.connect(database) as connection:
        found = connection.execute(statement).fetchone()
        assert found
        return int(found[0])
