"""A worker: drains the queue of a run until it stays empty or somebody asks it to stop."""

import logging
import os
import queue
import threading
from collections.abc import Callable

from azure.core.exceptions import AzureError

from .contract import ExitCode, WorkerEnvironment, naming
from .delivery import Delivery, Workplace
from .lease import Lease
from .logs import Shipment
from .polling import Polling
from .ticking import Ticking

LOG = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds for a thread that has only to close what it holds


class Worker:
    """One thread receives, each slot works on one delivery at a time, a keeper renews the leases
    and watches the time, a reporter writes heartbeats and ships the log.
    """

    def __init__(
        self,
        environment: WorkerEnvironment,
        workplace: Workplace,
        shipment: Shipment,
        end_process: Callable[[int], object] = os._exit,
    ) -> None:
        self._environment = environment
        self._workplace = workplace
        self._shipment = shipment
        self._end_process = end_process
        self._changed = threading.Condition()
        self._held: list[Delivery] = []
        self._answered = False
        self._stopping = False
        self._inbox: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._slots = [
            threading.Thread(target=self._slot, name=f"slot {number}", daemon=True)
            for number in range(environment.concurrency)
        ]
        tick = min(1.0, environment.visibility_seconds / 4)
        self._keeper = Ticking("keeper", tick, self._keep)
        self._reporter = Ticking("reporter", environment.heartbeat_seconds, self._report)

    def run(self) -> ExitCode:
        """Work until the queue stays empty or `stop`; says how the process ends. Once only.

        What is still in progress after the grace is released; log and heartbeat are flushed.
        """
        for slot in self._slots:
            slot.start()
        self._keeper.start()
        self._reporter.start()
        LOG.info("started with %d slots", len(self._slots))
        try:
            code = self._drain()
        except Exception:
            LOG.exception("the worker failed")
            code = ExitCode.INTERNAL
        self._leave()
        return code

    def stop(self) -> None:
        """Ask the worker to come to its end. From any thread that is not in `run` itself."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def _drain(self) -> ExitCode:
        environment, clock = self._environment, self._workplace.clock
        polling = Polling(environment.poll_seconds, environment.idle_seconds, clock.monotonic())
        while (room := self._await_room()) > 0:
            holding = bool(self._held)  # asked first: what is put back later is in the next answer
            found = self._receive(room)
            step = polling.next_step(found, holding=holding, now=clock.monotonic())
            if isinstance(step, ExitCode):
                return step
            self._pause(step)
        return ExitCode.OK

    def _await_room(self) -> int:
        """How many more deliveries the slots can take, once they can; 0 when asked to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._room())
            return 0 if self._stopping else self._room()

    def _room(self) -> int:
        return len(self._slots) - len(self._held)

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, seconds)

    def _receive(self, count: int) -> int | None:
        """Hand up to `count` deliveries to the slots; how many, None if storage did not answer."""
        storage, visibility = self._workplace.storage, self._environment.visibility_seconds
        try:
            messages = storage.receive(count, visibility)
        except AzureError as error:
            LOG.warning("the queue does not answer: %s", error.message)
            return None
        self._answered = True
        for message in messages:
            lease = Lease(storage.work, message, visibility, self._workplace.clock)
            self._hand_over(Delivery(lease, self._workplace))
        return len(messages)

    def _hand_over(self, delivery: Delivery) -> None:
        with self._changed:
            if not self._stopping:
                self._held.append(delivery)
                self._inbox.put(delivery)
                return
        delivery.release()

    def _slot(self) -> None:
        while delivery := self._inbox.get():
            try:
                delivery.work()
            finally:
                with self._changed:
                    self._held.remove(delivery)
                    self._changed.notify_all()
        for stage in self._workplace.stages.values():
            stage.close()

    def _holding(self) -> list[Delivery]:
        with self._changed:
            return list(self._held)

    def _keep(self) -> None:
        deliveries = self._holding()
        if any(delivery.overdue for delivery in deliveries):
            self._abandon(deliveries)
        for delivery in deliveries:
            delivery.renew()

    def _abandon(self, deliveries: list[Delivery]) -> None:
        """End the process, as nothing else ends a thread that is stuck."""
        self.stop()
        for delivery in deliveries:
            if delivery.overdue:
                delivery.time_out()
            else:
                delivery.release()
        self._report("left")
        self._end_process(ExitCode.UNIT_TIMEOUT)

    def _leave(self) -> None:
        for _ in self._slots:
            self._inbox.put(None)
        with self._changed:
            self._changed.wait_for(lambda: not self._held, self._environment.grace_seconds)
        for delivery in self._holding():
            delivery.release()
        for slot in self._slots:
            slot.join(0.0 if self._held else PATIENCE)
        self._keeper.stop()
        self._reporter.stop()
        LOG.info("left")
        self._report("left")

    def _report(self, state: str = "") -> None:
        """Heartbeat and log; a worker that cannot write them works on."""
        try:
            self._beat(state)
        except AzureError as error:
            LOG.warning("no heartbeat was written: %s", error.message)
        try:
            self._ship()
        except AzureError as error:
            LOG.warning("no log was shipped: %s", error.message)

    def _beat(self, state: str) -> None:
        current = [delivery.subject for delivery in self._holding()]
        if not state:
            state = ("working" if current else "idle") if self._answered else "starting"
        workplace = self._workplace
        stamp = workplace.clock.stamp()
        heartbeat = workplace.tally.heartbeat(workplace.worker, stamp, state, current)
        path = naming.heartbeat(workplace.storage.run, workplace.worker)
        workplace.storage.write(path, heartbeat.encode(), heartbeat.to_metadata())

    def _ship(self) -> None:
        storage, worker = self._workplace.storage, self._workplace.worker
        self._shipment.ship(lambda block: storage.append(naming.log(storage.run, worker), block))
