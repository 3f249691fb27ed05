"""What the simulated containers do with the queue, by the rules of a delivery."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from .agenda import Agenda
from .azure import Azure, Group
from .queue import Message, Queue
from .scenario import Scenario

Work = tuple[str, int]
"""Stage and unit."""


@dataclass(eq=False)
class Worker:
    """The process in a group."""

    group: Group
    free: int
    holds: dict[int, Message] = field(default_factory=dict)
    idle_since: float = 0.0


class Workers:
    """All processes that drain the queue, and what they have brought about."""

    def __init__(
        self, scenario: Scenario, agenda: Agenda, random: Random, queue: Queue, azure: Azure
    ) -> None:
        self.scenario, self.agenda, self.random = scenario, agenda, random
        self.queue, self.azure = queue, azure
        self.done: set[Work] = set()
        self.dead: dict[Work, str] = {}
        self.counted: dict[str, int] = {}  # what the heartbeats say
        self.pushbacks = 0
        self.last_loaded = self.finished_at = 0.0
        self.poison = set(scenario.poison)
        self.begun: Callable[[Group], None] = lambda _: None
        self._workers: dict[Group, Worker] = {}
        queue.arrived = self._pump
        azure.started = self._begin  # type: ignore[method-assign]
        azure.asked_to_stop = self._leave_on_request  # type: ignore[method-assign]

    # ------------------------------------------------------------------------------ lives

    def _begin(self, group: Group) -> None:
        worker = Worker(group, self.scenario.plan.instances.concurrency)
        worker.idle_since, group.heard = self.agenda.now, True
        self._workers[group] = worker
        for fault, mean, falls in (
            ("crash", 300.0, lambda: self.die(group, 137)),
            ("evict", 400.0, lambda: self._evict(worker)),
            ("hang", 500.0, lambda: self.hang(group)),
            ("zombie", 400.0, lambda: self.become_zombie(group)),
        ):
            if self.azure.has(fault, 0.5):
                self.agenda.after(self.random.expovariate(1 / mean), falls)
        self._watch_idleness(worker)
        self._pump()
        self.begun(group)

    def die(self, group: Group, exit_code: int) -> None:
        """End without a word: what it holds comes back when its leases run out."""
        worker = self._workers.pop(group, None)
        if worker:
            group.stop(self.agenda.now, exit_code)
            for message in worker.holds.values():
                self.queue.put_back(message, self.random.uniform(0, self.scenario.visibility))
            worker.holds.clear()

    def _evict(self, worker: Worker) -> None:
        group = worker.group
        if not group.spot or group not in self._workers:
            return
        if self.random.random() < 0.5:
            self.die(group, 137)
            return
        for message in worker.holds.values():
            self.queue.put_back(message, self.random.uniform(0, self.scenario.visibility))
        worker.holds.clear()
        del self._workers[group]
        group.running, group.restarts = False, group.restarts + 1
        self.agenda.after(self.random.uniform(10, 60), lambda: self._restart(group))

    def _restart(self, group: Group) -> None:
        if group.ended is None and group.deleted is None:
            group.running = True
            self._begin(group)

    def hang(self, group: Group) -> None:
        """Say and do nothing more."""
        worker = self._workers.pop(group, None)
        if worker:
            group.silent = self.agenda.now
            for message in worker.holds.values():
                self.queue.put_back(message, self.scenario.visibility)
            worker.holds.clear()

    def become_zombie(self, group: Group) -> None:
        """End, and let the group say that it runs."""
        group.forgetful = group in self._workers
        self.die(group, 1)

    def _leave_on_request(self, group: Group) -> None:
        worker = self._workers.pop(group, None)
        if worker:
            for message in worker.holds.values():  # released, not counted as a try
                message.tries -= 1
                self.queue.put_back(message, 0)
            worker.holds.clear()
        group.stop(self.agenda.now, 0)

    def _watch_idleness(self, worker: Worker) -> None:
        if worker.group not in self._workers:
            return
        idle = self.agenda.now - worker.idle_since
        if not worker.holds and idle >= self.scenario.idle:
            del self._workers[worker.group]
            worker.group.stop(self.agenda.now, 0)
            return
        wait = self.scenario.idle if worker.holds else self.scenario.idle - idle
        self.agenda.after(max(wait, 0.1), lambda: self._watch_idleness(worker))

    # ------------------------------------------------------------------------------ deliveries

    def _pump(self) -> None:
        if not self.queue.visible:
            return
        for worker in list(self._workers.values()):
            while worker.free > len(worker.holds):
                message = self.queue.receive()
                if message is None:
                    return
                self._take(worker, message)

    def _take(self, worker: Worker, message: Message) -> None:
        worker.holds[id(message)] = message
        if self.azure.has("duplicate", 0.05):
            self.queue.put_back(message, self.random.uniform(0, 5))
        self.agenda.after(self._length(worker, message), lambda: self._finish(worker, message))

    def _length(self, worker: Worker, message: Message) -> float:
        if self._refuses(message):
            return self.random.uniform(0.1, 3)
        if message.stage == FINISH:
            return self.scenario.finish_seconds * self.random.uniform(0.5, 1.5)
        return min(self.random.expovariate(1 / self.scenario.unit_seconds), 300.0)

    def _refuses(self, message: Message) -> bool:
        """Whether the target turns the unit away: it takes so many at once, and no more."""
        if message.stage == self.scenario.plan.stages[0]:
            return False
        now = self.agenda.now
        most = [n for start, length, n in self.scenario.busy if start <= now < start + length]
        return bool(most) and self._loading() > min(most)

    def _loading(self) -> int:
        """How many units are at the target."""
        held = (message.stage for worker in self._workers.values() for message in worker.holds.values())
        return sum(stage != self.scenario.plan.stages[0] for stage in held)

    @property
    def finishing(self) -> bool:
        """Whether a worker says that it works on the finishing step."""
        return any(
            message.stage == FINISH
            for worker in self._workers.values()
            for message in worker.holds.values()
        )

    def _finish(self, worker: Worker, message: Message) -> None:
        # A process that has ended meanwhile, or was told to let go, finishes nothing.
        if worker.holds.pop(id(message), None) is None or worker.group not in self._workers:
            return
        worker.idle_since = self.agenda.now
        work = (message.stage, message.unit)
        if work in self.done:
            self.queue.complete(message)
        elif message.tries > self.scenario.plan.limits.attempts:
            self._bury(message, "died")
        elif message.unit in self.poison or self.azure.has("flaky", 0.1):
            self._try_later(message)
        else:
            self._commit(message)
        self._pump()

    def _try_later(self, message: Message) -> None:
        self.azure.met["poison"] += message.unit in self.poison
        if message.tries >= self.scenario.plan.limits.attempts:
            self._bury(message, "poison" if message.unit in self.poison else "flaky")
        else:
            self.queue.put_back(message, self.random.uniform(1, 30))

    def _bury(self, message: Message, error: str) -> None:
        self.dead[message.stage, message.unit] = error
        self.queue.complete(message)

    def _commit(self, message: Message) -> None:
        """Receipt, then what follows, then the deletion; it may die between any two."""
        work = (message.stage, message.unit)
        self.done.add(work)
        self.counted[message.stage] = self.counted.get(message.stage, 0) + 1
        stages = self.scenario.plan.stages
        if message.stage != stages[-1]:
            self.queue.send(stages[stages.index(message.stage) + 1], message.unit)
        if self.azure.has("late", 0.05):
            self.queue.put_back(message, self.random.uniform(1, 60))
        else:
            self.queue.complete(message)
