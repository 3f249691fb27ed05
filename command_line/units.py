"""One unit of a run, and the list of all documents."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from command_line.connection import connect
from command_line.output import AS_JSON, console, show_json
from command_line.printable import printable

RUN = Annotated[str, typer.Argument(metavar="RUN", help="The id of a run.")]
UNIT = Annotated[
    int, typer.Argument(metavar="UNIT", min=0, max=9_999_999, help="The number of a unit.")
]
STYLES = {"done": "green", "dead": "red", "redriven": "yellow", "pending": "dim"}
PAGE = 10_000

cli = typer.Typer()


@cli.command(rich_help_panel="Units")
def unit(context: typer.Context, run: RUN, unit: UNIT, *, as_json: AS_JSON = False) -> None:
    """Show what has become of a unit in each stage, and which workers had it.

    aci-jobs unit r261124-013205-0qap0 417
    """
    found = connect(context).call("GET", f"/runs/{run}/units/{unit}")
    if as_json:
        show_json(found)
        return
    table = Table.grid(padding=(0, 2))
    for stage in found["stages"]:
        state = stage["state"]
        first, *others = _about(run, unit, stage)
        table.add_row(stage["stage"], Text(state, STYLES[state]), first)
        for line in others:
            table.add_row("", "", line)
    console().print(table)


def _about(run: str, unit: int, stage: dict[str, Any]) -> Iterator[Text]:
    """What there is to say of a stage, line by line."""
    receipt, letter = stage["receipt"], stage["dead_letter"]
    if receipt:
        size, rows = f"{receipt['bytes']:,} bytes", f"{receipt['rows']:,} rows"
        yield _text(f"{rows}, {size} in {receipt['seconds']:.3f} s")
        yield _text(receipt["document"])
    elif letter:
        yield _text(f"{letter['type']}: {letter['error']}")
        yield _text(f"fingerprint {letter['fingerprint']}, {letter['dead_at']}")
        yield _text(f"aci-jobs replay {run} {unit} --stage {stage['stage']}")
    else:
        held = ", ".join(stage["held_by"])
        yield _text(f"{held} is at it" if held else "nobody has said anything of it yet")
    if stage["redriven"]:
        yield _text(f"{len(stage['redriven'])} times it was dead and driven again")
    if stage["workers"]:
        yield _text(f"by {', '.join(stage['workers'])}")


def _text(words: str) -> Text:
    return Text(printable(words))


@cli.command(rich_help_panel="Units")
def manifest(context: typer.Context, run: RUN) -> None:
    """Print every document of a run that has ended, an object a line.

    aci-jobs manifest r261124-013205-0qap0 > documents.ndjson
    """
    documents = connect(context).pages(f"/runs/{run}/manifest", "documents", {"limit": PAGE})
    for document in documents:
        print(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
