"""The dashboard of the app."""

import webbrowser
from urllib.parse import urlencode

import typer

from command_line.connection import connect
from command_line.output import AS_JSON, console, show_json

cli = typer.Typer()


@cli.command("open", rich_help_panel="Runs")
def open_dashboard(context: typer.Context, *, as_json: AS_JSON = False) -> None:
    """Open the dashboard in the browser; without one, print its address.

    The browser gets the function key, the output does not.

        aci-jobs open
    """
    client = connect(context)
    client.call("GET", "/health")  # a browser would say less of an app that is away
    address = f"{client.url}/api/dashboard"
    opened = webbrowser.open(f"{address}?{urlencode({'code': client.key})}")
    if as_json:
        show_json({"url": address, "opened": opened})
    elif opened:
        console().print(f"The browser shows {address}", markup=False)
    else:
        console().print(
            f"There is no browser here. Open {address}?code=KEY with a function key of the app.",
            markup=False,
        )
