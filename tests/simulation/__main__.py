"""`python -m simulation run` plays many runs; `story` tells one of them, `history` writes it."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from .many import Tally, tallies
from .playing import play
from .replaying import Recorded
from .scenario import FAULTS

cli = typer.Typer(no_args_is_help=True, add_completion=False)
console = Console(highlight=False)


@cli.command()
def run(
    runs: Annotated[int, typer.Option(min=1, help="How many.")] = 2_000,
    first: Annotated[int, typer.Option(min=0, help="The seed of the first.")] = 0,
) -> None:
    """Play many runs, each with the faults of its seed; exit code 1 if anything is wrong."""
    console.print(f"seeds {first} to {first + runs - 1}")
    found = Tally()
    for part in track(tallies(first, runs), "simulating", total=-(-runs // 50), console=console):
        found.add(part)
    _show(found)
    raise typer.Exit(bool(found.wrong))


@cli.command()
def story(seed: int) -> None:
    """Play the run of one seed and tell everything that happened."""
    result = play(seed)
    typer.echo(result.story)
    raise typer.Exit(bool(result.wrong))


@cli.command()
def history(seed: int) -> None:
    """Play the run of one seed and write the history of each of its executions, a line each.

    Such a file is frozen when the orchestrator gets a new name: see `docs/upgrade.md`.
    """
    played: list[Recorded] = []

    def kept(payload: Any) -> Recorded:
        played.append(Recorded(payload))
        return played[-1]

    result = play(seed, kept)
    for execution in played:
        typer.echo(json.dumps(execution.history, separators=(",", ":")))
    raise typer.Exit(bool(result.wrong))


def _show(found: Tally) -> None:
    console.print(
        f"{found.runs:,} runs, {found.turns:,} turns, "
        f"{found.replayed:,} of the runs through the SDK's replay as well"
    )
    ends = Table("end", "runs", title="by end")
    for end, count in found.ends.most_common():
        ends.add_row(end or "something was wrong", f"{count:,}")
    console.print(ends)
    faults = Table("fault", "runs", "times", title="by fault")
    for fault in FAULTS:
        faults.add_row(fault, f"{found.drawn[fault]:,}", f"{found.met[fault]:,}")
    console.print(faults)
    for seed, wrong in found.wrong[:20]:
        console.print(f"WRONG with seed {seed}: {wrong}", markup=False)
        console.print(f"    PYTHONPATH=tests python -m simulation story {seed}")
    console.print(f"{len(found.wrong)} runs are wrong" if found.wrong else "Every invariant held.")


if __name__ == "__main__":
    cli()
