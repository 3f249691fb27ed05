"""How fast this generator is, beside its peers, and whether it reaches its targets.

Run as `python -m benchmarks.generate`, or with `--rounds 1 --only ndjson --only faker` for a quick
look. Contenders run by turns, each in a process of its own on one core. Figures are medians of the
rounds, in processor time, without starts, imports and preparation. Peers are installed on first
use under `.local/benchmarks`, in the versions pinned in `benchmarks/peers`. It ends with 1 if a
contender fails or a target is missed.
"""

import operator
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from benchmarks.generate_contenders import (
    CONTENDERS,
    IMAGE,
    Contender,
    FailedError,
    build_image,
    pin,
    prepare,
    run,
)
from benchmarks.results import Page

Figures = Mapping[str, float]

OURS = "benchmarks.generate_ours"

PROBES: Mapping[str, Callable[[], Figures]] = {
    "latency": lambda: run(OURS, "latency", "2000"),
    "memory-200": lambda: run(OURS, "memory", "200"),
    "memory-2000": lambda: run(OURS, "memory", "2000"),
    "ready": lambda: run("benchmarks.generate_ready", str(time.monotonic()), root=IMAGE),
    "ready-bare": lambda: run("benchmarks.generate_ready", str(time.monotonic())),
}
"""What is measured of this generator alone, on retail as lines of JSON."""


class Results:
    """The medians of all that was measured, and the faults of what failed."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}
        self._reports: dict[str, list[Figures]] = {}

    def add(self, name: str, measure: Callable[[], Figures]) -> None:
        """Measure once more; what failed once is left alone."""
        if name in self.faults:
            return
        try:
            self._reports.setdefault(name, []).append(measure())
        except FailedError as error:
            self.faults[name] = str(error)

    def median(self, name: str, figure: str) -> float:
        """The median of a figure over the rounds.

        Raises:
            FailedError: it failed.
            KeyError: it was left out.
        """
        if name in self.faults:
            raise FailedError(self.faults[name])
        return statistics.median(report[figure] for report in self._reports[name])

    def ratio(self, one: str, other: str, figure: str) -> float:
        """How many times the other's figure this one's is."""
        return self.median(one, figure) / self.median(other, figure)

    def has(self, name: str) -> bool:
        """Whether there are figures."""
        return name in self._reports and name not in self.faults


@dataclass(frozen=True)
class Target:
    """A figure and the limit it must keep."""

    text: str
    figure: Callable[[Results], float]
    keeps: Callable[[float, float], bool]
    limit: float


def at_least(limit: float, what: str, figure: Callable[[Results], float]) -> Target:
    """A target of which more is better."""
    return Target(f"{what}: at least {limit:g}", figure, operator.ge, limit)


def at_most(limit: float, what: str, figure: Callable[[Results], float]) -> Target:
    """A target of which less is better."""
    return Target(f"{what}: at most {limit:g}", figure, operator.le, limit)


TARGETS = [
    at_least(90, "retail NDJSON, times Faker", lambda r: r.ratio("ndjson", "faker", "rows/s")),
    at_least(55, "retail with zstd 1, times Faker", lambda r: r.ratio("zstd", "faker", "rows/s")),
    at_least(25, "retail Parquet, times Faker", lambda r: r.ratio("parquet", "faker", "rows/s")),
    at_least(
        1.7,
        "rows of retail NDJSON, times tpchgen's of lineitem",
        lambda r: r.ratio("ndjson", "tpchgen-lineitem", "rows/s"),
    ),
    at_least(
        1.0,
        "fields of lineitem CSV, times tpchgen's",
        lambda r: r.ratio("lineitem", "tpchgen-lineitem", "fields/s"),
    ),
    at_most(
        2.0, "99th percentile of a unit, times the median", lambda r: r.median("latency", "ratio")
    ),
    at_most(150, "most memory, MB", lambda r: r.median("memory-2000", "peak")),
    at_most(
        1.05,
        "most memory of 2,000 units, times that of 200",
        lambda r: r.ratio("memory-2000", "memory-200", "peak"),
    ),
    at_most(
        0.5,
        "from a process's start to its first unit in the image, s",
        lambda r: r.median("ready", "total"),
    ),
]


def compete(contender: Contender) -> Figures:
    """Run a contender once: what it made a second of the processor."""
    cost = run(*contender.command, peer=contender.peer)
    cpu = cost["cpu_seconds"]
    return {
        "rows/s": cost["rows"] / cpu,
        "fields/s": cost["fields"] / cpu,
        "MB/s": cost["bytes"] / cpu / 1e6,
    }


def contest(contenders: Iterable[Contender], results: Results) -> Table:
    """All contenders, those that make the same side by side."""
    title = "One core, medians in processor time, bytes before zstd"
    table = Table(title=title, box=SIMPLE)
    for heading in ("contender", "makes"):
        table.add_column(heading, no_wrap=True)
    for heading in ("k rows/s", "k fields/s", "MB/s", "times Faker", "times tpchgen"):
        table.add_column(heading, justify="right")
    for contender in contenders:
        table.add_row(contender.title, contender.makes, *_cells(contender, results))
    return table


def _cells(contender: Contender, results: Results) -> list[str]:
    name, base = contender.name, contender.base
    if name in results.faults:
        return ["[red]failed[/]"]
    rows, fields, size = (results.median(name, what) for what in ("rows/s", "fields/s", "MB/s"))
    times = f"{results.ratio(name, base, 'rows/s'):.2f}" if results.has(base) else ""
    multiples = [times, ""] if base == "faker" else ["", times]
    return [f"{rows / 1e3:,.1f}", f"{fields / 1e3:,.0f}", f"{size:,.1f}", *multiples]


def alone(results: Results) -> Table:
    """What was measured of this generator alone."""
    table = Table("ours, retail NDJSON", title="Steadiness, memory, start", box=SIMPLE)

    def row(text: str, probe: str, figure: str, form: str) -> None:
        if results.has(probe):
            table.add_row(text, form.format(results.median(probe, figure)))

    table.add_column("median", justify="right")
    row("a unit, median", "latency", "median", "{:.2f} ms")
    row("a unit, 99th percentile of 2,000", "latency", "p99", "{:.2f} ms")
    row("the second over the first", "latency", "ratio", "{:.2f}")
    row("most memory, 200 units", "memory-200", "peak", "{:.1f} MB")
    row("most memory, 2,000 units", "memory-2000", "peak", "{:.1f} MB")
    row("start: the interpreter", "ready", "interpreter", "{:.3f} s")
    row("start: imports", "ready", "imports", "{:.3f} s")
    row("start: the dataset compiled", "ready", "compile", "{:.3f} s")
    row("start: the first unit", "ready", "unit", "{:.3f} s")
    row("start: all of it", "ready", "total", "{:.3f} s")
    row("start: all of it, without compiled vocabularies", "ready-bare", "total", "{:.3f} s")
    return table


def judge(results: Results, page: Page) -> bool:
    """Say of each target whether it is reached; whether none is missed and nothing failed."""
    for name, fault in results.faults.items():
        page.print("failed", name, fault, style="red", soft_wrap=True)
    verdicts = [_verdict(target, results) for target in TARGETS]
    for target, (verdict, style) in zip(TARGETS, verdicts, strict=True):
        page.print(f"{verdict:<24}", target.text, style=style, soft_wrap=True)
    missed = any(verdict.startswith("missed") for verdict, _ in verdicts)
    return not (missed or results.faults)


def _verdict(target: Target, results: Results) -> tuple[str, str]:
    """Reached or missed, with the figure, and the colour to say it in."""
    try:
        figure = target.figure(results)
    except FailedError:
        return "missed", "red"
    except KeyError:
        return "not measured", "dim"
    if target.keeps(figure, target.limit):
        return f"reached {figure:8.3g}", "green"
    return f"missed  {figure:8.3g}", "red"


def rounds_by_turns(
    count: int, measures: Mapping[str, Callable[[], Figures]], page: Page
) -> Results:
    """Everything once, then everything again: what disturbs a minute disturbs all alike."""
    results = Results()
    with page.screen.status("") as status:
        for turn in range(1, count + 1):
            for name, measure in measures.items():
                status.update(f"round {turn} of {count}: {name}")
                results.add(name, measure)
    return results


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often each contender runs.")] = 5,
    only: Annotated[list[str] | None, typer.Option(help="A contender or probe to run.")] = None,
) -> None:
    """Measure, print the tables, and judge."""
    names = [contender.name for contender in CONTENDERS] + list(PROBES)
    chosen = only or names
    if unknown := set(chosen).difference(names):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(names)}")
    contenders = [contender for contender in CONTENDERS if contender.name in chosen]
    page = Page("The generator beside its peers")
    with page.screen.status("installing peers"):
        prepare({contender.peer for contender in contenders if contender.peer})
    if "ready" in chosen:
        build_image()
    pin()
    runs = {contender.name: partial(compete, contender) for contender in contenders}
    probes = {name: probe for name, probe in PROBES.items() if name in chosen}
    results = rounds_by_turns(rounds, runs | probes, page)
    if contenders:
        page.print(contest(contenders, results))
    if probes:
        page.print(alone(results))
    reached = judge(results, page)
    page.publish()
    if not reached:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
