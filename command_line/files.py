"""Files that commands are given; `-` is standard input."""

import sys
from pathlib import Path

import typer


def content_of(file: str) -> bytes:
    """What is in a file.

    Raises:
        typer.BadParameter: there is none, or it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="FILE") from None


def folder_of(file: str) -> Path:
    """Where other files are found that it names."""
    return Path() if file == "-" else Path(file).parent
