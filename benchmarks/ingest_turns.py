"""A turn in `benchmarks.ingest`: a contender in processes of its own, and what loading costs it."""

import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, Protocol

import psutil

from benchmarks.generate_contenders import (
    ENVIRONMENT,
    ROOT,
    TIMEOUT_SECONDS,
    FailedError,
    interpreter,
)
from benchmarks.peers.turns import DONE, READY


@dataclass(frozen=True, slots=True)
class Moment:
    """The time, and the processor time that clients and their backends have used, in seconds."""

    time: float
    client: float
    server: float

    @classmethod
    def now(cls, clients: Iterable[psutil.Process], backends: Iterable[psutil.Process]) -> "Moment":
        """This moment; the children of the clients are theirs."""
        own = [each for client in clients for each in (client, *client.children())]
        return cls(time.monotonic(), _used(own), _used(backends))

    def since(self, start: "Moment") -> "Moment":
        """What has passed and was used from the start to this moment."""
        spent = (self.time - start.time, self.client - start.client, self.server - start.server)
        return Moment(*spent)


def _used(processes: Iterable[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes if process.is_running()]
    return float(sum(each.user + each.system for each in times))


class Server(Protocol):
    """A PostgreSQL."""

    @property
    def programs(self) -> Path:
        """The folder of its programs."""

    def backends(self) -> list[psutil.Process]:
        """The processes that serve clients."""


class Contestant:
    """A process that takes its turn when it is told to."""

    def __init__(self, child: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self._child = child
        self._errors = errors
        self.process = psutil.Process(child.pid)

    def hear(self, word: str) -> None:
        """Wait until it says the word.

        Raises:
            FailedError: it says something else, or nothing any more.
        """
        assert self._child.stdout
        if self._child.stdout.readline().decode().strip() != word:
            self._child.kill()
            code = self._child.wait()
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip() or f"exit {code}"
            raise FailedError(said.splitlines()[-1])

    def tell(self) -> None:
        """Let it go on."""
        assert self._child.stdin
        self._child.stdin.write(b"\n")
        self._child.stdin.flush()


def take_turn(
    server: Server,
    commands: Sequence[Sequence[str]],
    peer: str | None = None,
    seconds: float = TIMEOUT_SECONDS,
) -> Moment:
    """Run modules with their arguments, all at once; what it takes from all ready to all done.

    Raises:
        FailedError: one of them has failed or took too long.
    """
    with ExitStack() as stack:
        contestants = [
            stack.enter_context(_started(server, command, peer, seconds)) for command in commands
        ]
        _all_say(contestants, READY)
        clients, backends = [each.process for each in contestants], server.backends()
        start = Moment.now(clients, backends)
        _go_on(contestants)
        _all_say(contestants, DONE)
        end = Moment.now(clients, backends)
        _go_on(contestants)
    return end.since(start)


def _all_say(contestants: Iterable[Contestant], word: str) -> None:
    for contestant in contestants:
        contestant.hear(word)


def _go_on(contestants: Iterable[Contestant]) -> None:
    for contestant in contestants:
        contestant.tell()


@contextmanager
def _started(
    server: Server, command: Sequence[str], peer: str | None, seconds: float
) -> Iterator[Contestant]:
    """A module in a process of its own, which ends with the turn."""
    path = f"{server.programs}{os.pathsep}{os.environ['PATH']}"
    with TemporaryFile() as errors:
        child = subprocess.Popen(
            [str(interpreter(peer)), "-m", *command],
            cwd=ROOT,
            env=os.environ | ENVIRONMENT | {"PATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        watchdog = Timer(seconds, child.kill)
        watchdog.start()
        try:
            yield Contestant(child, errors)
            child.wait()
        finally:
            watchdog.cancel()
            child.kill()
            child.communicate()
