"""Messages that are kept, lost, and put back, each with the newest pop receipt."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from azure.storage.queue import QueueClient, QueueMessage
from support.services import eventually
from support.worker import Bench, Plain

from worker_image.clock import Clock
from worker_image.contract import ExitCode, Message, naming
from worker_image.delivery import Delivery
from worker_image.errors import PermanentError
from worker_image.lease import Lease
from worker_image.logs import Shipment
from worker_image.worker import Worker


def test_a_unit_may_take_longer_than_the_visibility(bench: Bench) -> None:
    renewals: list[str] = []

    def count(response: Any) -> None:
        request = response.http_request
        if request.method == "PUT" and "visibilitytimeout=30" in request.url:
            renewals.append(request.url)

    def work(message: Message) -> None:
        eventually(lambda: len(renewals) >= 3)
        assert bench.visible() == []

    bench.seed(bench.message())
    workplace = bench.workplace(Plain(work), bench.storage(raw_response_hook=count))
    # Its clock is fast: it renews once a second what is hidden for thirty.
    hasty = replace(workplace, clock=Clock(monotonic=lambda: 30 * time.monotonic()))
    environment = bench.environment(visibility_seconds=30)
    assert Worker(environment, hasty, Shipment()).run() is ExitCode.OK
    assert [receipt.delivery for receipt in bench.receipts()] == [1]
    assert len(set(renewals)) == len(renewals), "a pop receipt was used twice"
    assert bench.queued() == 0


def take_over(queue: QueueClient, message: QueueMessage) -> None:
    """Hold the message as another worker would, long enough for the test."""
    queue.update_message(message.id, message.pop_receipt, visibility_timeout=60)


def finish_elsewhere(queue: QueueClient, message: QueueMessage) -> None:
    queue.delete_message(message.id, message.pop_receipt)


@pytest.mark.parametrize("error", [None, OSError("x"), PermanentError("x")], ids=repr)
@pytest.mark.parametrize("meddle", [take_over, finish_elsewhere])
def test_a_lost_message_is_left_to_its_new_holder(
    bench: Bench, meddle: Callable[[QueueClient, QueueMessage], None], error: Exception | None
) -> None:
    bench.seed(bench.message(then={}))

    def work(_: Message) -> None:
        meddle(workplace.storage.work, message)
        delivery.renew()
        if error:
            raise error

    workplace = bench.workplace(Plain(work))
    [message] = workplace.storage.receive(1, 30)
    lease = Lease(workplace.storage.work, message, 0, workplace.clock)
    delivery = Delivery(lease, workplace)
    before = bench.queued()
    delivery.work()
    assert not lease.held
    assert bench.dead_letters() == []
    assert bench.dead_messages() == []
    assert bench.visible() == []
    assert bench.queued() == (before if meddle is take_over else 0)


def test_a_lease_ends_once(bench: Bench) -> None:
    bench.seed("first")
    storage = bench.storage()
    [message] = storage.receive(1, 30)
    lease = Lease(storage.work, message, 0, Clock())
    lease.renew()
    lease.renew()
    assert lease.put_back("second", 0)
    assert not lease.put_back("third", 0)
    assert not lease.complete()
    lease.renew()
    assert bench.visible() == ["second"]


def test_a_lease_is_renewed_at_half_its_visibility(bench: Bench) -> None:
    bench.seed("text")
    storage = bench.storage()
    [message] = storage.receive(1, 30)
    now = [100.0]
    lease = Lease(storage.work, message, 30, Clock(monotonic=lambda: now[0]))
    renewed = []
    for now[0] in (100, 114.9, 115, 129, 130):
        before = lease._receipt
        lease.renew()
        renewed.append(lease._receipt != before)
    assert renewed == [False, False, True, False, True]
    assert lease.complete()
    assert bench.queued() == 0


def test_a_message_put_back_waits_for_its_delay(bench: Bench) -> None:
    bench.seed("text")
    storage = bench.storage()
    [message] = storage.receive(1, 30)
    assert Lease(storage.work, message, 30, Clock()).put_back("text", 40)
    assert bench.visible() == []
    assert bench.queued() == 1
    queue = bench.queues.get_queue_client(naming.work_queue(bench.run))
    assert queue.get_queue_properties().approximate_message_count == 1


def test_what_arrives_after_the_stop_is_handed_on(bench: Bench) -> None:
    def stop(response: Any) -> None:
        request = response.http_request
        if request.method == "GET" and "/messages" in request.url:
            worker.stop()

    bench.seed(bench.message(released=1))
    stage = Plain()
    workplace = bench.workplace(stage, bench.storage(raw_response_hook=stop))
    worker = Worker(bench.environment(idle_seconds=60), workplace, Shipment())
    assert worker.run() is ExitCode.OK
    assert stage.calls == []
    assert [Message.decode(text).released for text in bench.visible()] == [2]
