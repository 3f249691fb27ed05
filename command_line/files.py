"""Files that commands are given; `-` is standard input."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from command_line.client import RefusedError
from command_line.output import Exit, say
from command_line.printable import printable


def content_of(file: str) -> bytes:
    """What is in a file.

    Raises:
        typer.BadParameter: there is none, or it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:  # a name may be one that no file can have
        reason = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise typer.BadParameter(f"{printable(file)}: {reason}", param_hint="FILE") from None


@contextmanager
def judged(file: str) -> Iterator[None]:
    """Tell the faults that the app finds in what a file holds in a line each, the file first.

    Raises:
        typer.Exit: there are some.
    """
    try:
        yield
    except RefusedError as error:
        if not error.faults:
            raise
        for fault in error.faults:
            say(f"{name_of(file)}: {fault}")
        raise typer.Exit(Exit.REFUSED) from None


def name_of(file: str) -> str:
    """What people call it."""
    return "standard input" if file == "-" else file


def folder_of(file: str) -> Path:
    """Where other files are found that it names."""
    return Path() if file == "-" else Path(file).parent
