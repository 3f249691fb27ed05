"""What the workers of a run say."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.text import Text

from command_line.choosing import RUN, chosen
from command_line.client import Client
from command_line.connection import connect
from command_line.output import AS_JSON, console, say
from command_line.printable import printable
from command_line.screens.states import FINAL
from worker_image.contract import Stage

SECONDS = 1.0  # between two looks at logs that are followed
MOST = 1_000  # lines of one look
STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

cli = typer.Typer()


@cli.command(rich_help_panel="Units")
def logs(
    context: typer.Context,
    run: RUN,
    *,
    worker: Annotated[str | None, typer.Option(help="Of this worker alone.")] = None,
    stage: Annotated[Stage | None, typer.Option(help="Of this stage alone.")] = None,
    unit: Annotated[int | None, typer.Option(min=0, help="Of this unit alone.")] = None,
    level: Annotated[
        Level | None, typer.Option(case_sensitive=False, help="Of this level, or graver.")
    ] = None,
    contains: Annotated[str | None, typer.Option(help="With this text in them.")] = None,
    last: Annotated[int, typer.Option(min=1, max=5_000, help="So many lines.")] = 200,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on to the run's end.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Show the last lines of all workers' logs, merged by time.

        aci-jobs logs last --level warning

    finds what went wrong; with `--unit` one sees all that was said of a unit.
    """
    wanted = {
        "worker": worker,
        "stage": stage,
        "unit": unit,
        "level": level,
        "contains": contains,
    }
    client, out = connect(context), console()
    run = chosen(client, run)
    page = client.call("GET", f"/runs/{run}/logs", query={**wanted, "last": last})
    if page["more"] and not as_json:
        say("There are earlier lines that fit: see --last.")
    _show(out, run, page["lines"], as_json=as_json)
    if follow:
        for lines in followed(client, run, wanted, page["next"]):
            _show(out, run, lines, as_json=as_json)


def followed(
    client: Client, run: str, wanted: Mapping[str, Any], after: str | None, seconds: float = SECONDS
) -> Iterator[list[dict[str, Any]]]:
    """The lines behind a place, until the run has ended and all was said.

    Raises:
        typer.BadParameter: there are too many logs to follow.
    """
    while True:
        ended = client.show(run)["state"] in (*FINAL, "Terminated")
        if after is None:
            raise typer.BadParameter("there are too many logs to follow; name one with --worker")
        query = {**wanted, "last": MOST, "after": after}
        page = client.call("GET", f"/runs/{run}/logs", query=query)
        after = page["next"]
        yield page["lines"]
        if ended and not page["more"]:
            return
        if not page["more"]:
            time.sleep(seconds)


def _show(out: Console, run: str, lines: list[dict[str, Any]], *, as_json: bool) -> None:
    for line in lines:
        if as_json:
            print(json.dumps(line, ensure_ascii=False), flush=True)
        else:
            out.print(shown(run, line))


def shown(run: str, line: Mapping[str, Any]) -> Text:
    """A line for people; what is below it is the error with its traceback."""
    subject = f"{line['stage']}/{line['unit']} " if line["unit"] is not None else ""
    text = Text()
    text.append(f"{(line['time'] or '')[11:23]:<12} ", "dim")
    text.append(f"{line['worker'].removeprefix(run).lstrip('-')} ", "cyan")
    text.append(printable(subject), "bold")
    text.append(printable(line["message"]), STYLES.get(line["level"] or "", ""))
    for each in (line["error"] or "").splitlines():
        text.append(f"\n    {printable(each)}", "dim")
    return text
