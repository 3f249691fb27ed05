"""Following a run until it has ended."""

import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import typer

from command_line.choosing import RUN, chosen
from command_line.client import Client, RefusedError, UnreachableError
from command_line.connection import connect
from command_line.output import AS_JSON, Exit, console, say
from command_line.screens import reports
from command_line.screens.live import Objects, Screen, screen
from command_line.screens.states import ended, next_commands
from command_line.screens.tables import View

LOCAL_SECONDS, AWAY_SECONDS = 0.5, 2.0
FIRST_WAIT, LONGEST_WAIT, PATIENCE = 1.0, 60.0, 3600.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

cli = typer.Typer()


@cli.command(rich_help_panel="Runs")
def watch(context: typer.Context, run: RUN, *, as_json: AS_JSON = False) -> None:
    """Follow a run to its end.

    A bar on a terminal, a line now and then in a pipe, an object a line with `--json`. While the
    app does not answer it is asked again, after growing waits, for an hour. Ctrl-C leaves the run
    alone. The exit code is 0 only if the run has succeeded.

        aci-jobs watch last
    """
    client = connect(context)
    run = chosen(client, run)
    client.show(run)  # a wrong id or address is an error now, and not a lost connection
    follow_to_end(client, run, as_json=as_json)


def follow_to_end(client: Client, run: str, *, as_json: bool) -> None:
    """Follow a run, show what became of it, and end with the exit code for that."""
    out = console()
    try:
        view = follow(client, run, Objects() if as_json else screen(out))
    except KeyboardInterrupt:
        say(f"{run} goes on: see it with aci-jobs watch {run}, end it with aci-jobs cancel {run}")
        raise typer.Exit(Exit.INTERRUPTED) from None
    if not as_json:
        out.print(reports.summary(view["report"]))
        if view["state"] != "Succeeded":
            out.print(reports.problems(view["report"]))
            out.print(next_commands(view))
    raise typer.Exit(Exit.OK if view["state"] == "Succeeded" else Exit.FAILED)


def follow(client: Client, run: str, on: Screen) -> View:
    """Show a run until it has ended; the run as the API shows it then."""
    view: View = {}
    try:
        for view in looks(client, run, on.say):
            on.look(view)
    finally:
        on.close()
    return view


def looks(
    client: Client,
    run: str,
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[View]:
    """How a run stands, again and again, its end the last.

    An app that does not answer, or not as it should, is asked again after waits that grow; `tell`
    is told so.

    Raises:
        UnreachableError, RefusedError: after an hour of that.
        RefusedError: at once where asking again would not help.
    """
    wait, waited = FIRST_WAIT, 0.0
    while True:
        try:
            view = client.show(run)
        except (UnreachableError, RefusedError) as error:
            if waited >= PATIENCE or not _passes(error):
                raise
            tell(f"{error}; asking again in {wait:.0f} s")
            sleep(wait)
            wait, waited = min(2 * wait, LONGEST_WAIT), waited + wait
            continue
        if waited:
            tell("the app answers again")
        wait, waited = FIRST_WAIT, 0.0
        yield view
        if ended(view):
            return
        sleep(_pause(client))


def _passes(error: UnreachableError | RefusedError) -> bool:
    """Whether the same question may be answered later."""
    return isinstance(error, UnreachableError) or error.status >= 500 or error.status == 429


def _pause(client: Client) -> float:
    return LOCAL_SECONDS if urlsplit(client.url).hostname in _LOOPBACK else AWAY_SECONDS
