"""`python -m chaos run` plays episodes for a given time; `story` tells what a seed stands for."""

import random
import signal
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from local_host.system import CHECKOUT

from .playing import Result, play
from .scenario import draw
from .telling import line, schedule, story, tables

cli = typer.Typer(no_args_is_help=True, add_completion=False)
console = Console(highlight=False)
FOLDER = CHECKOUT / ".local" / "chaos"


@cli.command()
def run(
    minutes: Annotated[float, typer.Option(min=0, help="No episode begins after them.")] = 10,
    seed: Annotated[int | None, typer.Option(help="Of the first episode; drawn if none.")] = None,
    folder: Annotated[Path, typer.Option(help="Where episodes have their folders.")] = FOLDER,
) -> None:
    """Play episodes, each of the next seed; exit code 1 if anything is wrong, or on Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    first = random.randrange(1_000_000) if seed is None else seed
    deadline, results = monotonic() + 60 * minutes, list[Result]()
    console.print(f"Seeds from {first}; again: make chaos SEED={first}")
    while not results or monotonic() < deadline:
        seed = first + len(results)
        began = datetime.now(UTC)
        result = play(draw(seed), folder / f"{began:%y%m%d-%H%M%S}-{seed}")
        results.append(result)
        console.print(line(result), soft_wrap=True)
        if result.wrong:
            console.print(story(result), markup=False, soft_wrap=True)
    for table in tables(results):
        console.print(table)
    wrong = [result.scenario.seed for result in results if result.wrong]
    console.print(f"WRONG with seeds {wrong}" if wrong else "Every invariant held.")
    raise typer.Exit(bool(wrong))


@cli.command(name="story")
def tell(seed: int) -> None:
    """Tell the jobs and faults that a seed stands for, without playing them."""
    console.print(schedule(draw(seed)), markup=False, soft_wrap=True)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    cli()
