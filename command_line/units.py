"""One unit of a run, and the list of all documents."""

import json
import re
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from command_line.choosing import RUN, chosen
from command_line.connection import connect
from command_line.output import AS_JSON, console, show_json
from command_line.screens.tables import View, text

UNIT = Annotated[
    int, typer.Argument(metavar="UNIT", min=0, max=9_999_999, help="The number of a unit.")
]
_PLACE = re.compile(r"(?:(?P<stage>[a-z]+)/)?(?P<unit>\d{1,7})")
STYLES = {"done": "green", "dead": "red", "redriven": "yellow", "pending": "dim"}
PAGE = 10_000

cli = typer.Typer()


@cli.command(rich_help_panel="Units")
def unit(
    context: typer.Context,
    run: RUN,
    unit: Annotated[
        str, typer.Argument(metavar="[STAGE/]UNIT", help="The number of a unit, in all its stages.")
    ],
    *,
    as_json: AS_JSON = False,
) -> None:
    """Show what has become of a unit in each stage, or in one, and which workers had it.

    aci-jobs unit last 417
    aci-jobs unit last ingest/417
    """
    place = _PLACE.fullmatch(unit)
    if not place:
        reason = f"{unit!r}: a number is needed, or a stage and a number, such as ingest/417"
        raise typer.BadParameter(reason, param_hint="UNIT")
    client = connect(context)
    run, number = chosen(client, run), int(place["unit"])
    found = client.call("GET", f"/runs/{run}/units/{number}")
    stages = [each for each in found["stages"] if place["stage"] in (None, each["stage"])]
    if not stages:
        names = ", ".join(each["stage"] for each in found["stages"])
        reason = f"{place['stage']!r}: the stages of this run are {names}"
        raise typer.BadParameter(reason, param_hint="STAGE")
    if as_json:
        show_json({**found, "stages": stages})
        return
    table = Table.grid(padding=(0, 2))
    for stage in stages:
        state = stage["state"]
        first, *others = _about(run, number, stage)
        table.add_row(stage["stage"], Text(state, STYLES[state]), first)
        for line in others:
            table.add_row("", "", line)
    console().print(table)


def _about(run: str, unit: int, stage: View) -> Iterator[Text]:
    """What there is to say of a stage, line by line."""
    receipt, letter = stage["receipt"], stage["dead_letter"]
    if receipt:
        size, rows = f"{receipt['bytes']:,} bytes", f"{receipt['rows']:,} rows"
        yield text(f"{rows}, {size} in {receipt['seconds']:.3f} s")
        yield text(receipt["document"])
    elif letter:
        yield text(f"{letter['type']}: {letter['error']}")
        yield text(f"fingerprint {letter['fingerprint']}, {letter['dead_at']}")
        yield text(f"aci-jobs replay {run} {unit} --stage {stage['stage']}")
    else:
        held = ", ".join(stage["held_by"])
        yield text(f"{held} is at it" if held else "nobody has said anything of it yet")
    if stage["redriven"]:
        yield text(f"{len(stage['redriven'])} times it was dead and driven again")
    if stage["workers"]:
        yield text(f"by {', '.join(stage['workers'])}")


@cli.command(rich_help_panel="Units")
def manifest(context: typer.Context, run: RUN) -> None:
    """Print every document of a run that has ended, an object a line.

    aci-jobs manifest last > documents.ndjson
    """
    client = connect(context)
    path = f"/runs/{chosen(client, run)}/manifest"
    for document in client.pages(path, "documents", {"limit": PAGE}):
        print(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
