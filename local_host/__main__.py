"""Command line: `python -m local_host setup | image | up | down | upload | sql | demo | docs`."""

import os
import signal
import time
from pathlib import Path
from typing import Annotated, NoReturn

import psycopg
import typer
from azure.storage.blob import BlobServiceClient
from rich.console import Console
from rich.table import Table

from command_line.client import RefusedError, UnreachableError
from local_host import images
from local_host.container_instances.engines import EngineError
from local_host.container_instances.options import EngineName
from local_host.demo import run_demo
from local_host.services.process import ServiceError
from local_host.services.toolchain import Toolchain, ToolchainError
from local_host.system import CHECKOUT, STATE, System

cli = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
MOST_ROWS = 100
State = Annotated[Path, typer.Option(help="The folder that keeps everything.")]
Engine = Annotated[
    EngineName, typer.Option(help="What container groups are: processes, or images of an engine.")
]


@cli.command()
def setup() -> None:
    """Install what is not a Python package: Azurite. Idempotent."""
    Toolchain.from_environment().install()


@cli.command()
def image() -> None:
    """Build the worker's image and the example's with buildah, on a Debian by debootstrap."""
    try:
        images.build()
    except EngineError as error:
        Console().print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None
    print(f"{images.IMAGE} and {images.DOCX_IMAGE} are in {images.STORAGE}")


@cli.command()
def up(state: State = STATE, engine: Engine = "process") -> None:
    """Start everything and leave it running."""
    console = Console()
    system = System(state, engine=engine)
    _start(system, console)
    print(f"The app answers at {system.app.url}/api, its key is {system.app.key}")
    print("aci-jobs talks to it: aci-jobs run examples/retail/job.yaml, aci-jobs open")
    print(f"The database is {system.postgresql.url}")


@cli.command()
def down(state: State = STATE) -> None:
    """Stop everything; a run goes on at the next start."""
    stopped = System(state).stop()
    for name in stopped:
        print(f"{name}: stopped")
    if not stopped:
        print("Nothing was running.")


@cli.command()
def upload(
    place: Annotated[str, typer.Argument(help="CONTAINER, or CONTAINER/FOLDER")],
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    state: State = STATE,
) -> None:
    """Put files into the local storage, where another program would put them in Azure."""
    container, _, folder = place.partition("/")
    storage = System(state).azurite.connection_string
    with BlobServiceClient.from_connection_string(storage) as blobs:
        client = blobs.get_container_client(container)
        if not client.exists():
            client.create_container()
        for file in files:
            path = f"{folder.strip('/')}/{file.name}".lstrip("/")
            client.upload_blob(path, file.read_bytes(), overwrite=True)
            print(f"{container}/{path}")


@cli.command()
def sql(
    statement: Annotated[str, typer.Argument(help="A statement of SQL.")],
    state: State = STATE,
) -> None:
    """Run a statement in the local database, and show the rows that it gives."""
    try:
        with psycopg.connect(System(state).postgresql.url, autocommit=True) as database:
            found = database.execute(statement.encode())
            print(found.statusmessage)
            if found.description:
                table = Table(*(column.name for column in found.description))
                for row in found.fetchmany(MOST_ROWS):
                    table.add_row(*("" if value is None else str(value) for value in row))
                Console().print(table)
    except psycopg.Error as error:
        raise typer.BadParameter(str(error).strip()) from None


@cli.command()
def demo(
    units: Annotated[int | None, typer.Option(min=1, help="200 if not given.")] = None,
    state: State = STATE,
    engine: Engine = "process",
) -> None:
    """Run examples/retail from the HTTP start to the checked rows, and stop everything again."""
    console = Console()
    system = System(state, engine=engine)
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


@cli.command()
def docs() -> None:
    """Write what the code says into the pages of docs: settings, costs, limits. Idempotent."""
    from local_host.pages import pages  # noqa: PLC0415 - nobody else needs them

    for page, text in pages(CHECKOUT / "docs").items():
        page.write_text(text)


def _start(system: System, console: Console) -> None:
    began = time.monotonic()
    for name, part in system.parts.items():
        part.start()
        console.print(f"{name}: ready after {time.monotonic() - began:.1f} s")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    os.umask(0o022)
    cli()
