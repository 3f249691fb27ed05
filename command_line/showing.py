"""How a run stands, what became of it, and its container groups."""

from datetime import UTC, datetime

import typer

from command_line.choosing import RUN, chosen
from command_line.connection import connect
from command_line.output import AS_JSON, console, show_json
from command_line.screens import fleets, reports
from command_line.screens import runs as screens

cli = typer.Typer()


@cli.command(rich_help_panel="Runs")
def status(context: typer.Context, run: RUN, *, as_json: AS_JSON = False) -> None:
    """Show how a run stands: units, speed, groups and workers, money, errors, what to do next.

    aci-jobs status last
    """
    client = connect(context)
    view = client.show(chosen(client, run))
    if as_json:
        show_json(view)
        return
    fleet = client.call("GET", f"/runs/{view['run']}/groups")
    console().print(screens.status(view, fleet, datetime.now(UTC)))


@cli.command(rich_help_panel="Runs")
def report(context: typer.Context, run: RUN, *, as_json: AS_JSON = False) -> None:
    """Show what became of a run that has ended: counts, times, failures, money.

    aci-jobs report last --json
    """
    client = connect(context)
    found = client.call("GET", f"/runs/{chosen(client, run)}/report")
    if as_json:
        show_json(found)
    else:
        console().print(reports.details(found))


@cli.command(rich_help_panel="Runs")
def groups(context: typer.Context, run: RUN, *, as_json: AS_JSON = False) -> None:
    """List the container groups of a run, those that are gone too, with their workers.

    `ran` is how long a group has run, `idle` how long its worker has held no unit, where that is
    ten seconds or more. Times are in UTC.

        aci-jobs groups last
    """
    client = connect(context)
    fleet = client.call("GET", f"/runs/{chosen(client, run)}/groups")
    if as_json:
        show_json(fleet)
    else:
        console().print(fleets.groups(fleet, datetime.now(UTC)))
