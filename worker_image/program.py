"""A program at work on one unit, with all the processes that it starts in its turn."""

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from contextvars import copy_context
from pathlib import Path
from types import TracebackType
from typing import IO

from .errors import PermanentError

READ_LIMIT = 40_960  # bytes of a line that are read: more than is kept, see `command`

_GUARD = Path(__file__).with_name("guard.py")
_PASSING = (errno.EAGAIN, errno.ENOMEM, errno.ENFILE, errno.ETXTBSY)

Hear = Callable[[str, str], None]
"""Is told the name of a stream, stdout or stderr, and a line that came over it."""


class StartError(Exception):
    """A program could not be started for now; another try may be lucky."""


class Program:
    """Starts as it is entered; once it is left, not one process of it is.

    Even a worker that is killed leaves none: a process of its own stays with the program, see
    `guard`. `text` is the program's standard input, a file. `hear` is called from two threads, in
    the context of the one that enters.
    """

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], text: str, hear: Hear
    ) -> None:
        self._arguments = arguments
        self._environment = environment
        self._text = text
        self._hear = hear
        self._report = b""
        self._lock = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> "Program":
        with ExitStack() as opened:
            ours, theirs = socket.socketpair()
            self._line = opened.enter_context(ours)
            with theirs, tempfile.TemporaryFile() as given:
                given.write(self._text.encode())
                given.seek(0)
                self._guard = self._started(theirs.fileno(), given)
            self._opened = opened.pop_all()
        self._listeners = [
            self._listener("stdout", self._guard.stdout),
            self._listener("stderr", self._guard.stderr),
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trail: TracebackType | None,
    ) -> None:
        self.kill()
        self._report = b"".join(iter(lambda: self._line.recv(4_096), b""))
        self._signal(signal.SIGKILL)  # for a program whose guard was killed
        with self._lock:
            self._guard.wait()
            self._opened.close()
            self._over.set()
        for listener in self._listeners:
            listener.join()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, at the latest after so long. For the thread that entered."""
        return bool(select.select([self._line], [], [], seconds)[0])

    def terminate(self) -> None:
        """Ask it to end, and what it started. From any thread, at any time."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it, and what it started. From any thread, at any time."""
        with self._lock, suppress(OSError):  # closed, as it is over
            self._line.shutdown(socket.SHUT_WR)

    def is_over(self, seconds: float) -> bool:
        """Whether it has been left, at the latest after so long. For other threads."""
        return self._over.wait(seconds)

    def exit_code(self) -> int:
        """How it ended, 128 + n by signal n; once it has been left.

        Raises:
            PermanentError: there is no such program, or it is none.
            StartError: it could not be started for now.
        """
        if not self._report:
            raise StartError("the process that guards the program ended before it")
        report = json.loads(self._report)
        if "code" in report:
            return int(report["code"])
        kind = StartError if report["errno"] in _PASSING else PermanentError
        raise kind(f"{self._arguments[0]!r} cannot be started: {report['reason']}")

    def _started(self, line: int, given: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD), str(line), *self._arguments],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            pass_fds=(line,),
            start_new_session=True,
        )

    def _listener(self, name: str, stream: IO[bytes] | None) -> threading.Thread:
        assert stream

        def listen() -> None:
            with stream:
                for line in lines(stream):
                    self._hear(name, line)

        listener = threading.Thread(target=copy_context().run, args=(listen,), daemon=True)
        listener.start()
        return listener

    def _signal(self, number: signal.Signals) -> None:
        # Until the guard has been waited for, nobody else can have its number.
        with self._lock, suppress(ProcessLookupError, PermissionError):
            if not self._over.is_set():
                os.killpg(self._guard.pid, number)


def lines(stream: IO[bytes]) -> Iterator[str]:
    """The lines that are not blank, without their ends; of a long one the beginning."""
    begun = False
    while piece := stream.readline(READ_LIMIT):
        text = piece.decode(errors="replace").rstrip()
        if text and not begun:
            yield text
        begun = not piece.endswith(b"\n")
