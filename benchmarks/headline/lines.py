"""Processes whose lines are read as they come, all of them together."""

import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from benchmarks.generate_contenders import ROOT, FailedError
from local_host.services.process import base_environment

Lines = queue.Queue[str | None]


class Together:
    """Modules in processes of their own, with their lines."""

    def __init__(
        self, commands: Sequence[Sequence[str]], variables: Sequence[Mapping[str, str]]
    ) -> None:
        self._lines: Lines = queue.Queue()
        self.children = [
            subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={**base_environment(), **own},
                stdout=subprocess.PIPE,
                text=True,
            )
            for command, own in zip(commands, variables, strict=True)
        ]
        self._readers = [
            threading.Thread(target=self._read, args=(child,), daemon=True)
            for child in self.children
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout
        with child.stdout as output:
            for line in output:
                self._lines.put(line)
        self._lines.put(None)

    def end(self) -> None:
        """Kill them."""
        for child in self.children:
            child.kill()
        for child, reader in zip(self.children, self._readers, strict=True):
            child.wait()
            reader.join(5)  # whoever it started may hold its output still

    def until(self, word: str, count: int, seconds: float) -> list[str]:
        """The next lines with the word, a pattern, once there are so many.

        Raises:
            FailedError: a process has ended, or it takes too long.
        """
        found: list[str] = []
        deadline = time.monotonic() + seconds
        while len(found) < count:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise FailedError(f"over {seconds:.0f} s") from None
            if line is None:
                raise FailedError("a process has ended before its time")
            if re.search(word, line):
                found.append(line)
        return found


@contextmanager
def together(
    commands: Sequence[Sequence[str]], variables: Sequence[Mapping[str, str]]
) -> Iterator[Together]:
    """Start them; they are killed at the end."""
    started = Together(commands, variables)
    try:
        yield started
    finally:
        started.end()
