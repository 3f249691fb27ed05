"""The activities of a run on simulated services: what each does, and what goes wrong with it."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from pydantic import TypeAdapter
from support.states import RUN

from orchestration.activities.auditing import reopened
from orchestration.model import (
    Audit,
    Close,
    Control,
    Decision,
    Finish,
    Look,
    Notify,
    Observation,
    Outcome,
    Phase,
    Prepare,
    Progress,
    Provision,
    Redrive,
    Remove,
    RepeatedError,
    RunState,
    Seed,
    Selection,
)
from orchestration.policy.sweeping import Known, Listed, Tagged, to_sweep
from worker_image.contract import naming

from .agenda import START, Agenda, moment
from .azure import Azure
from .ledger import Ledger
from .pressing import Pressed
from .queue import Queue
from .scenario import Scenario
from .workers import Workers

DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)


class World:
    """Everything outside the orchestrator."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.agenda = Agenda()
        self.random = Random(scenario.seed)
        self.queue = Queue(self.agenda, scenario.vanishing)
        self.azure = Azure(scenario, self.agenda, self.random)
        self.workers = Workers(scenario, self.agenda, self.random, self.queue, self.azure)
        self.control = Control()
        self.woken = False
        self.prepared = 0
        self.rounds = 0
        self.looks_since_wish = 0
        self.wished = 0.0
        self.ledger = Ledger(scenario.plan, self.queue, self.workers)
        self.report: RunState | None = None
        self.story: list[tuple[float, str]] = []
        self.acted: Callable[[Decision], None] = lambda _: None  # its error loses the answer
        self.pressed = Pressed()
        self.broken = 0
        self.told: Counter[str] = Counter()
        self._old_count = 0
        self._heard_finishing: datetime | None = None
        for at, wish in scenario.wishes:
            self.agenda.after(at, lambda wish=wish: self.wish(wish))  # type: ignore[misc]

    def tell(self, text: str) -> None:
        """Keep what happened."""
        self.story.append((self.agenda.now, text))

    def has(self, fault: str, share: float = 1.0) -> bool:
        """Whether a fault happens now."""
        return self.azure.has(fault, share)

    # ------------------------------------------------------------------------------ people

    def wish(self, wish: str) -> None:
        """Somebody wishes something; the wake-up may be lost, the wish never."""
        changes: dict[str, Any] = {}
        match wish:
            case "cancel":
                changes = {"cancel": True, "reason": "enough"}
            case "pause":
                changes = {"paused": True}
                length = self.random.choice((60, 900, 4_000))
                self.agenda.after(length, lambda: self.wish("resume"))
            case "resume":
                changes = {"paused": False}
            case "scale":
                changes = {"count": self.random.choice((None, 1, 2, 5, 12))}
            case "redrive":
                self.workers.poison.clear()
                chosen = self.random.choice((None, tuple(range(10))))
                redrives = (*self.control.redrives, Selection(units=chosen))
                changes = {"cancel": False, "redrives": redrives}
        self.azure.met[wish] += 1
        self.ask(wish, **changes)
        self.woken |= not self.has("lost_wake", 0.7)

    def ask(self, wish: str, **changes: Any) -> None:
        """Keep a wish, without a wake-up."""
        self.tell(f"wish: {wish} {changes}")
        self.control = self.control.model_copy(update=changes)
        self.looks_since_wish, self.wished = 0, self.agenda.now
        self.pressed = Pressed(self.pressed.pushbacks)

    # ------------------------------------------------------------------------------ activities

    def carry_out(self, name: str, members: dict[str, Any]) -> dict[str, Any]:
        """What an activity returns, as JSON; some are carried out twice.

        Raises:
            RuntimeError: the activity failed as a whole.
        """
        if self.has("broken_look" if name == "observe" else "broken_activity", 0.1):
            self.broken += 1
            raise RuntimeError(f"{name} broke")
        if name == "observe":
            return self.observe(Look.model_validate(members)).brief()
        decision = DECISION.validate_python({"activity": name, **members})
        if self.has("twice", 0.2):
            self._act(decision)
        outcome = self._act(decision)
        if isinstance(decision, Notify):
            self.told[f"{decision.event} in round {self.rounds}"] += 1
        self.tell(f"{_shown(decision)} -> {_shown(outcome)}")
        self.acted(decision)
        return outcome.brief()

    def observe(self, look: Look) -> Observation:
        """One look."""
        self.looks_since_wish += 1
        count = len(self.queue)
        if self.has("stale_count", 0.2):
            count = self._old_count
        self._old_count = len(self.queue)
        if self.has("vanish", 0.05):
            self.queue.lose_one()
        errors = Counter(self.workers.dead.values())
        groups = tuple(self.azure.views())
        self.pressed.look(self.workers.pushbacks, groups, self.agenda.now)
        return Observation(
            queued=count,
            dead=errors.total(),
            progress={
                stage: Progress(units=units, rows=units)
                for stage, units in self.workers.counted.items()
            },
            groups=groups,
            control=self.control,
            rooms={region: self.azure.room(region) for region in look.regions},
            errors=tuple(
                RepeatedError(fingerprint=error, error=error, units=units)
                for error, units in errors.most_common(3)
            ),
            finishing=self._finishing(),
            pushbacks=self.workers.pushbacks,
            pushback="too many connections" if self.workers.pushbacks else "",
        )

    def _finishing(self) -> datetime | None:
        if self.scenario.plan.finish and self.workers.finishing:
            self._heard_finishing = moment(5 * (self.agenda.now // 5))
        return self._heard_finishing

    def _act(self, decision: Decision) -> Outcome:
        match decision:
            case Prepare():
                return self._prepare()
            case Seed():
                return self.ledger.seed(decision)
            case Provision() | Remove():
                return self._place(decision)
            case Redrive():
                return self.ledger.redrive(decision)
            case Audit() | Finish():
                return self._account(decision)
            case Notify():
                return Outcome(count=1)
            case Close():
                return self._close(decision)

    def _prepare(self) -> Outcome:
        self.prepared += 1
        if self.prepared < self.scenario.prepare_calls:
            return Outcome()
        resumed = self.rounds > 0
        changes = {
            "resumed": resumed,
            "first_attempt": 1 + 100_000 * len(self.control.redrives),
            "redrives_done": self.report.redrives_done if self.report else 0,
        }
        return Outcome(plan=self.scenario.plan.model_copy(update=changes))

    def _place(self, decision: Provision | Remove) -> Outcome:
        if isinstance(decision, Remove):
            return self.azure.delete(decision.name)
        if self.looks_since_wish and (self.control.cancel or self.control.paused):
            self.azure.breaches.append("a group is created for a run that shall not go on")
        name = naming.container_group(RUN, decision.ordinal, decision.attempt)
        return self.azure.create(decision, name)

    def _account(self, decision: Audit | Finish) -> Outcome:
        if isinstance(decision, Audit):
            return self.ledger.audit(decision)
        units = range(self.scenario.plan.units)
        if decision.seed and any(self.ledger.missing(units).values()):
            self.azure.breaches.append("the last step is begun before all units are accounted for")
        return self.ledger.finish(decision)

    def _close(self, decision: Close) -> Outcome:
        if reopened(decision.state, self.control):
            return Outcome()
        self.queue.clear()
        self.report = decision.state
        return Outcome(count=1)

    # ------------------------------------------------------------------------------ the next round

    def start_again(self) -> None:
        """A redrive of a finished run."""
        self.rounds += 1
        self.prepared = 0
        self.workers.poison.clear()
        self.control = Control(redrives=(*self.control.redrives, Selection()))
        self.tell("the run is started again by a redrive")

    def sweep(self, *, live: bool) -> None:
        """What the sweeper does, in another instance of the app."""
        tagged = [
            Tagged(name=group.name, run=RUN, expires=group.expires)
            for group in self.azure.groups.values()
        ]
        phase = self.report.verdict.phase if self.report and self.report.verdict else Phase.RUNNING
        listed = {RUN: Listed(state=phase, changed=START)}
        known = {RUN: Known(live=live, updated=self.now)}
        todo = to_sweep(tagged, listed, known, self.now, timedelta(days=30))
        if live and (todo.abandon or todo.purge or todo.remove):
            self.azure.breaches.append(f"the sweeper disturbs a run that goes on: {todo}")
        for group in todo.remove:
            self.azure.delete(group.name)

    def start(self) -> dict[str, Any]:
        """The input of a new orchestration."""
        now = START if not self.rounds else self.now
        state = RunState(run=RUN, started=now, progressed=now, phase=Phase.PLANNING)
        return state.brief()

    @property
    def now(self) -> Any:
        """The true time."""
        return moment(self.agenda.now)


def _shown(value: Any) -> str:
    shown = value.brief()
    shown.pop("run", None)
    if "state" in shown:
        shown["state"] = "…"
    if "plan" in shown:
        shown["plan"] = "…"
    return f"{type(value).__name__}{shown}"
