"""Command line: `python -m local_host.functions --app DIR --state DIR --port N`."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from local_host.functions.app_index import AppError, load_app
from local_host.functions.host import InUseError, serve


def main(
    app: Annotated[Path, typer.Option(help="Folder with function_app.py and host.json.")],
    state: Annotated[Path, typer.Option(help="Folder for instances and keys; made if missing.")],
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 7071,
    settings: Annotated[Path | None, typer.Option(help="A local.settings.json.")] = None,
    log_level: Annotated[str, typer.Option(help="debug adds tracebacks.")] = "info",
) -> None:
    """Host a Python function app with Durable orchestrations, for development."""
    logging.basicConfig(
        level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.captureWarnings(True)
    logging.getLogger("azure").setLevel(logging.WARNING)
    try:
        asyncio.run(serve(load_app(app.resolve(), settings), state, port))
    except (AppError, InUseError) as error:
        typer.echo(f"Functions host: {error}", err=True)
        raise typer.Exit(2) from error
    logging.shutdown()
    # A function that has outlived the grace would keep the interpreter from ending.
    os._exit(0)


typer.run(main)
