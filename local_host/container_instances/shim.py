"""Runs one container and outlives the stand-in: ``python shim.py <folder>``.

Standard library only, so that a hundred of them stay small. The shim starts the command of
``launch.json`` in a session of its own, applies the restart policy, keeps the last output in
``output.log`` and replaces ``state.json`` whole at every change. It ends when the container does.

SIGTERM stops the container (SIGKILL after the grace), SIGUSR1 evicts it (killed, then run again
whatever the policy says), SIGUSR2 crashes it (killed, then the policy decides).
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

LAUNCH, STATE, OUTPUT, HOME = "launch.json", "state.json", "output.log", "home"
LONGEST_BACKOFF = 30  # times the first one


@dataclass(frozen=True)
class Launch:
    """What to run; `environment` is the whole of it, secrets included.

    `removal` ends a container of which `command` is only the client.
    """

    command: tuple[str, ...]
    environment: dict[str, str]
    workdir: str
    restart_policy: Literal["Always", "OnFailure", "Never"]
    memory_bytes: int | None  # None: whoever runs the container limits it
    grace_seconds: float
    backoff_seconds: float
    log_bytes: int = 4 << 20
    removal: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One run of the process; times are seconds since the epoch, None while it lasts."""

    started: float
    finished: float | None = None
    exit_code: int | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened `count` times, between the times `first` and `last`."""

    name: str
    message: str
    first: float
    last: float
    count: int = 1
    type: Literal["Normal", "Warning"] = "Normal"


@dataclass(frozen=True)
class State:
    """All that is known of a container since it was first started."""

    shim: int  # process ids
    process: int | None
    phase: Literal["running", "waiting", "terminated"]
    run: Run
    previous: Run | None = None
    restarts: int = 0
    events: tuple[Event, ...] = ()


def note(events: tuple[Event, ...], event: Event) -> tuple[Event, ...]:
    """Add an event; one of the same name is counted instead."""
    for old in events:
        if old.name == event.name:
            again = replace(event, first=old.first, count=old.count + 1)
            return tuple(again if item is old else item for item in events)
    return (*events, event)


def next_backoff(last: float, first: float, lasted: float) -> float:
    """Seconds to wait before a restart: twice the last wait, anew after a run that lasted."""
    if not last or lasted > 2 * LONGEST_BACKOFF * first:
        return first
    return min(2 * last, LONGEST_BACKOFF * first)


def write_private(path: Path, text: str) -> None:
    """Replace a file at once; only its owner may read it."""
    draft = path.with_name(path.name + ".new")
    draft.touch(0o600)
    draft.write_text(text, "utf-8")
    draft.replace(path)


class Output:
    """The last output, at least `limit` bytes of it, in two files that take turns."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path, self._limit = path, limit
        self._file = path.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        """Append, turning the files when this one is full."""
        if self._file.tell() >= self._limit:
            self.close()
            self._path.replace(self._path.with_suffix(".old"))
            self._file = self._path.open("ab", buffering=0)
        self._file.write(data)

    def close(self) -> None:
        """No more is written."""
        self._file.close()


class Container:
    """One container from its first start to its end; `run` blocks for that long."""

    def __init__(self, folder: Path, launch: Launch) -> None:
        self._folder, self._launch = folder, launch
        self._output = Output(folder / OUTPUT, launch.log_bytes)
        self._wake = _wake_on_signals()
        self._stopping = self._evicted = False
        self._backoff = 0.0
        self._deadline: float | None = None  # to kill while running, to start again while waiting
        self._start(State(os.getpid(), None, "running", Run(time.time())))

    def run(self) -> None:
        """Serve signals, output and deadlines until the container has ended."""
        while self._state.phase != "terminated":
            left = None if self._deadline is None else max(0, self._deadline - time.monotonic())
            wake, pipe = self._wake.fileno(), self._pipe
            ready = select.select([wake] if pipe is None else [wake, pipe], [], [], left)[0]
            if pipe in ready:
                self._pump()
            for number in self._wake.recv(64) if wake in ready else b"":
                self._on_signal(number)
            if self._deadline is not None and time.monotonic() >= self._deadline:
                self._on_deadline()

    def _start(self, state: State) -> None:
        self._evicted, self._deadline, self._pipe = False, None, None
        started = Event("Started", "Started container", state.run.started, state.run.started)
        self._state = replace(state, events=note(state.events, started))
        try:
            self._process = subprocess.Popen(
                self._launch.command,
                cwd=self._launch.workdir,
                env=self._launch.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o022,
            )
        except (OSError, ValueError, IndexError) as error:  # no such program, or no command at all
            self._output.write(f"{error}\n".encode())
            self._ended(127)
            return
        if self._process.stdout:
            self._pipe = self._process.stdout.fileno()
            os.set_blocking(self._pipe, False)
        self._save(replace(self._state, process=self._process.pid))

    def _on_signal(self, number: int) -> None:
        if number == signal.SIGCHLD:
            self._reap()
        elif number == signal.SIGTERM and not self._stopping:
            self._stop()
        elif number in (signal.SIGUSR1, signal.SIGUSR2) and self._state.phase == "running":
            self._evicted = number == signal.SIGUSR1
            self._kill()

    def _stop(self) -> None:
        self._stopping, now = True, time.time()
        self._note(Event("Killing", "Killing container", now, now))
        if self._state.phase == "waiting":
            self._save(replace(self._state, phase="terminated"))
            return
        self._deadline = time.monotonic() + self._launch.grace_seconds
        self._process.terminate()

    def _on_deadline(self) -> None:
        self._deadline = None
        if self._state.phase == "waiting":
            self._again(self._state)
        else:
            self._kill()

    def _reap(self) -> None:
        code = self._process.poll() if self._state.phase == "running" else None
        if code is None:
            return
        self._kill()  # a container ends with its first process
        self._pump()
        if self._process.stdout:
            self._process.stdout.close()
        self._ended(code if code >= 0 else 128 - code)

    def _ended(self, code: int) -> None:
        run = replace(self._state.run, finished=time.time(), exit_code=code)
        ended = replace(self._state, process=None, run=run)
        self._pipe = self._deadline = None
        policy = self._launch.restart_policy
        if self._stopping:
            self._save(replace(ended, phase="terminated"))
        elif self._evicted:
            self._again(ended)
        elif policy == "Always" or (policy == "OnFailure" and code):
            self._back_off(ended)
        else:
            self._save(replace(ended, phase="terminated"))

    def _back_off(self, ended: State) -> None:
        first, now = self._launch.backoff_seconds, time.time()
        self._backoff = next_backoff(self._backoff, first, lasted=now - ended.run.started)
        self._deadline = time.monotonic() + self._backoff
        self._state = replace(ended, phase="waiting")
        message = "Back-off restarting failed container"
        self._note(Event("BackOff", message, now, now, type="Warning"))

    def _again(self, old: State) -> None:
        run, restarts = Run(time.time()), old.restarts + 1
        self._start(replace(old, phase="running", run=run, previous=old.run, restarts=restarts))

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        remove(self._launch)

    def _pump(self) -> None:
        if self._pipe is None:
            return
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._pipe, 1 << 16)  # all that a pipe holds
            self._output.write(data)
            self._pipe = self._pipe if data else None  # every writer is gone

    def _note(self, event: Event) -> None:
        self._save(replace(self._state, events=note(self._state.events, event)))

    def _save(self, state: State) -> None:
        self._state = state
        write_private(self._folder / STATE, json.dumps(asdict(state)))


def remove(launch: Launch) -> None:
    """End what a client has started; nothing if it has ended, or if there is no client."""
    if launch.removal:
        subprocess.run(
            launch.removal,
            env=launch.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )


def _wake_on_signals() -> socket.socket:
    """A socket that receives the number of every signal, so that `select` waits for all."""
    wake, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.detach())
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, lambda *_: None)
    return wake


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def main(folder: Path) -> None:
    """Run the container of a folder to its end."""
    launch = Launch(**json.loads((folder / LAUNCH).read_bytes()))
    # The container inherits both. Not RLIMIT_AS: threads and allocators reserve far more
    # addresses than they ever use.
    _limit(resource.RLIMIT_CORE, 0)
    if launch.memory_bytes is not None:
        _limit(resource.RLIMIT_DATA, launch.memory_bytes)
    Container(folder, launch).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
