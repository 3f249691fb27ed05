"""What a person wishes of a run that goes on."""

from typing import Annotated

import typer

from command_line.choosing import RUN, chosen
from command_line.client import Client
from command_line.connection import connect
from command_line.figures import count as number
from command_line.output import AS_JSON, YES, attended, confirm, console, show_json
from command_line.screens.tables import View

_REQUEST = "request"

cli = typer.Typer()


@cli.command(rich_help_panel="Change a run")
def cancel(
    context: typer.Context,
    run: RUN,
    *,
    reason: Annotated[str, typer.Option(help="Kept with the run.")] = "",
    yes: YES = False,
    as_json: AS_JSON = False,
) -> None:
    """End a run and delete its container groups; what it has done stays.

    aci-jobs cancel last --reason "the wrong dataset"
    """
    client = connect(context)
    run = chosen(client, run)
    if not yes and attended():
        confirm(f"Cancel {run}?", "It goes on.")
    _wish(client, run, "cancel", {"reason": reason}, "will be cancelled", as_json=as_json)


@cli.command(rich_help_panel="Change a run")
def pause(context: typer.Context, run: RUN, *, as_json: AS_JSON = False) -> None:
    """Stop work on a run for a while: it keeps what it has done, and has no container groups.

    aci-jobs pause last
    """
    client = connect(context)
    _wish(client, chosen(client, run), "pause", {}, "will be paused", as_json=as_json)


@cli.command(rich_help_panel="Change a run")
def resume(context: typer.Context, run: RUN, *, as_json: AS_JSON = False) -> None:
    """Go on with a run that is paused.

    aci-jobs resume last
    """
    client = connect(context)
    _wish(client, chosen(client, run), "resume", {}, "will go on", as_json=as_json)


@cli.command(rich_help_panel="Change a run")
def scale(
    context: typer.Context,
    run: RUN,
    count: Annotated[
        str, typer.Argument(metavar="COUNT|request", help="So many container groups.")
    ],
    *,
    as_json: AS_JSON = False,
) -> None:
    """Have so many container groups from now on, or again as many as the request says.

    aci-jobs scale last 8
    aci-jobs scale last request
    """
    client = connect(context)
    wanted = _count(count)
    said = "will have as many groups as its request says"
    said = said if wanted is None else f"will have {number(wanted, 'container group')}"
    _wish(client, chosen(client, run), "scale", {"count": wanted}, said, as_json=as_json)


def _count(words: str) -> int | None:
    if words == _REQUEST:
        return None
    try:
        return int(words)
    except ValueError:
        raise typer.BadParameter(
            f"{words!r}: a number is needed, or {_REQUEST}", param_hint="COUNT"
        ) from None


def _wish(client: Client, run: str, name: str, body: View, said: str, *, as_json: bool) -> None:
    answer = client.call("POST", f"/runs/{run}/{name}", body)
    if as_json:
        show_json(answer)
    else:
        console().print(f"{run} {said}.", markup=False)
