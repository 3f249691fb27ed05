"""What a headline run prints."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

import psutil
from rich.box import SIMPLE
from rich.table import Table

from benchmarks.headline.costs import Cost
from benchmarks.headline.floor import PROCESSES, WAYS, Floor
from benchmarks.headline.generating import SLOTS, WORKERS, Pace
from benchmarks.headline.naive import LOADS, UNITS
from benchmarks.headline.pipeline import GROUPS, Ran
from local_host.checks import Check


def _table(title: str, *headings: str) -> Table:
    """The first column holds words, all others figures."""
    table = Table(title=title, box=SIMPLE)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table


def stages(ran: Ran) -> Table:
    """Where the time went."""
    table = _table(
        f"{ran.units:,} units, {ran.rows:,} records, {ran.size / 1e6:,.0f} MB in"
        f" {ran.units:,} documents, {GROUPS} container groups",
        "stage",
        "seconds",
        "records/s",
    )
    for name, seconds in ran.stages():
        worked = "first to last" in name
        rate = f"{ran.rows / max(seconds, 1):,.0f}" if worked else ""
        table.add_row(name, f"{seconds:.1f}", rate)
    table.add_section()
    rate = f"{ran.rows / ran.seconds:,.0f}"
    table.add_row("all of it, from the request to the proof", f"{ran.seconds:.1f}", rate)
    return table


def processes(ran: Ran) -> Table:
    """Where the processor time went, and how soon it could be over with no core idle."""
    cores = psutil.cpu_count() or 1
    table = _table(
        f"Processor time and memory: {ran.cpu / ran.seconds:.2f} of {cores} cores on average",
        "process",
        "CPU seconds",
        "ms a unit",
        "share",
        "most memory, MB",
    )
    for kind, used in ran.used.items():
        each, share = 1e3 * used.cpu / ran.units, used.cpu / ran.cpu
        figures = f"{used.cpu:,.1f}", f"{each:.2f}", f"{share:.1%}", f"{used.memory / 1e6:,.0f}"
        table.add_row(kind, *figures)
    table.add_section()
    least = f"all of it, {ran.cpu / cores:.1f} s with no core idle"
    table.add_row(least, f"{ran.cpu:,.1f}", f"{1e3 * ran.cpu / ran.units:.2f}", "", "")
    return table


def money(costs: Iterable[Cost]) -> Table:
    """What it would cost."""
    table = _table(
        "On ACI, by the plan's estimate and the workers' processor time a unit",
        "container groups",
        "minutes",
        "billed minutes",
        "cost",
    )
    for cost in costs:
        figures = f"{cost.minutes:.1f}", f"{cost.billed_minutes:.1f}", f"{cost.money:.4f}"
        table.add_row(str(cost.groups), *figures)
    return table


def checked(checks: Iterable[Check]) -> Table:
    """What was asked of the services themselves."""
    table = Table("", "checked", "found", title="Every unit, every row", box=SIMPLE)
    for check in checks:
        table.add_row("ok" if check.holds else "[red]NO[/]", check.name, check.found)
    return table


def generation(paces: Sequence[tuple[Pace, Pace]]) -> Table:
    """What generation adds."""
    table = _table(
        f"Documents into storage: {WORKERS} workers of {SLOTS} slots, ms a unit, medians of"
        f" {len(paces)} rounds",
        "",
        "clock",
        "workers' CPU",
        "Azurite's CPU",
    )
    for name, turns in zip(
        ("workers as they are", "with ready documents"), zip(*paces, strict=True), strict=True
    ):
        figures = zip(*((turn.wall, turn.workers, turn.azurite) for turn in turns), strict=True)
        table.add_row(name, *(f"{median(each):.2f}" for each in figures))
    return table


def beside(ran: Ran, floors: Mapping[str, Floor], rates: Mapping[str, float]) -> Table:
    """The job beside what one would otherwise do, and beside what PostgreSQL alone can do."""
    table = _table("Beside it, in the same run", "", "seconds", "records/s", "the job is")
    job = ran.rows / ran.seconds

    def row(name: str, rate: float, seconds: float | None = None) -> None:
        table.add_row(
            name, f"{seconds:.1f}" if seconds else "", f"{rate:,.0f}", f"{job / rate:.2f} x"
        )

    row("this job", job, ran.seconds)
    for way, least in floors.items():
        name = f"COPY alone, {PROCESSES} processes, {WAYS[way]}"
        row(name, least.rows / least.seconds, least.seconds)
    for load, rate in rates.items():
        row(f"Faker, json.dumps, {LOADS[load]}; {UNITS} units", rate)
    return table
