"""What a run of a dataset would come to: what was measured here, and what is assumed of there."""

from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from command_line.figures import count, duration
from orchestration.estimating import Estimate
from orchestration.model import Instances
from orchestration.settings import Settings
from worker_image.generator.measuring import Measurement


def estimated(units: int, instances: Instances, measured: Measurement) -> Estimate:
    """A generate run by the defaults of the app's settings, whatever the environment says."""
    settings = Settings.model_construct()
    return Estimate(
        units=units,
        seconds=measured.seconds,
        instances=instances,
        prices=settings.prices,
        idle_seconds=settings.worker_idle_seconds,
    )


def show(console: Console, measured: Measurement, estimate: Estimate) -> None:
    """Print an estimate, first what was measured and then what follows by the assumptions."""
    console.print(Text(f"Measured here, on {count(measured.units, 'unit')}", "bold"))
    console.print(_sizes(measured, estimate.units))
    console.print()
    console.print(Text("Estimated", "bold"))
    console.print(_outcome(estimate))
    console.print()
    console.print(Text("Assumed", "bold"))
    for line in estimate.assumptions():
        console.print(Text(f"- {line}"))


def _sizes(measured: Measurement, units: int) -> Table:
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
    groups = count(estimate.groups, "container group")
    table.add_row("time", f"{estimate.run_seconds / 60:,.1f} minutes on {groups}")
    table.add_row("billed", f"{estimate.billed_seconds:,.0f} s")
    table.add_row("cost", f"{estimate.cost:,.4f}")
    return table


def _table(*names: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place and name else "left")
    return table
