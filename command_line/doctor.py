"""What is stuck, why, and the next command."""

from typing import Annotated

import typer
from rich.text import Text

from command_line.choosing import chosen, completed
from command_line.connection import connect
from command_line.figures import moment
from command_line.output import AS_JSON, Exit, console, show_json
from command_line.printable import printable
from command_line.screens.tables import View

STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}

cli = typer.Typer()


@cli.command(rich_help_panel="Runs")
def doctor(
    context: typer.Context,
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run, also one that has ended; the whole app without one.",
            autocompletion=completed,
        ),
    ] = "",
    as_json: AS_JSON = False,
) -> None:
    """Tell what is stuck, why, and the next command.

    Ends with exit code 1 if there is an error among the findings.
    """
    client = connect(context)
    run = chosen(client, run) if run else ""
    answer = client.call("GET", f"/runs/{run}/doctor" if run else "/doctor")
    if as_json:
        show_json(answer)
    else:
        _show(answer, run)
    if any(finding["severity"] == "error" for finding in answer["findings"]):
        raise typer.Exit(Exit.FAILED)


def _show(answer: View, run: str) -> None:
    out = console()
    for finding in answer["findings"]:
        out.print(_finding(finding), soft_wrap=True)  # a command that is cut cannot be pasted
    if not answer["findings"]:
        what = (
            f"run {run}, its orchestration, queues, workers, container groups and dead letters"
            if run
            else "storage, management API, runtime, schedules, timers, container groups"
            " and every run that goes on"
        )
        out.print(f"Nothing is stuck. Checked at {moment(answer['checked']):%H:%M:%S} UTC: {what}.")


def _finding(finding: View) -> Text:
    """Severity and what it is about in a line, then why, what to do, and the commands."""
    severity = finding["severity"]
    about = f"{finding['run']}: " if finding["run"] else ""
    lines = [
        ("why", finding["why"]),
        ("next", finding["next"]),
        *(("$", command) for command in finding["commands"]),
    ]
    text = Text.assemble((f"{severity:9}", STYLES.get(severity, "")))
    text.append(f"{finding['code']}  {about}{printable(finding['what'])}", "bold")
    for label, said in lines:
        text.append(f"\n  {label:5} ", "dim").append(printable(said))
    return text
