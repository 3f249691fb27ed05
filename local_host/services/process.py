"""Services as detached processes that survive their starter and are found again by it."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from local_host.services.once import exclusive

_POLL = 0.02
_LOG_TAIL = 4000
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG")
# A process's start time is reckoned from the boot time, which a corrected clock shifts a little.
_SAME_START = 2.0


class ServiceError(Exception):
    """A service is not to be had; the message ends with the tail of its log."""


def base_environment() -> dict[str, str]:
    """The few variables that any program needs; a service gets these and its own, nothing else."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


@dataclass
class Service:
    """One detached process, known by its pid file.

    `ready` answers whether the service can be used; it is polled and may raise OSError until then.
    `user` runs it as another system user. `patience` is the time to get ready, `grace` the time
    to stop in, both in seconds. Log and pid file lie in `folder`.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=base_environment)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 30.0
    grace: float = 10.0
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    @property
    def log(self) -> Path:
        """What the process writes on both its outputs, kept over restarts."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The pid of the running process, or None."""
        process = self._process()
        return process.pid if process else None

    def start(self) -> None:
        """Return when the service is ready, started now or found running.

        Safe to call from many processes at once: one starts it, the others adopt it. Raises
        ServiceError if it ends or does not get ready; what was started in vain is stopped.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with exclusive(self.folder / f"{self.name}.lock"):
            adopted = self._process() is not None
            if not adopted:
                self._spawn()
            try:
                self._wait_until_ready()
            except ServiceError:
                if not adopted:
                    self._end()
                raise

    def stop(self) -> bool:
        """End the process and its group: politely, then by force after the grace. Idempotent.

        Whether it ran.
        """
        if not self.folder.is_dir():
            return False
        with exclusive(self.folder / f"{self.name}.lock"):
            ran = self._process() is not None
            self._end()
            return ran

    def _end(self) -> None:
        process = self._process()
        if process is not None:
            self._signal(process.pid, self.stop_signal)
            _poll(lambda: self._process() is None, self.grace)
            self._signal(process.pid, signal.SIGKILL)
            _poll(lambda: self._process() is None, self.grace)
        self._reap()
        self._pid_file.unlink(missing_ok=True)

    def _reap(self) -> None:
        """Take a dead child of ours out of the process table."""
        if self._child is not None:
            self._child.wait(self.grace)
            self._child = None

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def _process(self) -> psutil.Process | None:
        """The process of the pid file, unless it ended or its pid now belongs to another."""
        if self._child is not None:
            self._child.poll()  # a dead child stays in the process table until it is asked for
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            known = json.loads(self._pid_file.read_text())
            process = psutil.Process(known["pid"])
            same = abs(process.create_time() - known["started"]) < _SAME_START
            if same and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None

    def _spawn(self) -> None:
        self._reap()
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                user=self.user,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = psutil.Process(self._child.pid).create_time()
        partial = self._pid_file.with_suffix(".partial")
        partial.write_text(json.dumps({"pid": self._child.pid, "started": started}))
        partial.rename(self._pid_file)

    def _wait_until_ready(self) -> None:
        _poll(lambda: self._process() is None or self._is_ready(), self.patience)
        if self._process() is None:
            raise ServiceError(f"{self.name} ended while it started.{self._log_tail()}")
        if not self._is_ready():
            raise ServiceError(
                f"{self.name} was not ready after {self.patience:g} s.{self._log_tail()}"
            )

    def _is_ready(self) -> bool:
        try:
            return self.ready()
        except OSError:
            return False

    def _log_tail(self) -> str:
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL))
            return f" The end of {self.log}:\n{log.read().decode(errors='replace')}"

    @staticmethod
    def _signal(group: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(group, number)


def _poll(reached: Callable[[], bool], seconds: float) -> None:
    """Return when the state is reached or the time is over."""
    deadline = time.monotonic() + seconds
    while not reached() and time.monotonic() < deadline:
        time.sleep(_POLL)
