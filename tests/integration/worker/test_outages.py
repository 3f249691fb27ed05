"""Storage that does not answer, now and then or for good."""

from collections.abc import Callable
from functools import partial
from typing import Any

from azure.core.exceptions import ServiceRequestError
from support.services import eventually
from support.things import MAKERS, ROWS, pipeline_message, rows, true_stages
from support.worker import Bench, Plain, new_run

from worker_image.contract import ExitCode, Stage, naming
from worker_image.datasets import Datasets
from worker_image.gate import Gate
from worker_image.ingester import Surroundings, open_sink
from worker_image.logs import Shipment
from worker_image.stages import Ingest
from worker_image.worker import Worker


def drain(bench: Bench, refuses: Callable[[Any], bool], **changes: Any) -> ExitCode:
    """Run a worker whose requests get lost where `refuses` says so."""

    def before_each(request: Any) -> None:
        if refuses(request.http_request):
            raise ServiceRequestError("the network is down")

    storage = bench.storage(raw_request_hook=before_each, retry_total=0)
    workplace = bench.workplace(Plain(), storage)
    return Worker(bench.environment(**changes), workplace, Shipment()).run()


def test_a_queue_that_answers_again_is_drained(bench: Bench) -> None:
    bench.seed(bench.message())
    lost: list[Any] = []

    def first_three(request: Any) -> bool:
        if request.method == "GET" and "/messages" in request.url and len(lost) < 3:
            lost.append(request)
            return True
        return False

    assert drain(bench, first_three) is ExitCode.OK
    assert len(lost) == 3
    assert [receipt.delivery for receipt in bench.receipts()] == [1]


def test_a_queue_that_never_answers_ends_the_worker(bench: Bench) -> None:
    bench.run = new_run()  # nobody has made its queues
    assert bench.drain(Plain()) is ExitCode.INTERNAL


def test_heartbeats_are_not_worth_a_unit(bench: Bench) -> None:
    bench.seed(bench.message())
    assert drain(bench, lambda request: "/workers/" in request.url) is ExitCode.OK
    assert len(bench.receipts()) == 1
    assert bench.heartbeat() is None


def test_a_message_that_cannot_be_deleted_is_left_to_its_lease(bench: Bench) -> None:
    bench.seed(bench.message())
    code = drain(bench, lambda request: request.method == "DELETE", visibility_seconds=1)
    assert code is ExitCode.OK
    assert len(bench.receipts()) == 1
    eventually(lambda: len(bench.visible()) == 1)
    again = Plain()
    bench.drain(again)
    assert again.calls == []
    assert (bench.queued(), bench.dead_letters()) == (0, [])


def test_a_database_that_was_away_is_asked_for_anew(bench: Bench, database: str) -> None:
    # With a managed identity each URL has a token of its own, and an old one has expired.
    urls = iter(["postgresql://nobody@127.0.0.1:1/nowhere", database])
    storage = bench.storage()
    opened = partial(open_sink, surroundings=Surroundings(lambda: next(urls)))
    ingest = Ingest(storage, Datasets(storage, MAKERS), opened, Gate(1))
    bench.seed(pipeline_message(bench))
    bench.drain({**true_stages(storage), Stage.INGEST: ingest})
    [receipt] = bench.receipts(naming.RUNS, naming.receipts(bench.run, "ingest"))
    assert (receipt.delivery, rows(database)) == (2, ROWS)
