"""What a run of a dataset would come to: what was measured here, and what is assumed of there."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from command_line.measuring import Measurement
from orchestration import planning
from orchestration.model import Instances
from orchestration.settings import Settings

START_SECONDS = 60.0
"""From the request for a container group, billed from its image pull on, to its first unit."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A generate run of `units` units; the defaults of the app's settings stand for the app."""

    units: int
    instances: Instances
    measured: Measurement
    settings: Settings

    @property
    def used(self) -> int:
        """Container groups that find a unit."""
        return min(self.instances.most, self.units)

    @property
    def work_seconds(self) -> float:
        """Until the last unit is made: a worker makes one at a time, with one vCPU at most."""
        slower = min(1.0, self.instances.cpu)
        return ceil(self.units / self.used) * self.measured.seconds / slower

    @property
    def run_seconds(self) -> float:
        """From the request to the last document."""
        return START_SECONDS + self.work_seconds

    @property
    def billed_seconds(self) -> float:
        """Of all container groups together, which wait for more work before they leave."""
        return self.instances.most * (self.run_seconds + self.settings.worker_idle_seconds)

    @property
    def cost(self) -> float:
        """In the currency of the prices."""
        return planning.cost(self.instances, self.settings.prices, self.billed_seconds)


def estimated(units: int, instances: Instances, measured: Measurement) -> Estimate:
    """An estimate by the defaults of the app's settings, whatever the environment says."""
    return Estimate(units, instances, measured, Settings.model_construct())


def show(console: Console, estimate: Estimate) -> None:
    """Print an estimate, first what was measured and then what follows by the assumptions."""
    measured = estimate.measured
    console.print(Text(f"Measured here, on {count(measured.units, 'unit')}", "bold"))
    console.print(_sizes(estimate))
    console.print()
    console.print(Text("Estimated", "bold"))
    console.print(_outcome(estimate))
    console.print()
    console.print(Text("Assumed", "bold"))
    for line in _assumptions(estimate):
        console.print(Text(f"- {line}"))


def _sizes(estimate: Estimate) -> Table:
    measured, units = estimate.measured, estimate.units
    each, total = measured.each, measured.total(units)
    table = _table("", "a unit", "all units" if units > 1 else "the unit")
    for name in measured.first.records:
        table.add_row(
            Text(name), f"{each.records.get(name, 0):,.0f}", f"{total.records[name]:,.0f}"
        )
    rows = sum(each.records.values())
    table.add_row("rows", f"{rows:,.0f}", f"{sum(total.records.values()):,.0f}", style="bold")
    table.add_row("documents", f"{each.documents:,.0f}", f"{total.documents:,.0f}")
    table.add_row("bytes raw", decimal(int(each.raw)), decimal(int(total.raw)))
    table.add_row("bytes stored", decimal(int(each.stored)), decimal(int(total.stored)))
    table.add_row("generation", duration(measured.seconds), duration(units * measured.seconds))
    return table


def _outcome(estimate: Estimate) -> Table:
    table = _table("", "")
    table.show_header = False
    groups = count(estimate.instances.most, "container group")
    table.add_row("time", f"{estimate.run_seconds / 60:,.1f} minutes on {groups}")
    table.add_row("billed", f"{estimate.billed_seconds:,.0f} s")
    table.add_row("cost", f"{estimate.cost:,.4f}")
    return table


def _assumptions(estimate: Estimate) -> Iterator[str]:
    prices, instances = estimate.settings.prices, estimate.instances
    yield f"a container group needs {START_SECONDS:.0f} s to start, and all start at once"
    yield "a vCPU there is as fast as one here; a worker makes one unit at a time and uses one vCPU"
    yield "uploads go on beside the making of other units and are no slower"
    idle = estimate.settings.worker_idle_seconds
    yield f"a worker waits {idle:.0f} s for more work before it leaves, and this is billed"
    yield (
        f"{instances.cpu:g} vCPU at {prices.vcpu_second:.7f} and {instances.memory_gb:g} GB at"
        f" {prices.gb_second:.7f} a second; storage, loading and the app itself cost extra"
    )


def _table(*names: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place and name else "left")
    return table


def count(number: int, name: str) -> str:
    """A number of things by name."""
    return f"{number:,} {name}" + ("" if number == 1 else "s")


def duration(seconds: float) -> str:
    """A time that was measured or follows from one."""
    if seconds < 1:
        return f"{1000 * seconds:.1f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:,.1f} min"
