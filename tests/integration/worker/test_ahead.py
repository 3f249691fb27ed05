"""Messages that a worker holds while its slots work on others."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.services import eventually
from support.worker import DOCUMENTS, Bench, Plain

from worker_image import polling
from worker_image.blobs import Place
from worker_image.clock import Clock
from worker_image.contract import ExitCode, Limits, Message, Stage
from worker_image.logs import Shipment
from worker_image.worker import Worker

SHORT = 16  # units that teach a worker that others may wait in it


@pytest.fixture(autouse=True)
def _units_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long they take on a machine that has other things to do."""
    monkeypatch.setattr(polling, "AHEAD_SECONDS", 600.0)


class Stuck:
    """Work that is done at once, up to the first unit after the short ones."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, message: Message) -> None:
        if message.unit >= SHORT:
            self.reached.set()
            assert self.go_on.wait(60)


@contextmanager
def running(worker: Worker, stuck: Stuck) -> Iterator["Future[ExitCode]"]:
    """A worker of this process, up to where it is stuck; at the end nothing keeps it."""
    with ThreadPoolExecutor(1) as pool:
        try:
            end = pool.submit(worker.run)
            assert stuck.reached.wait(60)
            yield end
        finally:
            stuck.go_on.set()
            worker.stop()


def done(bench: Bench) -> list[int]:
    """The units with a receipt."""
    return [receipt.unit for receipt in bench.receipts()]


def test_what_waits_is_released_at_the_stop(bench: Bench) -> None:
    stuck = Stuck()
    bench.seed(*(bench.message(unit) for unit in range(SHORT + 5)))
    worker = bench.worker(Plain(stuck), visibility_seconds=60, idle_seconds=60)
    with running(worker, stuck) as end:
        eventually(lambda: (bench.visible(), bench.queued()) == ([], 5))
        worker.stop()
        eventually(lambda: len(bench.visible()) == 4)
        assert not end.done(), "what is in progress has its grace"
        stuck.go_on.set()
        assert end.result(60) is ExitCode.OK
    left = [Message.decode(text) for text in bench.visible()]
    assert [(message.released, message.history) for message in left] == [(1, ())] * 4
    assert done(bench) == list(range(SHORT + 1))
    bench.drain(Plain())
    assert done(bench) == list(range(SHORT + 5))
    assert (bench.queued(), bench.dead_letters()) == (0, [])


def test_what_waits_is_renewed(bench: Bench) -> None:
    stuck, renewals = Stuck(), Counter[str]()

    def count(response: Any) -> None:
        request = response.http_request
        if request.method == "PUT" and "visibilitytimeout=30" in request.url:
            renewals[urlsplit(request.url).path] += 1

    bench.seed(*(bench.message(unit) for unit in range(SHORT + 3)))
    workplace = bench.workplace(Plain(stuck), bench.storage(raw_response_hook=count))
    # Its clock is fast: it renews once a second what is hidden for thirty.
    hasty = replace(workplace, clock=Clock(monotonic=lambda: 30 * time.monotonic()))
    worker = Worker(bench.environment(visibility_seconds=30), hasty, Shipment())
    with running(worker, stuck) as end:
        eventually(lambda: sum(count >= 3 for count in renewals.values()) == 3)
        assert bench.visible() == []
        stuck.go_on.set()
        assert end.result(60) is ExitCode.OK
    assert [receipt.delivery for receipt in bench.receipts()] == [1] * (SHORT + 3)


def test_the_only_attempt_of_a_unit_does_not_wait(bench: Bench) -> None:
    stuck, once = Stuck(), Limits(attempts=1)
    bench.seed(*(bench.message(unit) for unit in range(SHORT)))
    bench.seed(*(bench.message(unit, limits=once) for unit in range(SHORT, SHORT + 4)))
    with running(bench.worker(Plain(stuck), visibility_seconds=60), stuck) as end:
        eventually(lambda: len(bench.visible()) == 3)
        stuck.go_on.set()
        assert end.result(60) is ExitCode.OK
    assert done(bench) == list(range(SHORT + 4))
    assert (bench.queued(), bench.dead_letters()) == (0, [])


def test_what_a_unit_sends_is_received_once_a_slot_is_idle(bench: Bench) -> None:
    generate, ingest = Plain(), Plain(stuck := Stuck())
    ingest.place = lambda message: Place(DOCUMENTS, f"{message.run}/then/{message.unit}")  # type: ignore[method-assign]  # a place of its own
    bench.seed(*(bench.message(unit, then={"x": 1}) for unit in range(SHORT + 1)))
    stages = {Stage.GENERATE: generate, Stage.INGEST: ingest}
    # Between two questions to an empty queue is more time than the test has.
    worker = bench.worker(stages, poll_seconds=600, idle_seconds=600)
    with running(worker, stuck):
        stuck.go_on.set()
        eventually(lambda: len(done(bench)) == 2 * (SHORT + 1))
