"""Simulated container groups: regions with quotas and paces, slow, forgetful, and billed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random

from orchestration.model import GroupView, Outcome, Provision, Refusal, Remedy, Room
from orchestration.planning import cost

from .agenda import Agenda, moment
from .scenario import Scenario

PACES = ((100, 300.0), (300, 3600.0))
LATE_LISTING = 45.0


@dataclass(slots=True, eq=False)
class Group:
    """A container group as it really is. Times are seconds, None as long as there is none."""

    name: str
    ordinal: int
    attempt: int
    region: str
    spot: bool
    created: float
    expires: datetime
    pulled: float | None = None
    running: bool = False
    ended: float | None = None
    exit_code: int | None = None
    deleted: float | None = None
    silent: float | None = None  # since when its worker says nothing
    heard: bool = False
    forgetful: bool = False  # it says Running after its container has ended
    refusal: Refusal | None = None
    restarts: int = 0

    def stop(self, now: float, exit_code: int | None) -> None:
        """End its container."""
        if self.ended is None:
            self.ended, self.exit_code, self.running = now, exit_code, False


class Azure:
    """Every container group of the subscription."""

    def __init__(self, scenario: Scenario, agenda: Agenda, random: Random) -> None:
        self.scenario, self.agenda, self.random = scenario, agenda, random
        self.groups: dict[str, Group] = {}
        self.history: dict[str, Group] = {}
        self.creations: list[float] = []
        self.deletions: list[float] = []
        self.refused: list[str] = []
        self.breaches: list[str] = []
        self.most_at_once = 0
        self.met: Counter[str] = Counter()
        self.no_capacity: dict[str, float] = {}  # until when a region has none

    def has(self, fault: str, share: float = 1.0) -> bool:
        """Whether a fault happens now."""
        happens = fault in self.scenario.faults and self._happens(fault, share)
        self.met[fault] += happens
        return happens

    def _happens(self, fault: str, share: float) -> bool:
        times = self.scenario.times.get(fault)
        return self.random.random() < share if times is None else self.met[fault] < times

    # ------------------------------------------------------------------------------ what is

    def views(self) -> Iterator[GroupView]:
        """What a look shows."""
        for group in self.groups.values():
            young = self.agenda.now - group.created < LATE_LISTING
            if "late_listing" in self.scenario.faults and young and group.ordinal % 2:
                self.met["late_listing"] += 1
            else:
                yield self._view(group)

    def _view(self, group: Group) -> GroupView:
        over = group.ended is not None and not group.forgetful
        state = "Running" if group.running or group.forgetful else "Pending"
        if over:
            state = "Succeeded" if group.exit_code == 0 else "Failed"
        heard = self.agenda.now if group.silent is None else group.silent
        return GroupView.model_construct(
            name=group.name,
            ordinal=group.ordinal,
            attempt=group.attempt,
            provisioning="Failed" if group.refusal else "Succeeded",
            state="Pending" if group.refusal else state,
            started=None if group.pulled is None else moment(group.pulled),
            ended=None if group.ended is None else moment(group.ended),
            exit_code=group.exit_code,
            detail=group.refusal.code if group.refusal else "",
            region=group.region,
            spot=group.spot,
            heard=moment(5 * (heard // 5)) if group.heard else None,
            refusal=group.refusal,
        )

    def room(self, region: str) -> Room:
        """What the quotas of a region have left."""
        scenario, here = self.scenario, self._in(region)
        cpu = scenario.plan.instances.cpu
        spot = sum(group.spot for group in here) * cpu
        others = self.random.randint(0, scenario.groups_quota // 2) if self.has("neighbour") else 0
        found = Room(
            groups=scenario.groups_quota - len(here) - others,
            cores=scenario.cores_quota - (len(here) * cpu - spot),
            spot_cores=scenario.cores_quota - spot,
        )
        full = found.groups < 1 or min(found.cores, found.spot_cores) < cpu
        self.met["quota"] += full and "quota" in scenario.faults
        return found

    def _in(self, region: str) -> list[Group]:
        return [group for group in self.groups.values() if group.region == region]

    def money(self) -> float:
        """What everything has cost so far."""
        plan, now = self.scenario.plan, self.agenda.now
        billed = [
            (now if group.ended is None else group.ended, group)
            for group in self.history.values()
            if group.pulled is not None
        ]
        seconds = sum(end - (group.pulled or 0.0) for end, group in billed)
        spot = sum(end - (group.pulled or 0.0) for end, group in billed if group.spot)
        return cost(plan.instances, plan.prices, seconds, spot)

    # ------------------------------------------------------------------------------ creation

    def create(self, wanted: Provision, name: str) -> Outcome:
        """Create a group, or adopt the one of that name."""
        if name in self.groups:
            return Outcome()
        if name in self.history:
            self.breaches.append(f"the name {name} is used again")
        refusal = self._refusal(wanted)
        if refusal:
            self.refused.append(refusal.code)
            return Outcome(refusal=refusal, error=f"{name}: {refusal.code}")
        self.creations.append(self.agenda.now)
        self._deploy(wanted, name)
        left = self._left(self.creations)
        if self.has("lost_reply", 0.3):
            lost = Refusal(code="ServiceResponseError", remedy=Remedy.AGAIN)
            return Outcome(refusal=lost, error=f"{name}: the answer was lost")
        return Outcome(count=1, left=left)

    def _refusal(self, wanted: Provision) -> Refusal | None:
        """What Azure says against it; a breach is what the policy could have known."""
        if self.has("throttle", 0.2) or min(self._left(self.creations)) <= 0:
            if not {"throttle", "neighbour", "twice", "clock"} & self.scenario.faults:
                self.breaches.append("more creations than the pace allows")
            return Refusal(code="TooManyRequests", remedy=Remedy.AGAIN, wait=40)
        room, cpu = self.room(wanted.region), self.scenario.plan.instances.cpu
        if room.groups < 1 or (room.spot_cores if wanted.spot else room.cores) < cpu:
            if "neighbour" not in self.scenario.faults:
                self.breaches.append("more groups than the quota allows")
            return Refusal(code="ContainerGroupQuotaReached", remedy=Remedy.ROOM)
        if self.has("server_error", 0.3):
            return Refusal(code="InternalServerError", remedy=Remedy.REGION, tries=3)
        if self.has("unknown_error", 0.3):
            return Refusal(code="NeverSeen", remedy=Remedy.FATAL, tries=5)
        if self.has("fatal_error", 0.3):
            return Refusal(code="AuthorizationFailed", remedy=Remedy.FATAL)
        return self._lacking(wanted.region)

    def _lacking(self, region: str) -> Refusal | None:
        if self.has("capacity", 0.3):
            self.no_capacity[region] = self.agenda.now + self.random.uniform(60, 900)
        if self.agenda.now < self.no_capacity.get(region, 0.0):
            return Refusal(code="ServiceUnavailable", remedy=Remedy.REGION)
        return None

    def _left(self, requests: list[float]) -> tuple[int, int]:
        now, others = self.agenda.now, 60 if self.has("neighbour") else 0
        five, hour = (
            count - others - sum(now - at < span for at in requests) for count, span in PACES
        )
        return five, hour

    def _deploy(self, wanted: Provision, name: str) -> None:
        group = Group(
            name=name,
            ordinal=wanted.ordinal,
            attempt=wanted.attempt,
            region=wanted.region,
            spot=wanted.spot,
            created=self.agenda.now,
            expires=wanted.expires,
        )
        self.groups[name] = self.history[name] = group
        self.most_at_once = max(self.most_at_once, len(self.groups))
        if self.has("late_failure", 0.3):
            self.agenda.after(self.random.uniform(5, 90), lambda: self._fail(group))
            return
        if self.has("stuck_pending", 0.3):
            return
        slow = self.random.uniform(60, 500) if self.has("slow_start", 0.3) else 0.0
        wait = slow + self.random.uniform(1, self.scenario.start_seconds)
        self.agenda.after(wait / 2, lambda: self._pull(group))
        self.agenda.after(wait, lambda: self._start(group))

    def _fail(self, group: Group) -> None:
        if group.ended is None:
            group.refusal = Refusal(code="InsufficientCapacity", remedy=Remedy.REGION)
            group.ended = self.agenda.now

    def _pull(self, group: Group) -> None:
        if group.ended is None and group.pulled is None:
            group.pulled = self.agenda.now

    def _start(self, group: Group) -> None:
        if group.ended is None:
            group.running = True
            self.started(group)

    def started(self, group: Group) -> None:
        """What a container does once it runs; the workers take this over."""

    # ------------------------------------------------------------------------------ the end

    def delete(self, name: str) -> Outcome:
        """Ask for a deletion; count 1 once the group is gone."""
        group = self.groups.get(name)
        if group is None:
            return Outcome(count=1)
        if self.has("throttle", 0.2) or min(self._left(self.deletions)) <= 0:
            if not {"throttle", "neighbour", "twice", "clock"} & self.scenario.faults:
                self.breaches.append("more deletions than the pace allows")
            wait = Refusal(code="TooManyRequests", remedy=Remedy.AGAIN, wait=30)
            return Outcome(refusal=wait, error=f"{name}: TooManyRequests")
        self.deletions.append(self.agenda.now)
        view = self._view(group)
        if group.deleted is None:
            group.deleted = self.agenda.now
            stop = self.random.uniform(0, 10)
            slow = self.random.uniform(60, 400) if self.has("slow_delete", 0.5) else 0.0
            self.agenda.after(stop, lambda: self.asked_to_stop(group))
            self.agenda.after(stop + slow + 1, lambda: self._forget(group))
        return Outcome(left=self._left(self.deletions), group=view)

    def asked_to_stop(self, group: Group) -> None:
        """SIGTERM has come, and its grace has passed."""
        group.stop(self.agenda.now, 0)

    def _forget(self, group: Group) -> None:
        group.stop(self.agenda.now, 137)
        self.groups.pop(group.name, None)
