"""A worker: drains the queue of a run until it stays empty or somebody asks it to stop."""

import logging
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress

from azure.core.exceptions import AzureError

from .contract import ExitCode, WorkerEnvironment, naming
from .delivery import Delivery, Workplace
from .lease import Lease
from .logs import Shipment
from .polling import Polling, Stock
from .ticking import Ticking

LOG = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds for a thread that has only to close what it holds


class Worker:
    """One thread receives, ahead of the slots where units are short; each slot works on one
    delivery at a time; a keeper renews the leases and watches the time; a reporter writes
    heartbeats and ships the log.
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
        self._stock = Stock(environment.concurrency)
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

        After a stop no unit is begun: what waits is released at once, what is still in progress
        after the grace then; log, heartbeat and telemetry are flushed.
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
        while (wanted := self._await_want()) > 0:
            holding = bool(self._held)  # asked first: what is put back later is in the next answer
            found = self._receive(wanted)
            step = polling.next_step(found, holding=holding, now=clock.monotonic())
            if isinstance(step, ExitCode):
                return step
            self._pause(step)
        return ExitCode.OK

    def _await_want(self) -> int:
        """How many more deliveries to ask for, once there are any; 0 when asked to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._wanted())
            return 0 if self._stopping else self._wanted()

    def _wanted(self) -> int:
        return self._stock.wanted(len(self._held))

    def _pause(self, seconds: float) -> None:
        """Wait, but not while a slot falls idle: the last units may have sent others."""
        with self._changed:
            busy = not self._idle()
            self._changed.wait_for(lambda: self._stopping or (busy and self._idle()), seconds)

    def _idle(self) -> bool:
        """Whether a slot has nothing to do."""
        return len(self._held) < len(self._slots)

    def _receive(self, count: int) -> int | None:
        """Take up to `count` deliveries; how many came, None if storage did not answer."""
        storage, visibility = self._workplace.storage, self._environment.visibility_seconds
        try:
            messages = storage.receive(count, visibility)
        except AzureError as error:
            LOG.warning("the queue does not answer: %s", error.message)
            return None
        self._answered = True
        leases = [Lease(storage.work, item, visibility, self._workplace.clock) for item in messages]
        self._hand_over([Delivery(lease, self._workplace) for lease in leases])
        return len(messages)

    def _hand_over(self, deliveries: list[Delivery]) -> None:
        """Give the slots what they can begin at once and what can wait for them."""
        refused = []
        with self._changed:
            self._stock.received([delivery.patient for delivery in deliveries])
            for delivery in sorted(deliveries, key=lambda delivery: delivery.patient):
                if self._stopping or not (delivery.patient or self._idle()):
                    refused.append(delivery)
                else:
                    self._held.append(delivery)
                    self._inbox.put(delivery)
        for delivery in refused:
            delivery.release()

    def _slot(self) -> None:
        while delivery := self._inbox.get():
            begun = self._workplace.clock.monotonic()
            try:
                if self._stopping:
                    delivery.release()
                else:
                    delivery.work()
            finally:
                self._forget(delivery, self._workplace.clock.monotonic() - begun)
        for stage in self._workplace.stages.values():
            stage.close()

    def _forget(self, delivery: Delivery, seconds: float) -> None:
        with self._changed:
            self._held.remove(delivery)
            self._stock.took(seconds)
            self._changed.notify_all()

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
        self._stop_stages()
        self._reporter.stop()  # it may be shipping the very lines that say why
        self._report("left")
        self._workplace.telemetry.close()
        self._end_process(ExitCode.UNIT_TIMEOUT)

    def _leave(self) -> None:
        self.stop()
        self._release_waiting()
        for _ in self._slots:
            self._inbox.put(None)
        with self._changed:
            self._changed.wait_for(lambda: not self._held, self._environment.grace_seconds)
        for delivery in self._holding():
            delivery.release()
        self._stop_stages()
        for slot in self._slots:
            slot.join(0.0 if self._held else PATIENCE)
        self._keeper.stop()
        self._reporter.stop()
        LOG.info("left")
        self._report("left")
        self._workplace.telemetry.close()

    def _stop_stages(self) -> None:
        for stage in self._workplace.stages.values():
            stage.stop()

    def _release_waiting(self) -> None:
        """Hand on what no slot has begun; the slots themselves may all be stuck."""
        with suppress(queue.Empty):
            while delivery := self._inbox.get_nowait():
                delivery.release()
                self._forget(delivery, 0.0)

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
