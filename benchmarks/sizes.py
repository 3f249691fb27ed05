"""What a run costs the control plane, by its size: `make bench-sizes`.

Runs of 6,000 to 1,000,000 units on 100 container groups in virtual time: the real orchestrator,
its history recorded and replayed by the SDK, on simulated services. Then 6,000 units on the local
host, where the histories are those of its store.
"""

import json
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from rich.table import Table
from simulation.playing import Play
from simulation.replaying import Recorded
from simulation.scenario import Scenario
from support.runs import DATASET, Ground

from benchmarks.results import Page
from local_host.functions.durable.history import Kind
from local_host.services.azurite import Azurite
from local_host.services.postgresql import Postgresql
from local_host.services.toolchain import Toolchain
from local_host.system import LocalApp
from orchestration.model import Instances, Plan, Prices, RunLimits
from orchestration.model import Kind as RunKind

SIZES = (6_000, 60_000, 600_000, 1_000_000)
GROUPS = 100
UNIT_SECONDS = 5.0
# What must hold at any size: Durable keeps statuses to 16 KB, and larger messages apart.
EVENTS, STATE_KB, STATUS_KB, CALLS = 5_000, 64.0, 16.0, 64


@dataclass
class Figures:
    """The largest of each kind that a run has shown; the state also goes to the last activity."""

    where: str
    units: int
    turns: int = 0
    events: int = 0
    history_kb: float = 0.0
    state_kb: float = 0.0
    status_kb: float = 0.0
    look_kb: float = 0.0
    calls: int = 0
    milliseconds: float | None = None  # of processor time, per turn

    @property
    def bounded(self) -> bool:
        """Whether everything is within its bound."""
        small = self.state_kb <= STATE_KB and self.status_kb <= STATUS_KB
        return small and self.events <= EVENTS and self.calls <= CALLS


def simulated(units: int) -> Figures:
    """A run in virtual time."""
    figures, began = Figures("simulated", units), process_time()

    class Measured(Recorded):
        def _record(self, messages: Any, now: Any, turn: Any) -> Any:
            figures.calls = max(figures.calls, len(turn.calls))
            inputs = [_kb(call.members) for call in turn.calls]
            figures.state_kb = max(figures.state_kb, *inputs, 0.0)
            figures.look_kb = max(figures.look_kb, *map(_look_kb, messages), 0.0)
            turn = super()._record(messages, now, turn)
            if self.events:
                figures.events = max(figures.events, self.events)
                figures.history_kb = max(figures.history_kb, _kb(self.history))
                figures.state_kb = max(figures.state_kb, _kb(turn.again))
            return turn

    result = Play(_scenario(units), Measured).play()
    assert (result.end, result.wrong) == ("Succeeded", []), result.wrong
    figures.turns = result.turns
    figures.status_kb = max(map(_kb, result.statuses))
    figures.milliseconds = 1_000 * (process_time() - began) / result.turns
    return figures


def _scenario(units: int) -> Scenario:
    plan = Plan(
        kind=RunKind.GENERATE,
        units=units,
        stages=("generate",),
        instances=Instances(count=GROUPS),
        limits=RunLimits(deadline=7 * 86_400),
        prices=Prices(vcpu_second=0.0000113, gb_second=0.0000012),
        regions=("eastus",),
        window=10_000,
        page=500,
        tick=15.0,
        part=10_000,
    )
    return Scenario(
        seed=units,
        plan=plan,
        faults=frozenset(),
        unit_seconds=UNIT_SECONDS,
        start_seconds=60,
        visibility=120,
        idle=60,
        prepare_calls=1,
        groups_quota=GROUPS,
        cores_quota=100.0,
        wishes=(),
    )


def on_the_local_host(units: int) -> Figures:
    """A run of tiny units on real parts."""
    figures = Figures("local host", units)
    with TemporaryDirectory(prefix="aci-jobs-sizes-") as folder:
        azurite = Azurite(Path(folder) / "azurite", Toolchain.from_environment())
        database = Postgresql.from_environment(Path(folder) / "postgresql", durable=False)
        azurite.start()
        database.start()
        app = LocalApp(
            Path(folder) / "app", storage=azurite.connection_string, postgresql=database.url
        )
        try:
            app.start()
            _measure(Ground(app, "sizes"), figures)
        finally:
            app.stop()
            database.stop()
            azurite.stop()
    return figures


def _measure(ground: Ground, figures: Figures) -> None:
    request = {
        "kind": "generate",
        "dataset": DATASET,
        "units": figures.units,
        "instances": {"count": 4, "cpu": 0.5, "memory_gb": 1},
    }
    run = ground.client.start(request)
    assert ground.finish(run, seconds=1_800)["state"] == "Succeeded"
    for execution in ground.executions(run):
        history = execution.history
        figures.events = max(figures.events, len(history))
        figures.history_kb = max(figures.history_kb, _kb(history))
        figures.turns += sum(event.get("Name") == "observe" for event in history)
        figures.look_kb = max(figures.look_kb, *map(_look_kb, history))
        figures.calls = max(figures.calls, *_calls(history))
        inputs = [len(event.get("Input") or "") / 1024 for event in history]
        figures.state_kb = max(figures.state_kb, *inputs)
    figures.status_kb = _kb(ground.client.show(run)["status"])


def _calls(history: list[dict[str, Any]]) -> Iterator[int]:
    """Activities that are called in one episode."""
    called = 0
    for event in history:
        if event["EventType"] == Kind.ORCHESTRATOR_STARTED:
            called = 0
        called += event["EventType"] == Kind.TASK_SCHEDULED
        yield called


def _look_kb(event: dict[str, Any]) -> float:
    return len(event.get("Result") or "") / 1024


def _kb(value: Any) -> float:
    return len(json.dumps(value)) / 1024


def shown(rows: list[Figures]) -> Table:
    """All of them."""
    table = Table(title=f"{GROUPS} container groups; the largest of each kind")
    for column in (
        "where",
        "units",
        "turns",
        "history events",
        "history KB",
        "state KB",
        "status KB",
        "outcome KB",
        "calls a turn",
        "ms a turn",
    ):
        table.add_column(column, justify="left" if column == "where" else "right")
    for row in rows:
        table.add_row(
            row.where,
            f"{row.units:,}",
            f"{row.turns:,}",
            f"{row.events:,}",
            *(f"{kb:.1f}" for kb in (row.history_kb, row.state_kb, row.status_kb, row.look_kb)),
            f"{row.calls}",
            "" if row.milliseconds is None else f"{row.milliseconds:.1f}",
        )
    return table


def main() -> int:
    """Run all sizes; 1 if anything is above its bound."""
    warnings.simplefilter("ignore")
    rows = [*map(simulated, SIZES), on_the_local_host(SIZES[0])]
    page = Page("What a run costs the control plane, by its size", width=118)
    page.print(shown(rows))
    page.print(
        f"bounds: {EVENTS:,} history events, {STATE_KB:.0f} KB of state, "
        f"{STATUS_KB:.0f} KB of status, {CALLS} calls a turn"
    )
    held = all(row.bounded for row in rows)
    page.print("reached: all within their bounds" if held else "missed")
    page.publish()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
