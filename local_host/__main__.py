"""Command line: `python -m local_host setup | up | down | demo`."""

import os
import signal
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from command_line.client import RefusedError, UnreachableError
from local_host.demo import run_demo
from local_host.services.process import ServiceError
from local_host.services.toolchain import Toolchain, ToolchainError
from local_host.system import STATE, System

cli = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
State = Annotated[Path, typer.Option(help="The folder that keeps everything.")]


@cli.command()
def setup() -> None:
    """Install what is not a Python package: Azurite. Idempotent."""
    Toolchain.from_environment().install()


@cli.command()
def up(state: State = STATE) -> None:
    """Start everything and leave it running."""
    console = Console()
    system = System(state)
    _start(system, console)
    console.print(f"The app answers at {system.app.url}/api, its key is {system.app.key}")
    console.print("aci-jobs talks to it: aci-jobs run examples/retail/job.yaml, aci-jobs open")


@cli.command()
def down(state: State = STATE) -> None:
    """Stop everything; a run goes on at the next start."""
    System(state).stop()


@cli.command()
def demo(
    units: Annotated[int | None, typer.Option(min=1, help="200 if not given.")] = None,
    state: State = STATE,
) -> None:
    """Run examples/retail from the HTTP start to the checked rows, and stop everything again."""
    console = Console()
    system = System(state)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _start(system, console)
        holds = run_demo(system, units, console)
    except KeyboardInterrupt:
        console.print("Interrupted; stopping everything.")
        holds = False
    except (ServiceError, ToolchainError, RefusedError, UnreachableError) as error:
        console.print(f"[red]{error}[/red]")
        holds = False
    finally:
        # A second Ctrl-C must not leave half of it running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        system.stop()
    raise typer.Exit(0 if holds else 1)


def _start(system: System, console: Console) -> None:
    began = time.monotonic()
    for name, part in (
        ("Azurite", system.azurite),
        ("PostgreSQL", system.postgresql),
        ("the app and its container groups", system.app),
    ):
        part.start()
        console.print(f"{name}: ready after {time.monotonic() - began:.1f} s")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    os.umask(0o022)
    cli()
