"""`python -m fuzzing` fuzzes every target and counts the inputs; exit code 1 for any fault."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from benchmarks.results import Page

from .targets import TARGETS

SHARE = 1.0
_RUNS = re.compile(r"^stat::number_of_executed_units: *(\d+)", re.MULTILINE)
_BOUNDS = ("-max_len=8192", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1")

cli = typer.Typer(add_completion=False)


@dataclass(frozen=True)
class Fuzzed:
    """How often a target was tried, and the input of its fault if there is one."""

    runs: int
    seconds: float
    fault: Path | None
    words: str


@cli.command()
def main(
    folder: Annotated[Path, typer.Argument(help="Where inputs are kept.")],
    share: Annotated[float, typer.Option(min=0, help="Of the inputs that are usual.")] = SHARE,
    only: Annotated[list[str] | None, typer.Option(help="These targets alone.")] = None,
) -> None:
    """Fuzz the targets one after the other, each in a process of its own."""
    page = Page("Inputs that nobody meant")
    results = Table("what is read", "inputs", "seconds", "faults")
    all_runs, faults = 0, []
    for name in only or TARGETS:
        found = fuzzed(name, folder, round(share * TARGETS[name].runs))
        all_runs += found.runs
        results.add_row(name, f"{found.runs:,}", f"{found.seconds:.0f}", str(found.fault or "none"))
        if found.fault:
            faults.append(f"{name}: {found.fault}\n{found.words}")
    page.print(results)
    page.print(f"{all_runs:,} inputs, each read or refused in time; faults: {len(faults)}")
    for fault in faults:
        page.print(fault, markup=False)
    page.publish()
    raise typer.Exit(bool(faults))


def fuzzed(name: str, folder: Path, runs: int) -> Fuzzed:
    """Fuzz one target from its samples and from the inputs that earlier times have kept."""
    place = folder / name.replace(" ", "-")
    inputs = place / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(TARGETS[name].samples()):
        (inputs / f"sample-{number}").write_bytes(sample)
    before = set(place.iterdir())
    options = (f"-runs={runs}", *_BOUNDS, f"-artifact_prefix={place}/", str(inputs))
    begun = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-m", "fuzzing.one", name, *options],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    seconds = time.monotonic() - begun
    counted = _RUNS.search(told.stderr)
    fault = next(iter(set(place.iterdir()) - before), place if told.returncode else None)
    said = (line for line in (told.stdout + told.stderr).splitlines() if line[:1] != "#")
    words = "\n".join(said)[-3_000:] if fault else ""
    return Fuzzed(int(counted[1]) if counted else 0, seconds, fault, words)


if __name__ == "__main__":
    cli()
