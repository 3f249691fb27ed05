"""Units that failed: looking at them, and trying them again."""

import re
from typing import Annotated

import typer

from command_line.choosing import RUN, chosen
from command_line.client import Client
from command_line.connection import connect
from command_line.figures import count
from command_line.output import AS_JSON, YES, attended, confirm, console, show_json
from command_line.screens import dead_letters as screens
from command_line.screens.tables import View

_MOST = 1_000
_PLACE = re.compile(r"[a-z]+/(\d{1,7}|[0-9a-f]{64})")
FINGERPRINT = Annotated[str | None, typer.Option(help="Those with this error alone.")]

cli = typer.Typer()


@cli.command(rich_help_panel="Runs")
def dead(
    context: typer.Context,
    run: RUN,
    unit: Annotated[
        str | None, typer.Argument(metavar="[STAGE/UNIT]", help="One, as a whole.")
    ] = None,
    *,
    fingerprint: FINGERPRINT = None,
    every: Annotated[bool, typer.Option("--all", help="One by one.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Show the units of a run that failed: by cause, one by one, or one with all that is known.

    aci-jobs dead last
    aci-jobs dead last ingest/4
    """
    client = connect(context)
    if unit and not _PLACE.fullmatch(unit):
        raise typer.BadParameter(
            f"{unit!r}: a stage and a unit are needed, such as ingest/4", param_hint="STAGE/UNIT"
        )
    run = chosen(client, run)
    if unit:
        letter = client.call("GET", f"/runs/{run}/dead-letters/{unit}")
        show_json(letter) if as_json else console().print(screens.letter(letter))
        return
    one_by_one = every or fingerprint is not None
    page = _listed(client, run, fingerprint, every=one_by_one)
    if as_json:
        show_json(page)
    elif one_by_one:
        console().print(screens.entries(page["dead_letters"]))
    else:
        console().print(screens.groups(page))


@cli.command(rich_help_panel="Change a run")
def redrive(
    context: typer.Context,
    run: RUN,
    *,
    unit: Annotated[
        list[int] | None, typer.Option(min=0, help="This unit; may be given many times.")
    ] = None,
    fingerprint: FINGERPRINT = None,
    yes: YES = False,
    as_json: AS_JSON = False,
) -> None:
    """Try units again that failed: all, some, or those with one error.

    A run that has ended starts again with them, under the same id; of one that has failed or was
    cancelled whatever is left of it.

        aci-jobs redrive last --fingerprint 62f9fb328e82
    """
    client = connect(context)
    run = chosen(client, run)
    if not (yes or unit or fingerprint) and attended():
        letters = count(_listed(client, run, None, every=False)["count"], "dead letter")
        confirm(f"Redrive {run}: {letters}?", "Nothing is tried again.")
    selection = {"units": unit or None, "fingerprint": fingerprint}
    answer = client.call("POST", f"/runs/{run}/redrive", selection)
    if as_json:
        show_json(answer)
        return
    out = console()
    letters = count(answer["dead_letters"], "dead letter")
    out.print(f"{run} is redriven: {letters}.", markup=False)
    out.print(f"  aci-jobs watch {run}", style="dim")


def _listed(client: Client, run: str, fingerprint: str | None, *, every: bool) -> View:
    """The first dead letters, or all of them as one page."""
    path, query = f"/runs/{run}/dead-letters", {"fingerprint": fingerprint, "limit": _MOST}
    if not every:
        return client.call("GET", path, query={**query, "limit": 1})
    page = client.call("GET", path, query=query)
    letters = list(page["dead_letters"])
    if page["next"]:
        letters += client.pages(path, "dead_letters", {**query, "after": page["next"]})
    return {**page, "dead_letters": letters, "next": None}
