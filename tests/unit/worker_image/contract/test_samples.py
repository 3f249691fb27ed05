"""What version 1 has written must be understood for ever: its samples are frozen, never edited."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from worker_image.contract import (
    CommandPayload,
    DatasetSource,
    DeadLetter,
    Failure,
    FinishPayload,
    GeneratePayload,
    Heartbeat,
    IngestPayload,
    Limits,
    Message,
    Reading,
    Receipt,
    Stage,
    WorkerEnvironment,
)

RUN = "r260102-030405-abcde"
FAILURE = Failure(
    type="OSError",
    message="the network is down",
    permanent=False,
    worker="w1",
    delivery=1,
    at="2026-01-02T03:04:06.000+00:00",
    traceback="Traceback (most recent call last): ...",
)
GENERATE = Message(
    run=RUN,
    stage=Stage.GENERATE,
    unit=12,
    payload={
        "dataset": {"inline": {"version": 1, "dataset": "things"}, "blob": None},
        "container": "documents",
        "prefix": "lake",
        "compression": "zstd",
    },
    random_seed=7,
    limits=Limits(attempts=3, timeout_seconds=120.0),
    history=(FAILURE,),
    released=2,
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    then={"stage": "ingest", "schema": "retail"},
)

SINK = {
    "kind": "postgresql",
    "schema": "retail",
    "mode": "append",
    "key": None,
    "constraints": "after",
    "indexes": [{"table": "orders", "columns": ["total"], "unique": False}],
    "repeat": False,
    "on_bad_row": "reject",
    "reject_limit": 100,
}


def sample(name: str) -> Any:
    return json.loads((Path(__file__).parent / "samples" / f"{name}.v1.json").read_text())


def test_a_generate_message() -> None:
    message = Message.decode(json.dumps(sample("message_generate")))
    assert message == GENERATE
    assert GeneratePayload.read(message.payload) == GeneratePayload(
        DatasetSource(inline={"version": 1, "dataset": "things"}), "documents", "lake", "zstd"
    )


def test_an_ingest_message() -> None:
    message = Message.decode(json.dumps(sample("message_ingest")))
    assert (message.run, message.stage, message.unit) == (RUN, Stage.INGEST, 13)
    assert (message.history, message.released, message.then) == ((), 0, None)
    assert message.limits == Limits()
    assert IngestPayload.read(message.payload) == IngestPayload(
        container="documents",
        path="lake/x.ndjson.zst",
        sink={"kind": "postgresql", "schema": "retail"},
        dataset=DatasetSource(blob=f"{RUN}/datasets/{'0' * 64}.json"),
        reading=Reading(record_type="orders"),
    )


def test_an_ingest_message_with_its_sink() -> None:
    message = Message.decode(json.dumps(sample("message_ingest_sink")))
    assert (message.run, message.stage, message.unit) == (RUN, Stage.INGEST, 15)
    assert (message.released, message.busy) == (1, 2)
    assert IngestPayload.read(message.payload) == IngestPayload(
        container="landing",
        path="orders/x.csv.gz",
        sink=SINK,
        dataset=DatasetSource(inline={"version": 1, "dataset": "things"}),
        reading=Reading(
            format="csv",
            compression="gzip",
            record_type="orders",
            delimiter=";",
            escape="\\",
            header=False,
            columns=("id", "total"),
            null="-",
            encoding="cp1252",
            unknown_columns="ignore",
        ),
        each_record=True,
        etag='"0x8DD"',
    )


def test_a_finish_message() -> None:
    message = Message.decode(json.dumps(sample("message_finish")))
    assert (message.run, message.stage, message.unit) == (RUN, Stage.FINISH, 0)
    assert message.limits == Limits(attempts=5, timeout_seconds=21_600.0)
    assert FinishPayload.read(message.payload) == FinishPayload(
        SINK, DatasetSource(blob=f"{RUN}/datasets/{'0' * 64}.json")
    )


def test_a_command_message() -> None:
    message = Message.decode(json.dumps(sample("message_command")))
    assert (message.run, message.stage, message.unit) == (RUN, Stage.COMMAND, 14)
    assert message.limits == Limits(attempts=3, timeout_seconds=60.0)
    assert CommandPayload.read(message.payload) == CommandPayload(
        program=("python", "extract.py", "--quiet"),
        text='{"path":"a é.docx"}',
        environment={"LEVEL": "9"},
        exit_codes={"0": "success", "65": "dead_letter", "75": "retry"},
        connection_string=True,
    )


def test_a_dead_letter() -> None:
    letter = DeadLetter.decode(json.dumps(sample("dead_letter")))
    assert isinstance(letter.message, dict)
    # Its writer did not count yet how often a target turns a unit away.
    assert replace(letter, message={**letter.message, "busy": 0}) == DeadLetter.of(
        GENERATE, FAILURE, deliveries=3, first_seen="2026-01-02T03:04:05+00:00"
    )
    assert Message.decode(json.dumps(letter.message)) == GENERATE


def test_the_dead_letter_of_what_could_not_be_read() -> None:
    letter = DeadLetter.decode(json.dumps(sample("dead_letter_undecodable")))
    assert (letter.message, letter.error, letter.worker) == ("not <a> message", FAILURE, "w1")


def test_a_receipt() -> None:
    assert Receipt.from_metadata(sample("receipt")) == Receipt(
        run=RUN,
        stage="generate",
        unit=12,
        records={"customer": 20, "order": 81},
        bytes=5120,
        checksum="ab" * 32,
        seconds=0.1234,
        worker="w1",
        delivery=2,
        document="documents/lake/é.ndjson.zst",
    )


def test_a_heartbeat() -> None:
    assert Heartbeat.from_metadata(sample("heartbeat")) == Heartbeat(
        worker="w1",
        at="2026-01-02T03:04:06.000+00:00",
        state="working",
        units={"generate": 5},
        rows={"generate": 500},
        bytes={"generate": 5000},
        retries=1,
        dead=2,
        current=("generate/0000012",),
    )


def test_an_environment() -> None:
    assert WorkerEnvironment.read(sample("environment")) == WorkerEnvironment(
        run=RUN,
        worker="w1",
        queue_endpoint="https://a.queue.core.windows.net",
        blob_endpoint="https://a.blob.core.windows.net",
        identity_client_id="0f0f",
        postgresql_url="postgresql://u:p@h/d",
        concurrency=4,
        visibility_seconds=60.0,
    )
