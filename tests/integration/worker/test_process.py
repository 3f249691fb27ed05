"""`python -m worker_image`: its end, its words, its secrets."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from urllib.parse import urlsplit

import psycopg
from support.services import eventually
from support.things import DATASET, ROWS, SCHEMA, SINK, pipeline_message, rows
from support.worker import DOCUMENTS, Bench

from worker_image.contract import (
    DatasetSource,
    ExitCode,
    IngestPayload,
    Limits,
    Message,
    Receipt,
    Stage,
    naming,
)

SECRET = "not-for-any-log"


def loaded(bench: Bench) -> list[Receipt]:
    return bench.receipts(naming.RUNS, naming.receipts(bench.run, "ingest"))


@contextmanager
def locked_out(database: str) -> Iterator[None]:
    """Let nobody make the schema meanwhile: whoever tries waits."""
    with psycopg.connect(database) as connection:
        connection.execute(f"create schema {SCHEMA}".encode())
        yield
        connection.rollback()


def wait_until_stuck(bench: Bench, *units: str) -> None:
    eventually(lambda: set(getattr(bench.heartbeat(), "current", ())) == set(units))


def with_password(url: str) -> str:
    """The server trusts everybody, so a password changes nothing."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"postgres:{SECRET}@").geturl()


def test_a_pipeline_from_the_queue_to_the_rows(bench: Bench, database: str) -> None:
    content = json.dumps(DATASET).encode()
    path = naming.dataset(bench.run, sha256(content).hexdigest())
    bench.write(naming.RUNS, path, content)
    source = DatasetSource(blob=path)
    bench.seed(*(pipeline_message(bench, unit, source, traceparent="t") for unit in range(4)))
    code, printed = bench.run_process(
        concurrency=2, postgresql_url=with_password(database), idle_seconds=0.2
    )
    assert code == ExitCode.OK, printed
    assert rows(database) == 4 * ROWS
    made = bench.receipts()
    assert [receipt.records for receipt in made] == [{"thing": ROWS}] * 4
    # A document's path and checksum are its own on both receipts.
    assert [(receipt.document, receipt.checksum, receipt.bytes) for receipt in made] == [
        (receipt.document, receipt.checksum, receipt.bytes) for receipt in loaded(bench)
    ]
    container, path = made[0].document.split("/", 1)
    blob = bench.blobs.get_blob_client(container, path)
    document = blob.download_blob().readall()
    assert (len(document), sha256(document).hexdigest()) == (made[0].bytes, made[0].checksum)
    settings = blob.get_blob_properties().content_settings
    assert (settings.content_type, settings.content_encoding) == ("application/x-ndjson", None)
    _check_words(bench, printed)


def _check_words(bench: Bench, printed: str) -> None:
    """Log and heartbeat say what was done, and no secret."""
    lines = bench.log()
    assert [json.loads(line) for line in printed.splitlines()][: len(lines)] == lines
    assert {(line["run"], line["worker"]) for line in lines} == {(bench.run, "w1")}
    done = {(line["stage"], line["unit"], line["delivery"]) for line in lines if "stage" in line}
    assert done == {(stage, unit, 1) for stage in ("generate", "ingest") for unit in range(4)}
    assert (lines[0]["message"], lines[-1]["message"]) == ("started with 2 slots", "left")
    heartbeat = bench.heartbeat()
    assert heartbeat
    assert (heartbeat.state, heartbeat.units) == ("left", {"generate": 4, "ingest": 4})
    key = bench.connection.split("AccountKey=")[1].split(";")[0]
    for text in (printed, heartbeat.encode()):
        assert SECRET not in text
        assert key not in text


def test_an_error_that_repeats_a_secret_is_told_without_it(bench: Bench) -> None:
    bench.seed(pipeline_message(bench, limits=Limits(attempts=1)))
    bad = f"postgresql://postgres:%zz{SECRET}@/postgres"
    code, printed = bench.run_process(postgresql_url=bad)
    [letter] = bench.dead_letters()
    assert code == ExitCode.OK
    assert "***" in letter.error.message
    assert "***" in printed
    for text in (printed, letter.encode(), *bench.dead_messages()):
        assert SECRET not in text


def test_a_wrong_configuration_is_named_in_one_line(bench: Bench) -> None:
    code, printed = bench.run_process(storage_connection_string=f"AccountKey={SECRET}")
    assert code == ExitCode.CONFIGURATION
    assert "ACI_JOBS_STORAGE_CONNECTION_STRING" in printed
    assert SECRET not in printed
    assert len(printed.splitlines()) == 1


def test_a_terminated_worker_hands_its_unit_over(bench: Bench, database: str) -> None:
    bench.seed(pipeline_message(bench, limits=Limits(attempts=1)))
    with (
        locked_out(database),
        bench.process(
            postgresql_url=database, visibility_seconds=60, grace_seconds=0.2, idle_seconds=60
        ) as process,
    ):
        wait_until_stuck(bench, "ingest/0000000")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == ExitCode.OK
        [text] = bench.visible()
        assert Message.decode(text).released == 1
        heartbeat = bench.heartbeat()
        assert heartbeat
        assert heartbeat.state == "left"
        assert [line["message"] for line in bench.log()][-2:] == ["released", "left"]
    # One attempt is all that the unit has: had the first been counted, it would be dead.
    assert bench.run_process(postgresql_url=database)[0] == ExitCode.OK
    assert [(receipt.unit, receipt.delivery) for receipt in loaded(bench)] == [(0, 2)]
    assert rows(database) == ROWS
    assert [line["message"] for line in bench.log()].count("left") == 2, "one log for both"


def test_a_terminated_worker_finishes_what_it_can(bench: Bench, database: str) -> None:
    bench.seed(pipeline_message(bench))
    with bench.process(postgresql_url=database, grace_seconds=20, idle_seconds=60) as process:
        with locked_out(database):
            wait_until_stuck(bench, "ingest/0000000")
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == ExitCode.OK
    assert [receipt.delivery for receipt in loaded(bench)] == [1]
    assert bench.queued() == 0


def test_the_unit_of_a_killed_worker_is_done_by_another(bench: Bench, database: str) -> None:
    bench.seed(pipeline_message(bench))
    with (
        locked_out(database),
        bench.process(postgresql_url=database, visibility_seconds=4) as process,
    ):
        wait_until_stuck(bench, "ingest/0000000")
        process.kill()
        process.wait()
    eventually(lambda: len(bench.visible()) == 1)
    assert bench.run_process(postgresql_url=database, worker="w2")[0] == ExitCode.OK
    [receipt] = loaded(bench)
    assert (receipt.worker, receipt.delivery, receipt.rows) == ("w2", 2, ROWS)
    assert rows(database) == ROWS


def test_what_waited_in_a_killed_worker_is_done_by_another(bench: Bench, database: str) -> None:
    # So many that the first, for which a process starts, is forgotten: see `Stock`. And one that
    # waits: more only where a unit takes less than a moment.
    made = [replace(pipeline_message(bench, unit), then=None) for unit in range(41)]
    path = f"{bench.run}/document.ndjson"
    bench.write(DOCUMENTS, path, b'{"type":"thing","id":1}\n')
    ingest = IngestPayload(DOCUMENTS, path, SINK, DatasetSource(inline=DATASET))
    stuck = bench.message(40, stage=Stage.INGEST, payload=ingest.members())
    bench.seed(*made[:40], stuck, *made[40:])
    held = {"ingest/0000040", "generate/0000040"}
    with (
        locked_out(database),
        bench.process(postgresql_url=database, visibility_seconds=4) as process,
    ):
        wait_until_stuck(bench, *held)
        process.kill()
        process.wait()
    eventually(lambda: len(bench.visible()) == len(held))
    assert bench.run_process(postgresql_url=database, worker="w2")[0] == ExitCode.OK
    assert [(receipt.worker, receipt.delivery) for receipt in loaded(bench)] == [("w2", 2)]
    [late] = bench.receipts()[40:]
    assert (late.unit, late.worker) == (40, "w2")
    assert (bench.queued(), bench.dead_letters()) == (0, [])


def test_a_unit_that_takes_too_long_ends_its_worker(bench: Bench, database: str) -> None:
    # Without a dataset: a process that tells its tables would take of the time.
    path = f"{bench.run}/document.ndjson"
    bench.write(DOCUMENTS, path, b'{"type":"thing","id":1}\n')
    payload = IngestPayload(DOCUMENTS, path, SINK).members()
    limits = Limits(attempts=2, timeout_seconds=3)
    hasty = bench.message(stage=Stage.INGEST, payload=payload, limits=limits)
    bench.seed(hasty, replace(hasty, unit=1, limits=Limits(attempts=1)))
    options = {"postgresql_url": database, "concurrency": 2, "visibility_seconds": 60}
    with locked_out(database):
        assert bench.run_process(**options)[0] == ExitCode.UNIT_TIMEOUT
        first, second = sorted(map(Message.decode, bench.visible()), key=lambda item: item.unit)
        [failure] = first.history
        assert (failure.type, failure.message) == ("UnitTimeout", "not done after 3 s")
        assert "psycopg" in failure.traceback, "it says where the unit was stuck"
        assert (first.released, second.released, second.history) == (0, 1, ())
        assert any(line["message"].startswith("UnitTimeout") for line in bench.log())
        assert bench.run_process(**options)[0] == ExitCode.UNIT_TIMEOUT
    [letter] = bench.dead_letters()
    assert (letter.error.type, letter.deliveries) == ("UnitTimeout", 2)
    assert [Message.decode(text).unit for text in bench.visible()] == [1]
