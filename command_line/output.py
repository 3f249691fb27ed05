"""How commands answer: tables for people, JSON for programs, and an exit code for scripts."""

import json
import sys
from enum import IntEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from command_line.printable import printable

AS_JSON = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
YES = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_PIPE_WIDTH = 1_000


class Exit(IntEnum):
    """What the exit code of a command tells."""

    OK = 0
    FAILED = 1  # a run that did not succeed, a dataset that is refused, a doctor that found faults
    USAGE = 2  # the command is not used as it should be
    REFUSED = 3  # the app has refused it: no such run, not valid, too late
    UNREACHABLE = 4  # the app did not answer
    INTERRUPTED = 130


def console() -> Console:
    """Standard output for people: values are shown as they are, never read as markup.

    In a pipe lines are as long as they need to be.
    """
    piped = not sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=piped, width=_PIPE_WIDTH if piped else None)


def show_json(value: Any) -> None:
    """Print a value as JSON: indented for a person, on a line in a pipe."""
    indent = 2 if sys.stdout.isatty() else None
    print(json.dumps(value, indent=indent, ensure_ascii=False))


def say(message: str) -> None:
    """Tell a person something in a line beside the output."""
    print(printable(" ".join(message.split())), file=sys.stderr, flush=True)


def attended() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def confirm(question: str, otherwise: str) -> None:
    """Ask before something is done that cannot be undone, or costs money.

    Raises:
        typer.Exit: the answer is no, and `otherwise` was said.
    """
    if not typer.confirm(question, err=True):
        say(otherwise)
        raise typer.Exit(Exit.FAILED)
