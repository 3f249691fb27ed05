"""The smallest pipeline: units of three records each, from the generator to PostgreSQL."""

import atexit
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from worker_image.contract import DatasetSource, GeneratePayload, Message, Stage
from worker_image.datasets import Datasets
from worker_image.gate import Gate
from worker_image.ingester import Surroundings, open_sink
from worker_image.makers import Makers
from worker_image.stages import Finish, Generate, Ingest, UnitStage
from worker_image.storage import Storage

from .worker import DOCUMENTS, Bench

SCHEMA = "things"
SINK = {"kind": "postgresql", "schema": SCHEMA}
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

LAKE: dict[str, Any] = {
    "version": 1,
    "dataset": "lake",
    "records": {
        "kind": {"shared": True, "count": 2, "fields": {"id": {"key": {"start": 1}}}},
        "thing": {
            "count": 3,
            "fields": {"id": {"key": {"start": 1}}, "kind_id": {"ref": "kind.id"}},
        },
        "part": {"parent": "thing", "count": 2, "fields": {"thing_id": {"ref": "thing.id"}}},
        "place": {"shared": True, "count": 4, "fields": {"id": {"key": {"start": 1}}}},
    },
}
"""Rows that all units share, things, parts of them, and shared rows that nothing refers to."""


def pipeline_message(
    bench: Bench, unit: int = 0, source: DatasetSource | None = None, **changes: Any
) -> Message:
    """Make the document of a unit, then load it."""
    payload = GeneratePayload(source or DatasetSource(inline=DATASET), DOCUMENTS, "", "zstd")
    then = {"stage": "ingest", "sink": SINK}
    return bench.message(unit, payload=payload.members(), then=then, random_seed=7, **changes)


def true_stages(storage: Storage, database: str = "") -> dict[Stage, UnitStage]:
    """The stages that a worker's process has."""
    datasets = Datasets(storage, MAKERS)
    opened = partial(open_sink, surroundings=Surroundings(postgresql_url=lambda: database))
    return {
        Stage.GENERATE: Generate(storage, datasets),
        Stage.INGEST: Ingest(storage, datasets, opened, Gate(2)),
        Stage.FINISH: Finish(datasets, opened),
    }


def rows(database: str) -> int:
    """The rows of all units in the database."""
    statement = sql.SQL("select count(*) from {}").format(sql.Identifier(SCHEMA, "thing"))
    with psycopg.connect(database) as connection:
        found = connection.execute(statement).fetchone()
        assert found
        return int(found[0])
