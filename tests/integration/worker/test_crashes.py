"""A worker killed before any of its calls leaves a state from which another one finishes."""

from collections.abc import Callable

from support.things import DATASET, ROWS, SINK, pipeline_message, rows, true_stages
from support.worker import DOCUMENTS, Bench, Plain, Stages

from worker_image.contract import DatasetSource, IngestPayload, Limits, Message, Stage, naming
from worker_image.errors import PermanentError
from worker_image.storage import Storage


def die_before_every_call(
    bench: Bench, message: Callable[[int], Message], stages: Callable[[Storage], Stages]
) -> int:
    """Deliver unit 1 to a worker that dies before its first call, and so on, until one lives.

    The number of deaths; their messages can be received again by now.
    """
    call = 1
    bench.seed(message(call))
    while bench.deliver_and_die(stages, call):
        call += 1
        bench.seed(message(call))
    bench.let_leases_run_out()
    return call - 1


def test_a_pipeline_makes_each_document_once_and_loads_it_once(bench: Bench, database: str) -> None:
    deaths = die_before_every_call(
        bench,
        lambda unit: pipeline_message(bench, unit),
        lambda storage: true_stages(storage, database),
    )
    assert deaths == 3, "upload, what follows, delete"
    bench.drain(true_stages(bench.storage(), database))
    assert [receipt.unit for receipt in bench.receipts()] == [1, 2, 3, 4]
    loaded = bench.receipts(naming.RUNS, naming.receipts(bench.run, "ingest"))
    assert [(receipt.unit, receipt.rows) for receipt in loaded] == [(n, ROWS) for n in (1, 2, 3, 4)]
    assert rows(database) == 4 * ROWS
    assert (bench.queued(), bench.dead_letters()) == (0, [])


def test_a_document_is_loaded_once(bench: Bench, database: str) -> None:
    def message(unit: int) -> Message:
        path = f"{bench.run}/{unit}.ndjson"
        bench.write(DOCUMENTS, path, f'{{"type":"thing","id":{unit}}}\n'.encode())
        payload = IngestPayload(DOCUMENTS, path, SINK, DatasetSource(inline=DATASET))
        return bench.message(unit, stage=Stage.INGEST, payload=payload.members())

    deaths = die_before_every_call(bench, message, lambda storage: true_stages(storage, database))
    assert deaths == 3, "download, receipt, delete"
    bench.drain(true_stages(bench.storage(), database))
    loaded = bench.receipts(naming.RUNS, naming.receipts(bench.run, "ingest"))
    assert [(receipt.unit, receipt.records) for receipt in loaded] == [
        (unit, {"thing": 1}) for unit in (1, 2, 3, 4)
    ]
    assert len({receipt.checksum for receipt in loaded}) == 4
    assert rows(database) == 4
    assert (bench.queued(), bench.dead_letters()) == (0, [])


def test_a_unit_is_dead_once_and_for_the_reason_it_died_of(bench: Bench) -> None:
    def refuse(_: Message) -> None:
        raise PermanentError("refused")

    deaths = die_before_every_call(
        bench, lambda unit: bench.message(unit, limits=Limits(attempts=1)), lambda _: Plain(refuse)
    )
    assert deaths == 3, "record, dead-letter message, delete"
    bench.drain(Plain())
    reasons = [letter.error.type for letter in bench.dead_letters()]
    assert reasons == ["WorkerDied", "PermanentError", "PermanentError", "PermanentError"]
    assert len(bench.dead_messages()) == 5, "one more where only the deletion was missing"
    assert (bench.queued(), bench.receipts()) == (0, [])


def test_a_failed_unit_is_tried_again(bench: Bench) -> None:
    def fail(_: Message) -> None:
        raise OSError("once")

    deaths = die_before_every_call(bench, bench.message, lambda _: Plain(fail))
    assert deaths == 1, "put back"
    bench.drain(Plain())
    assert [receipt.unit for receipt in bench.receipts()] == [1, 2]
    assert (bench.queued(), bench.dead_letters()) == (0, [])
