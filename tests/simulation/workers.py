"""What the simulated containers do with the queue, by the rules of a delivery."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from .agenda import Agenda
from .azure import Azure, Group
from .queue import Message, Queue
from .scenario import Scenario

FINISH = "finish"
LOADING = ("ingest", FINISH)
"""The stages at the target."""

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
        self.committed: dict[str, float] = {}  # when a unit of a stage was, the last time
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
        if self._refuses(message):
            wait = self.random.uniform(0.1, 3)
            self.agenda.after(wait, lambda: self._turn_away(worker, message))
        else:
            self.agenda.after(self._length(message), lambda: self._finish(worker, message))

    def _length(self, message: Message) -> float:
        if message.stage == FINISH:
            return self.scenario.finish_seconds * self.random.uniform(0.5, 1.5)
        return min(self.random.expovariate(1 / self.scenario.unit_seconds), 300.0)

    def _refuses(self, message: Message) -> bool:
        """Whether the target turns the unit away: it takes so many at once, and no more."""
        if not self.scenario.busy or message.stage not in LOADING:
            return False
        now = self.agenda.now
        most = [n for start, length, n in self.scenario.busy if start <= now < start + length]
        return bool(most) and sum(stage in LOADING for stage in self._stages()) > min(most)

    @property
    def finishing(self) -> bool:
        """Whether a worker says that it works on the finishing step."""
        return FINISH in self._stages()

    def _stages(self) -> Iterator[str]:
        """The stage of each unit that is worked on."""
        for worker in self._workers.values():
            yield from (message.stage for message in worker.holds.values())

    def _turn_away(self, worker: Worker, message: Message) -> None:
        if self._let_go(worker, message):
            self.pushbacks += 1
            self.azure.met["push_back"] += 1
            message.tries -= 1  # no fault of the unit
            self.queue.put_back(message, self.random.uniform(1, 30))
            self._pump()

    def _let_go(self, worker: Worker, message: Message) -> bool:
        """Whether the worker has it still: one that has ended, or was told to leave, has not."""
        if worker.holds.pop(id(message), None) is None or worker.group not in self._workers:
            return False
        worker.idle_since = self.agenda.now
        return True

    def _finish(self, worker: Worker, message: Message) -> None:
        if not self._let_go(worker, message):
            return
        if (message.stage, message.unit) in self.done:
            self.queue.complete(message)
        elif message.tries > self.scenario.plan.limits.attempts:
            self._bury(message, "died")
        elif message.stage == FINISH and self.azure.has("broken_finish", 0.5):
            self._bury(message, "no such table")
        elif self._poisoned(message) or self.azure.has("flaky", 0.1):
            self._try_later(message)
        else:
            self._commit(message)
        self._pump()

    def _poisoned(self, message: Message) -> bool:
        return message.stage != FINISH and message.unit in self.poison

    def _try_later(self, message: Message) -> None:
        poisoned = self._poisoned(message)
        self.azure.met["poison"] += poisoned
        if message.tries >= self.scenario.plan.limits.attempts:
            self._bury(message, "poison" if poisoned else "flaky")
        else:
            self.queue.put_back(message, self.random.uniform(1, 30))

    def _bury(self, message: Message, error: str) -> None:
        self.dead[message.stage, message.unit] = error
        self.queue.complete(message)

    def _commit(self, message: Message) -> None:
        """Receipt, then what follows, then the deletion; it may die between any two."""
        work = (message.stage, message.unit)
        self.done.add(work)
        self.committed[message.stage] = self.agenda.now
        self.counted[message.stage] = self.counted.get(message.stage, 0) + 1
        stages = self.scenario.plan.stages
        if message.stage in stages[:-1]:
            self.queue.send(stages[stages.index(message.stage) + 1], message.unit)
        if self.azure.has("late", 0.05):
            self.queue.put_back(message, self.random.uniform(1, 60))
        else:
            self.queue.complete(message)
