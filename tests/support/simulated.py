"""A run in virtual time: the real policy against simulated services.

Everything the policy decides is carried out at once on plain values; what goes wrong is set by
the test before or between turns.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from orchestration import planning, policy
from orchestration.model import (
    Audit,
    Close,
    Control,
    Decision,
    GroupView,
    Instances,
    Kind,
    Observation,
    Outcome,
    Plan,
    Prepare,
    Prices,
    Progress,
    Provision,
    Redrive,
    Refusal,
    Remedy,
    Remove,
    RunLimits,
    RunState,
    Seed,
)
from worker_image.contract import naming

RUN = "r261123-120000-abcde"
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


def plan(units: int = 100, count: int = 2, **changes: object) -> Plan:
    """A generate run of small pages."""
    values: dict[str, object] = {
        "kind": Kind.GENERATE,
        "units": units,
        "stages": ("generate",),
        "instances": Instances(count=count),
        "limits": RunLimits(),
        "prices": Prices(vcpu_second=0.001, gb_second=0.0001),
        "window": 50,
        "page": 10,
        "tick": 15.0,
        "regions": ("here",),
        "part": 10_000,
    }
    return Plan.model_validate({**values, **changes})


@dataclass
class Group:
    """A simulated container group."""

    name: str
    ordinal: int
    attempt: int
    state: str = "Running"
    exit_code: int | None = None
    started: datetime = START
    ended: datetime | None = None


@dataclass
class World:
    """The services of one run; `rate` is units per group and second."""

    plan: Plan
    rate: float = 1.0
    now: datetime = START
    queue: list[int] = field(default_factory=list)
    done: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    poison: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)  # vanish from the queue the first time
    groups: dict[str, Group] = field(default_factory=dict)
    created: Counter[str] = field(default_factory=Counter)
    control: Control = field(default_factory=Control)
    refuse: list[Remedy] = field(default_factory=list)
    lose_replies: int = 0
    slow_deletes: int = 0
    closed: bool = False
    turns: int = 0

    def state(self) -> RunState:
        """The state of a run that has just been started."""
        return RunState(run=RUN, started=self.now, progressed=self.now)

    def observe(self) -> Observation:
        """One look."""
        finished = len(self.done) + len(self.dead)
        return Observation(
            queued=len(self.queue),
            dead=len(self.dead),
            progress={"generate": Progress(units=finished, rows=finished)} if finished else {},
            groups=tuple(self._view(group) for group in self.groups.values()),
            control=self.control,
            rooms={"here": None},
        )

    def _view(self, group: Group) -> GroupView:
        return GroupView(
            name=group.name,
            ordinal=group.ordinal,
            attempt=group.attempt,
            provisioning="Succeeded",
            state=group.state,
            started=group.started,
            ended=group.ended,
            exit_code=group.exit_code,
        )

    def carry_out(self, decision: Decision) -> Outcome:
        """What an activity does."""
        match decision:
            case Prepare():
                return Outcome(plan=self.plan)
            case Seed():
                self.queue.extend(range(decision.first, decision.first + decision.count))
                return Outcome(count=decision.count)
            case Provision():
                return self._provision(decision)
            case Remove():
                return self._remove(decision)
            case Redrive():
                self.dead.clear()
                self.poison.clear()
                return Outcome()
            case Audit():
                return self._audit(decision)
            case Close():
                assert not self.groups, "closed with container groups left"
                self.closed = True
                return Outcome(count=1)

    def _provision(self, decision: Provision) -> Outcome:
        if self.refuse:
            return Outcome(refusal=Refusal(code="X", remedy=self.refuse.pop(0)), error="refused")
        name = naming.container_group(RUN, decision.ordinal, decision.attempt)
        if name not in self.groups:
            self.created[name] += 1
            group = Group(name, decision.ordinal, decision.attempt, started=self.now)
            self.groups[name] = group
        if self.lose_replies:
            self.lose_replies -= 1
            refusal = Refusal(code="Lost", remedy=Remedy.AGAIN)
            return Outcome(refusal=refusal, error="reply lost")
        return Outcome(count=1)

    def _remove(self, decision: Remove) -> Outcome:
        if self.slow_deletes:
            self.slow_deletes -= 1
            return Outcome(count=0)
        self.groups.pop(decision.name, None)
        return Outcome(count=1)

    def _audit(self, decision: Audit) -> Outcome:
        done, dead = {"generate": self.done}, {"generate": self.dead}
        missing = planning.missing_units(range(decision.count), ("generate",), done, dead)
        if decision.reseed:
            self.queue.extend(missing["generate"])
        return Outcome(account=planning.account(missing, done, dead))

    def work(self, until: datetime) -> None:
        """Let the workers drain the queue until the next look."""
        seconds = (until - self.now).total_seconds()
        running = sum(group.state == "Running" for group in self.groups.values())
        for _ in range(min(len(self.queue), int(running * seconds * self.rate))):
            unit = self.queue.pop(0)
            if unit in self.lost:
                self.lost.discard(unit)
            elif unit in self.poison:
                self.dead.add(unit)
            else:
                self.done.add(unit)
        self.now = until

    def crash(self, group: Group, exit_code: int = 137) -> None:
        """A worker dies."""
        group.state, group.exit_code, group.ended = "Failed", exit_code, self.now

    def turn(self, state: RunState) -> RunState:
        """One turn of the run, as the orchestrator makes it."""
        self.turns += 1
        state = policy.learn(state, self.observe(), self.now)
        state, decisions = policy.decide(state, self.now)
        outcomes = [self.carry_out(decision) for decision in decisions]
        state = policy.settle(state, decisions, outcomes, self.now)
        if not state.phase.final:
            self.work(policy.next_look(state, self.now))
        return state

    def run(self, state: RunState | None = None, most: int = 500) -> RunState:
        """Turns until the run has ended."""
        state = state or self.state()
        for _ in range(most):
            state = self.turn(state)
            if state.phase.final:
                return state
        raise AssertionError(f"not over after {most} turns: {state.phase} {state.notes}")


def later(seconds: float) -> datetime:
    """A time after the start."""
    return START + timedelta(seconds=seconds)
