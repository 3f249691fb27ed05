"""The account of the simulated units: receipts, dead letters, and what is missing."""

from orchestration import planning
from orchestration.model import Audit, Finish, Finished, Outcome, Plan, Redrive, Seed

from .queue import Queue
from .workers import FINISH, Workers

MOVES = 20  # dead letters that a redrive sets aside at once
RESEEDS = 20  # messages that an audit of a part sends again
LAST = (FINISH, 0)


class Ledger:
    """What the activities on units do."""

    def __init__(self, plan: Plan, queue: Queue, workers: Workers) -> None:
        self._plan, self._queue, self._workers = plan, queue, workers
        self.seeded: set[int] = set()

    def missing(self, units: range) -> dict[str, list[int]]:
        """By stage, the units that have neither receipt nor dead letter."""
        return planning.missing_units(units, self._plan.stages, *self._of(units))

    def seed(self, decision: Seed) -> Outcome:
        """Send a page, or what is missing of it."""
        units = range(decision.first, decision.first + decision.count)
        self.seeded.update(units)
        all_of_them = {self._plan.stages[0]: list(units)}
        wanted = self.missing(units) if decision.missing else all_of_them
        for stage, left in wanted.items():
            for unit in left:
                self._queue.send(stage, unit)
        return Outcome(count=len(units))

    def audit(self, decision: Audit) -> Outcome:
        """Account for a part, and send some of what is missing again."""
        units = range(decision.first, decision.first + decision.count)
        missing = self.missing(units)
        account = planning.account(missing, *self._of(units))
        again = [(stage, unit) for stage, left in missing.items() for unit in left][:RESEEDS]
        for stage, unit in again if decision.reseed else ():
            self._queue.send(stage, unit)
        return Outcome(account=account, count=len(again) if decision.reseed else 0)

    def finish(self, decision: Finish) -> Outcome:
        """Tell how the last step has ended, or send it."""
        done, dead = self._workers.done, self._workers.dead
        if decision.afresh:
            done.discard(LAST)
            dead.pop(LAST, None)
        if LAST in done or LAST in dead:
            return Outcome(finished=Finished(seconds=1.0, error=dead.get(LAST, "")))
        if decision.seed:
            self._queue.send(*LAST)
        return Outcome(count=int(decision.seed))

    def redrive(self, decision: Redrive) -> Outcome:
        """Forget some of the selected dead letters."""
        chosen = decision.selection.units
        dead = sorted(self._workers.dead)
        left = [work for work in dead if chosen is None or work[1] in chosen]
        for work in left[:MOVES]:
            del self._workers.dead[work]
        return Outcome(count=len(left[:MOVES]), more=len(left) > MOVES)

    def _of(self, units: range) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
        """Which of the units are done, and which dead, by stage."""
        done, dead = self._workers.done, self._workers.dead
        return (
            {stage: {u for u in units if (stage, u) in done} for stage in self._plan.stages},
            {stage: {u for u in units if (stage, u) in dead} for stage in self._plan.stages},
        )
