"""Following a run until it has ended."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Protocol
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from command_line.choosing import RUN, chosen
from command_line.client import Client, RefusedError, UnreachableError
from command_line.connection import connect
from command_line.output import AS_JSON, Exit, console, say
from command_line.printable import printable
from command_line.screens import reports
from command_line.screens.runs import figures
from command_line.screens.states import ended, next_commands
from command_line.screens.tables import View

LOCAL_SECONDS, AWAY_SECONDS = 0.5, 2.0
FIRST_WAIT, LONGEST_WAIT, PATIENCE = 1.0, 60.0, 3600.0
LINE_SECONDS, LINES = 2.0, 60
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
        say(f"\n{run} goes on. See it: aci-jobs watch {run}  End it: aci-jobs cancel {run}")
        raise typer.Exit(Exit.INTERRUPTED) from None
    if not as_json:
        out.print(reports.summary(view["report"]))
        if view["state"] != "Succeeded":
            out.print(reports.problems(view["report"]))
            out.print(next_commands(view))
    raise typer.Exit(Exit.OK if view["state"] == "Succeeded" else Exit.FAILED)


class Screen(Protocol):
    """Where a run is shown while it goes on."""

    def look(self, view: View) -> None:
        """Show how the run stands now."""

    def say(self, message: str) -> None:
        """Tell what is no part of the run."""

    def close(self) -> None:
        """Leave what was shown last."""


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


def screen(out: Console) -> Screen:
    """A bar where there is a terminal, else lines."""
    return Bar(out) if out.is_terminal else Lines(out)


class Bar:
    """A bar that moves, and above it what is new."""

    def __init__(self, out: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:>9}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            console=out,
        )
        self._bar = self._progress.add_task("Planning", total=None, text="")
        self._news = News()
        self._progress.start()

    def look(self, view: View) -> None:
        """Show how the run stands now."""
        for line in self._news.of(view):
            self.say(line)
        units = view["status"]["units"]
        self._progress.update(
            self._bar,
            description=view["state"],
            total=units["total"],
            completed=units["done"],
            text=figures(view),
        )

    def say(self, message: str) -> None:
        """Tell something above the bar."""
        self._progress.console.print(printable(message), markup=False)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._progress.stop()


class Lines:
    """A line at each change of state, and every few seconds; seldom of a run that takes hours."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._news = News()
        self._state, self._elapsed = "", 0.0

    def look(self, view: View) -> None:
        """Print a line if there is reason to."""
        for line in self._news.of(view):
            self.say(line)
        elapsed = view["status"]["elapsed"]
        distance = max(LINE_SECONDS, elapsed / LINES)
        if view["state"] != self._state or abs(elapsed - self._elapsed) >= distance:
            self._state, self._elapsed = view["state"], elapsed
            units = view["status"]["units"]
            done = f"{units['done']}/{units['total'] or '?'} units"
            self.say(f"{view['state']:>9}  {done}  {figures(view)}")

    def say(self, message: str) -> None:
        """Print a line."""
        self._out.print(printable(message), markup=False, soft_wrap=True)

    def close(self) -> None:
        """Every line is complete."""


class Objects:
    """The run as the API shows it, an object a line; what else there is to say is beside it."""

    def look(self, view: View) -> None:
        """Print the run in a line."""
        print(json.dumps(view, ensure_ascii=False), flush=True)

    def say(self, message: str) -> None:
        """Print to standard error."""
        print(printable(message), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Every line is complete."""


class News:
    """What is said once: notes, and why a run does not go on."""

    def __init__(self) -> None:
        self._notes: set[str] = set()
        self._waits = ""

    def of(self, view: View) -> Iterator[str]:
        """What this look has for the first time."""
        status = view["status"]
        for note in status["notes"]:
            if note not in self._notes:
                self._notes.add(note)
                yield f"note: {note}"
        if status["waits"] != self._waits:
            self._waits = status["waits"]
            if self._waits:
                yield f"waits: {self._waits}"
