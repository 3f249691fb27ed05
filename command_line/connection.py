"""Which app the commands talk to."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import typer

from command_line.client import Client

LOCAL = Path(__file__).parents[1] / ".local" / "state"
"""Where `make up` keeps what it has started."""


@dataclass(frozen=True)
class Target:
    """What the options before the command say; empty where they say nothing."""

    url: str = ""
    key: str = field(default="", repr=False)
    app: str = ""


def connect(context: typer.Context) -> Client:
    """The app that the options name, else the one that `make up` has started.

    Raises:
        typer.BadParameter: there is neither, or it is named in two ways, or its address is none.
        RefusedError, UnreachableError: Azure does not tell where the app is.
    """
    target = context.find_object(Target) or Target()
    if target.url and target.app:
        raise typer.BadParameter(
            "the app is named twice: by --url or ACI_JOBS_URL, and by --app or ACI_JOBS_APP"
        )
    if target.app:
        # What speaks to Azure takes long to import, and most commands do not need it.
        from command_line import azure_app  # noqa: PLC0415

        return azure_app.find(target.app)
    key = _key(target.key)
    return Client(_address(target.url), key) if target.url else _local(key)


def _key(text: str) -> str:
    """The key without what an editor or a file has put around it."""
    key = text.strip()
    if not re.fullmatch("[!-~]*", key):  # it goes into a header, and is not shown
        raise typer.BadParameter("a key has printable ASCII characters alone", param_hint="--key")
    return key


def _address(url: str) -> str:
    """Where the app answers, without what is the same for all."""
    parts = urlsplit(url)
    http = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not http or not _has_port(parts):
        raise typer.BadParameter("http://HOST or https://HOST is needed", param_hint="--url")
    if parts.query or parts.fragment:  # it may hold a key, and is not shown
        raise typer.BadParameter(
            "nothing may stand behind a ?: the key is for --key", param_hint="--url"
        )
    return url.rstrip("/").removesuffix("/api")


def _has_port(parts: SplitResult) -> bool:
    """Whether the port is one, or there is none, which is that of the scheme."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def _local(key: str) -> Client:
    try:
        ports = json.loads((LOCAL / "ports.json").read_text())
        keys = json.loads((LOCAL / "functions" / "keys.json").read_text())
    except OSError:
        raise typer.BadParameter(
            "no app is named: give --url and --key or --app, set ACI_JOBS_URL and ACI_JOBS_KEY or"
            " ACI_JOBS_APP, or start one here with `make up`"
        ) from None
    address = f"http://127.0.0.1:{ports['functions']}"
    return Client(address, key or keys["function"], hint="`make up` starts it")
