"""A run from its seed to its end, or to the first thing that is wrong with it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from . import invariants
from .agenda import moment
from .orchestrating import Call, Direct, Execution, Turn
from .scenario import Scenario, draw
from .world import World

MOST_TURNS = 10_000
ROUNDS = 2
SWEEPS = 12


@dataclass
class Result:
    """What became of a simulated run."""

    scenario: Scenario
    world: World
    end: str = ""
    wrong: list[str] = field(default_factory=list)
    statuses: list[Any] = field(default_factory=list)
    calls: list[tuple[float, str]] = field(default_factory=list)
    turns: int = 0
    most_events: int = 0

    @property
    def story(self) -> str:
        """Everything that happened, a line each."""
        lines = [str(self.scenario)]
        lines += [f"{at:9.1f}  {text}" for at, text in self.world.story]
        return "\n".join([*lines, f"end: {self.end}", *(f"WRONG: {text}" for text in self.wrong)])


class Play:
    """One run. `kind` makes what drives an execution, from the input of that."""

    def __init__(self, scenario: Scenario, kind: Callable[[Any], Execution] = Direct) -> None:
        self.world = World(scenario)
        self.result = Result(scenario, self.world)
        self._kind = kind
        # Faults of the app draw from numbers of their own: they meet both drivers alike.
        self._random = Random(scenario.seed + 1)
        self._skew = 0.0
        self._longest = 0.0
        self._last_turn = 0.0  # whose answers have come
        self._broken = False

    def play(self) -> Result:
        """Play it to its end, and some runs again by redrives."""
        for _ in range(1 + ROUNDS):
            self.once()
            again = self.result.end == "CompletedWithFailures" and self._random.random() < 0.5
            if self.result.wrong or not again or self.world.rounds == ROUNDS:
                break
            self.world.start_again()
        return self.result

    # ------------------------------------------------------------------------------ executions

    def once(self) -> None:
        """Play it to its end."""
        payload: Any = self.world.start()
        while not self.result.wrong:
            execution: Execution = self._kind(payload)
            turn = self._execute(execution)
            self.result.wrong += execution.differs
            self.result.most_events = max(self.result.most_events, execution.events)
            if turn is None:
                return
            if turn.ended:
                self._end(turn)
                return
            payload = turn.again

    def _execute(self, execution: Execution) -> Turn | None:
        """One execution; None if it was ended from outside."""
        turn = execution.begin(self._now())
        while not turn.ended and turn.again is None:
            if self.world.has("terminate", 0.005):
                self._terminate()
                return None
            if turn.until is not None:
                turn = self._wait(execution, turn)
            else:
                turn = self._call(execution, turn.calls)
            if self.result.wrong:
                return None
        return turn

    def _call(self, execution: Execution, calls: list[Call]) -> Turn:
        before = self.world.agenda.now
        results = [self._carry_out(call) for call in calls]
        took = max(self._random.uniform(0.05, 2.0) for _ in calls)
        self.world.agenda.advance(before + took)
        return execution.results(results, self._now(), woken=self._woken())

    def _carry_out(self, call: Call) -> Any:
        self.result.calls.append((self.world.agenda.now, call.name))
        try:
            return self.world.carry_out(call.name, call.members)
        except RuntimeError as error:
            self.world.tell(str(error))
            self._broken = True
            return error

    def _wait(self, execution: Execution, turn: Turn) -> Turn:
        """To the next look: the invariants hold, time goes by, somebody may wake it."""
        self._look_for_wrongs(invariants.at_a_turn(self.world, self._longest))
        if self.world.has("sweeper", 0.1):
            self.world.sweep(live=True)
        self.result.turns += 1
        self.result.statuses.append(execution.custom_status)
        if self.result.turns > MOST_TURNS:
            self.result.wrong.append(f"it has not ended after {MOST_TURNS} turns")
        assert turn.until
        due = (turn.until - moment(0)).total_seconds() - self._skew
        if self.world.has("outage", 0.01):
            due += self._random.uniform(60, 1800)
        while self.world.agenda.now < due:
            self.world.agenda.advance(min(due, self.world.agenda.now + 1.0))
            if self._woken():
                return self._over(execution, woken=True)
        return self._over(execution, woken=False)

    def _over(self, execution: Execution, *, woken: bool) -> Turn:
        if not self._broken:
            self._longest = max(self._longest, self.world.agenda.now - self._last_turn)
            self._last_turn = self.world.agenda.now
        self._broken = False
        return execution.wait_over(self._now(), woken=woken)

    def _woken(self) -> bool:
        woken, self.world.woken = self.world.woken, False
        return woken

    def _now(self) -> Any:
        """What the app's clock says."""
        if self.world.has("clock", 0.05):
            self._skew = self._random.uniform(-20, 20)
        return moment(self.world.agenda.now) + timedelta(seconds=self._skew)

    # ------------------------------------------------------------------------------ ends

    def _terminate(self) -> None:
        """Nobody looks after the run any more but the sweeper."""
        self.world.tell("terminated from outside")
        self.result.end = "Terminated"
        for _ in range(SWEEPS):
            self.world.sweep(live=False)
            self.world.agenda.advance(self.world.agenda.now + 300)
        if self.world.azure.groups:
            self.result.wrong.append("the sweeper left container groups")

    def _end(self, turn: Turn) -> None:
        state = self.world.report
        self.result.end = str(state.verdict.phase) if state and state.verdict else "none"
        self.world.tell(f"ended: {turn.failure or json.dumps(turn.output)}")
        ends = invariants.at_the_end(self.world, turn.failure, self._longest)
        self._look_for_wrongs(ends)

    def _look_for_wrongs(self, wrongs: Any) -> None:
        self.result.wrong += list(wrongs)


def play(seed: int, kind: Callable[[Any], Execution] = Direct) -> Result:
    """Simulate the run of a seed."""
    return Play(draw(seed), kind).play()
