"""A run while it goes on: a bar on a terminal, lines in a pipe, objects for programs."""

import json
from collections.abc import Iterator
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from command_line.output import say
from command_line.printable import printable
from command_line.screens.runs import figures
from command_line.screens.tables import View

LINE_SECONDS, LINES = 2.0, 60


class Screen(Protocol):
    """Where a run is shown while it goes on."""

    def look(self, view: View) -> None:
        """Show how the run stands now."""

    def say(self, message: str) -> None:
        """Tell what is no part of the run."""

    def close(self) -> None:
        """Leave what was shown last."""


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
        say(message)

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
