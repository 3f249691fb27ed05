"""What a benchmark prints, which is also its section of `benchmarks/RESULTS.md`.

The Makefile names the command in `COMMAND`. What is run in another way, for a quick look, is on
the screen alone.
"""

import os
import platform
import re
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

RESULTS = Path(__file__).with_name("RESULTS.md")
COMMAND = "ACI_JOBS_BENCHMARK"
"""The variable that holds the command as it was typed."""
WIDTH = 100
_HEAD = """# Results

What the benchmarks said when they were last run, written by the commands themselves: each replaces
its own section. Targets that were missed stand here as well.
"""
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_CPU = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)


class Page:
    """Prints to the screen, and keeps the same for the results."""

    def __init__(self, title: str, *, width: int = WIDTH) -> None:
        screen = Console()
        self.screen = screen if screen.is_terminal else Console(width=width)
        self._title = title
        self._kept = Console(file=StringIO(), width=width)

    def print(self, *parts: Any, **options: Any) -> None:
        """Print, as a console of rich does."""
        self.screen.print(*parts, **options)
        self._kept.print(*parts, **options)

    def judge(self, text: str, figure: float, *, reached: bool) -> bool:
        """Say whether a target is reached, which is also returned."""
        word, style = ("reached", "green") if reached else ("missed ", "red")
        self.print(f"{f'{word} {figure:8.3g}':<24}{text}", style=style, soft_wrap=True)
        return reached

    def publish(self, *, results: Path = RESULTS) -> None:
        """Replace the section of this title, if a command is named."""
        command = os.environ.get(COMMAND)
        if command:
            output = self._kept.file
            assert isinstance(output, StringIO)
            old = results.read_text() if results.exists() else ""
            results.write_text(_with(old, self._title, _section(command, output.getvalue())))


def _section(command: str, said: str) -> str:
    # Indented, so that no line of it can be the heading of a section.
    lines = "\n".join(f"    {line}".rstrip() for line in said.splitlines()).strip("\n")
    return f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, {machine()}\n\n{lines}\n"


def _with(page: str, title: str, section: str) -> str:
    """The page with a section in its place, or at its end if it is new."""
    _, *parts = _SECTION.split(page)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    sections[title] = f"\n\n{section}"
    bodies = (f"## {name}\n\n{body.strip()}\n" for name, body in sections.items())
    return "\n".join([_HEAD, *bodies])


def machine() -> str:
    """What it was measured on, without its name."""
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    model = _cpu_model()
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{cores} cores{f' of {model}' if model else ''}, {memory:.0f} GiB of memory, {system}"


def _cpu_model() -> str:
    path = Path("/proc/cpuinfo")
    found = _CPU.search(path.read_text()) if path.exists() else None
    return found[1].strip() if found else platform.processor()
