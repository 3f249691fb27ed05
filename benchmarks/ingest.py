"""How fast documents come into PostgreSQL, beside what COPY alone allows and what others do.

Run as `python -m benchmarks.ingest`, or with `--rounds 1 --units 10` for a quick look. Every
contender loads the same units of the retail example into a server of this benchmark's own, which
is durable, and takes its turn once a round in processes of its own, on a schema made anew. The
floor and `psql` send bytes that COPY reads as they are; all others have documents to read. Figures
are medians of the rounds, and so are ratios, each of two turns of one round. Slow contenders load
fewer units. It ends with 1 if a contender fails or a target is missed.
"""

import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.box import SIMPLE
from rich.table import Table

from benchmarks.generate_contenders import FailedError, prepare
from benchmarks.ingest_contenders import LINES, MANY, OURS, Bench, Line, Pace
from benchmarks.ingest_loading import FEW
from benchmarks.ingest_server import Keys, Server
from benchmarks.ingest_units import FORMS, make_units, missing_reader, tables
from benchmarks.results import Page

T = TypeVar("T")

TARGETS = {
    OURS: (0.85, "ours with primary and foreign keys, times the floor"),
    "ours-ndjson PRIMARY": (0.75, "ours with primary keys alone, times the floor"),
    "two": (1.7, "two workers, times one"),
    "after": (2.0, "keys after the load, times inline, to the last of them"),
}
"""By line what its ratio must be at least."""
GROWTH = 1.1
"""How many times the memory after a few units that after many may be."""


class Results:
    """What was measured in each round, and the faults of what failed."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}
        self.paces: dict[str, list[Pace]] = {}
        self.memory: dict[str, float] = {}

    def measure(self, name: str, work: Callable[[], T]) -> T | None:
        """Do the work, unless it failed before."""
        if name not in self.faults:
            try:
                return work()
            except FailedError as error:
                self.faults[name] = str(error)
                self.paces.pop(name, None)
        return None

    def ratio(self, line: Line) -> float | None:
        """The median of a line's multiples of its base; None if one of them is not there."""
        if not {line.name, line.base} <= self.paces.keys():
            return None
        pairs = zip(self.paces[line.name], self.paces[line.base], strict=True)
        return statistics.median(one.rate / base.rate for one, base in pairs)


def play(bench: Bench, lines: Sequence[Line], rounds: int, page: Page) -> Results:
    """All lines by turns, every other round backwards, so that a slow minute is everybody's."""
    results = Results()
    with page.screen.status("") as status:
        for number in range(rounds):
            for line in reversed(lines) if number % 2 else lines:
                status.update(f"round {number + 1} of {rounds}: {line.name}")
                pace = results.measure(line.name, partial(bench.pace, line))
                if pace:
                    results.paces.setdefault(line.name, []).append(pace)
        status.update("memory")
        results.memory = results.measure("memory", bench.memory) or {}
    return results


def show(lines: Iterable[Line], results: Results, title: str) -> Table:
    """All lines, by the keys that their tables have."""
    table = Table(title=title, box=SIMPLE, caption="Milliseconds of processor time a unit")
    table.add_column("contender", no_wrap=True)
    for heading in ("k rows/s", "client ms", "server ms", "times", "of"):
        table.add_column(heading, justify="left" if heading == "of" else "right", no_wrap=True)
    keys = None
    for line in lines:
        if line.keys is not keys:
            keys = line.keys
            table.add_section()
            table.add_row(f"[bold]{keys.value}[/]")
        table.add_row(line.title, *_cells(line, results))
    return table


def _cells(line: Line, results: Results) -> list[str]:
    if line.name not in results.paces:
        return ["[red]failed[/]"]
    paces, ratio = results.paces[line.name], results.ratio(line)
    rate, client, server = (
        statistics.median(figures)
        for figures in zip(*((one.rate, one.client, one.server) for one in paces), strict=True)
    )
    times = "" if ratio is None else f"{ratio:.3f}"
    # Connections of its own build the keys, and are gone when the clocks are read.
    backends = "" if line.keys is Keys.AFTER else f"{server:.2f}"
    return [f"{rate / 1e3:,.1f}", f"{client:.2f}", backends, times, line.of]


def verdicts(results: Results) -> Iterator[tuple[str, float | None, bool]]:
    """What is judged, the figure if there is one, and whether it is good enough."""
    ratios = {line.name: results.ratio(line) for line in LINES}
    for name, (limit, text) in TARGETS.items():
        figure = ratios[name]
        yield f"{text}: at least {limit:g}", figure, figure is not None and figure >= limit
    if results.memory:
        few, many = results.memory["few"], results.memory["many"]
        text = f"memory after {MANY} units, {many:.0f} MB at most, times that after {FEW}"
        yield f"{text}: at most {GROWTH:g}", many / few, many / few <= GROWTH


def judge(results: Results, page: Page) -> bool:
    """Say of each target whether it is reached; whether none is missed and nothing failed."""
    for name, fault in results.faults.items():
        page.print("failed", name, fault, style="red", soft_wrap=True)
    missed = False
    for text, figure, reached in verdicts(results):
        if figure is None:
            page.print(f"{'not measured':<24}", text, style="dim", soft_wrap=True)
            continue
        missed = not page.judge(text, figure, reached=reached) or missed
    return not (missed or results.faults)


def chosen(folder: Path, only: Sequence[str], page: Page) -> list[Line]:
    """The lines to measure: those of the contenders named, and of forms that can be read."""
    names = {line.contender.name for line in LINES}
    if unknown := set(only) - names:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(names)}")
    wanted = set(only or names)
    for form in FORMS:
        fault = missing_reader(folder / "0", [table.name for table in tables(folder)], FORMS[form])
        if fault:
            page.print("left out", fault, style="dim", soft_wrap=True)
            wanted.discard(f"ours-{form}")
    return [line for line in LINES if line.contender.name in wanted]


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often each contender loads.")] = 5,
    units: Annotated[int, typer.Option(min=1, help="How many units it loads.")] = 60,
    only: Annotated[list[str] | None, typer.Option(help="A contender to run.")] = None,
) -> None:
    """Measure, print the table, and judge."""
    page = Page("The loader beside COPY alone and its peers")
    with tempfile.TemporaryDirectory(prefix="aci-jobs-ingest-") as name:
        folder = Path(name)
        with page.screen.status("making units"):
            count = max(MANY, 2 * (units + 1))
            rows = make_units(folder / "units", count, together=range(1, units + 1))
        lines = chosen(folder / "units", only or (), page)
        with page.screen.status("installing peers"):
            prepare({line.contender.peer for line in lines if line.contender.peer})
        with Server(folder / "postgresql", tables(folder / "units")) as server:
            results = play(Bench(server, folder / "units", rows, units), lines, rounds, page)
    title = f"{units} units of retail in PostgreSQL, medians of {rounds} rounds"
    page.print(show(lines, results, title))
    reached = judge(results, page)
    page.publish()
    if not reached:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
