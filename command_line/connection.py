"""Which app the commands talk to."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import typer

from command_line.client import Client

LOCAL = Path(__file__).parents[1] / ".local" / "state"
"""Where `make up` keeps what it has started."""


@dataclass(frozen=True)
class Target:
    """What the options before the command say; empty where they say nothing."""

    url: str = ""
    key: str = field(default="", repr=False)


def connect(context: typer.Context) -> Client:
    """The app that the options name, else the one that `make up` has started.

    Raises:
        typer.BadParameter: there is neither.
    """
    target = context.find_object(Target) or Target()
    if target.url:
        return Client(target.url.rstrip("/").removesuffix("/api"), target.key)
    return _local()


def _local() -> Client:
    try:
        ports = json.loads((LOCAL / "ports.json").read_text())
        keys = json.loads((LOCAL / "functions" / "keys.json").read_text())
    except OSError:
        raise typer.BadParameter(
            "no app is named: give --url and --key, set ACI_JOBS_URL and ACI_JOBS_KEY,"
            " or start one here with `make up`"
        ) from None
    return Client(f"http://127.0.0.1:{ports['functions']}", keys["function"])
