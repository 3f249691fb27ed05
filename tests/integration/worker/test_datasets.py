"""Datasets in messages and in blobs, sound and not."""

import hashlib
import json
from typing import Any

import pytest
from support.things import DATASET, MAKERS, SINK, pipeline_message, true_stages
from support.worker import Bench

from worker_image.contract import (
    DatasetSource,
    Failure,
    GeneratePayload,
    IngestPayload,
    Message,
    Stage,
    naming,
)
from worker_image.datasets import Datasets
from worker_image.errors import PermanentError
from worker_image.forms import Form

FAILURE = Failure("OSError", "down", False, "w1", 1, "2026-01-01T00:00:00+00:00")


def stored(bench: Bench, content: bytes, digest: str = "") -> DatasetSource:
    path = naming.dataset(bench.run, digest or hashlib.sha256(content).hexdigest())
    bench.write(naming.RUNS, path, content)
    return DatasetSource(blob=path)


def test_a_stored_dataset_is_the_same_and_fetched_once(bench: Bench) -> None:
    fetched: list[str] = []
    storage = bench.storage(
        raw_request_hook=lambda request: fetched.append(request.http_request.url)
    )
    datasets = Datasets(storage, MAKERS)
    source = stored(bench, json.dumps(DATASET).encode())
    units = [datasets.unit(source, 7, unit, Form()) for unit in range(3)]
    inline = DatasetSource(inline=DATASET)
    assert units == [datasets.unit(inline, 7, unit, Form()) for unit in range(3)]
    assert datasets.tables(source) == datasets.tables(inline)
    assert len(fetched) == 1
    assert len({unit.documents for unit in units}) == 3
    assert units[0].records == {"thing": 3}


@pytest.mark.parametrize(
    ("content", "digest", "reason"),
    [
        (json.dumps(DATASET).encode(), "0" * 64, "not what its name says"),
        (b'{"version":1}', "", "records"),
    ],
)
def test_a_bad_dataset_is_refused_for_good(
    bench: Bench, content: bytes, digest: str, reason: str
) -> None:
    source = stored(bench, content, digest)
    with pytest.raises(PermanentError, match=reason):
        Datasets(bench.storage(), MAKERS).unit(source, 7, 0, Form())


def test_a_missing_dataset_is_refused_for_good(bench: Bench) -> None:
    source = DatasetSource(blob=naming.dataset(bench.run, "1" * 64))
    with pytest.raises(PermanentError, match="no such dataset"):
        Datasets(bench.storage(), MAKERS).tables(source)


@pytest.mark.parametrize(
    ("stage", "payload", "reason"),
    [
        (Stage.GENERATE, {}, "'dataset'"),
        (Stage.GENERATE, {"dataset": {"novel": 1}}, "novel"),
        (
            Stage.GENERATE,
            GeneratePayload(DatasetSource(inline=DATASET), "documents", "", "rar").members(),
            "'rar'",
        ),
        (Stage.INGEST, {"container": "documents"}, "'path'"),
        (
            Stage.INGEST,
            {"container": "documents", "path": "not/there.ndjson", "schema": "s"},
            "documents/not/there.ndjson: there is no such document",
        ),
    ],
)
def test_a_payload_that_cannot_be_worked_on_is_refused_for_good(
    bench: Bench, stage: Stage, payload: dict[str, Any], reason: str
) -> None:
    bench.seed(bench.message(stage=stage, payload=payload))
    bench.drain(true_stages(bench.storage()))
    [letter] = bench.dead_letters()
    assert letter.error.permanent
    assert reason in letter.error.message


def test_a_document_depends_on_its_message_alone(bench: Bench) -> None:
    message = pipeline_message(bench, 3)
    products = [true_stages(bench.storage())[Stage.GENERATE].work(message) for _ in range(2)]
    assert products[0] == products[1]
    assert products[0].checksum == hashlib.sha256(products[0].content).hexdigest()


def test_the_message_that_follows_loads_the_document(bench: Bench) -> None:
    message = pipeline_message(bench, 3, traceparent="00-1-2-03", released=4, history=(FAILURE,))
    stage = true_stages(bench.storage())[Stage.GENERATE]
    following = stage.following(message)
    assert following == Message(
        run=bench.run,
        stage=Stage.INGEST,
        unit=3,
        payload=IngestPayload(
            container="documents",
            path=f"{bench.run}/0000003.ndjson.zst",
            sink=SINK,
            dataset=DatasetSource(inline=DATASET),
        ).members(),
        random_seed=7,
        limits=message.limits,
        traceparent="00-1-2-03",
    )
