"""`python -m chaos run` plays episodes for a given time; `story` tells what a seed stands for."""

import random
import signal
import warnings
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from benchmarks.results import Page
from local_host.system import CHECKOUT

from .ground import faketime
from .playing import Result, play
from .scenario import draw
from .telling import line, schedule, story, summary

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
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    # What the Durable SDK says, as histories are replayed, of an event that comes early: no fault.
    warnings.filterwarnings("ignore", "Potential duplicate Task completion")
    first = random.randrange(1_000_000) if seed is None else seed
    console.print(f"Seeds from {first}; again: make chaos SEED={first}")
    if not faketime():
        console.print("No libfaketime: the clocks of workers stay right.")
    results: list[Result] = []
    interrupted = True
    try:
        _play_on(results, first, monotonic() + 60 * minutes, folder)
    except KeyboardInterrupt:
        console.print("Everything is healed and stopped.")
    else:
        interrupted = False
    page = Page("Chaos: nothing is lost, whatever breaks")
    for part in summary(results):
        page.print(part)
    if seed is None and not interrupted:  # a replay is for a look
        page.publish()
    raise typer.Exit(interrupted or any(result.wrong for result in results))


def _play_on(results: list[Result], first: int, deadline: float, folder: Path) -> None:
    """Play one episode, and others until the deadline; tell each as it ends."""
    while not results or monotonic() < deadline:
        seed = first + len(results)
        result = play(draw(seed), folder / f"{datetime.now(UTC):%y%m%d-%H%M%S}-{seed}")
        results.append(result)
        console.print(line(result), soft_wrap=True)
        if result.wrong:
            console.print(story(result), markup=False, soft_wrap=True)


@cli.command(name="story")
def tell(seed: int) -> None:
    """Tell the jobs and faults that a seed stands for, without playing them."""
    console.print(schedule(draw(seed)), markup=False, soft_wrap=True)


def _interrupt(*_: object) -> NoReturn:
    """Once: a second signal must not leave half of it running."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    console.print("Interrupted: healing and stopping everything.")
    raise KeyboardInterrupt


if __name__ == "__main__":
    cli()
