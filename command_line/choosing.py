"""Which run a person means."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

import typer

from command_line.client import Client, RefusedError
from command_line.connection import Target, connect
from worker_image.contract.naming import is_run_id

LAST = "last"
_PAGE, _SHOWN = 500, 5
_COMPLETED, _SECONDS = 50, 2.0


def completed(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The newest runs that begin like this, for the shell; none on any error.

    An app that is found by its Azure resource is not asked: signing in takes longer than to type.
    """
    try:
        options = context.find_root().params
        if options.get("app"):
            return []
        context.obj = Target(options.get("url") or "", options.get("key") or "")
        client = replace(connect(context), timeout=_SECONDS)
        runs = client.call("GET", "/runs", query={"limit": _COMPLETED})["runs"]
    except Exception:  # whatever it is, a shell has no place for it
        return []
    known = [(LAST, "the newest run"), *((run["run"], run["state"]) for run in runs)]
    return [item for item in known if item[0].startswith(incomplete)]


RUN = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="The id of a run, its beginning or end if no other has it, or `last`.",
        autocompletion=completed,
    ),
]


def chosen(client: Client, words: str) -> str:
    """The id of the run that is meant; a whole id is not looked up.

    Raises:
        RefusedError: there is no such run.
        typer.BadParameter: several begin or end so.
    """
    if is_run_id(words):
        return words
    found = _newest(client) if words == LAST else _alike(client, words)
    if not found:
        reason = "there is no run yet" if words == LAST else f"no run begins or ends with {words!r}"
        raise RefusedError(HTTPStatus.NOT_FOUND, {"detail": reason})
    if len(found) > 1:
        shown = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
        raise typer.BadParameter(
            f"{words!r} may be any of {len(found)} runs: {shown}", param_hint="RUN"
        )
    return found[0]


def _newest(client: Client) -> list[str]:
    return [run["run"] for run in client.call("GET", "/runs", query={"limit": 1})["runs"]]


def _alike(client: Client, words: str) -> list[str]:
    if not words:
        return []
    entries = client.pages("/runs", "runs", {"text": words, "limit": _PAGE})
    return [e["run"] for e in entries if e["run"].startswith(words) or e["run"].endswith(words)]
