"""Containers as processes: each is kept by a shim that outlives the stand-in.

A shim holds the lock of its folder for as long as it lives, and nothing but the shim can: so
whether a container is kept is known after any crash, and no process id is ever trusted that
might meanwhile be another's. A process id is read only from a state whose shim holds the lock.
"""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
from pydantic import TypeAdapter

from local_host.container_instances import shim
from local_host.container_instances.shim import HOME, LAUNCH, STATE, Launch, Run, State

PLATFORM_KILL = 137
_STATE = TypeAdapter(State)
_LAUNCH = TypeAdapter(Launch)


@contextmanager
def held_lock(folder: Path) -> Iterator[int | None]:
    """The descriptor of the folder's lock, or None when another holds it."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor if _lock(descriptor) else None
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def launch(folder: Path, what: Launch) -> subprocess.Popen[bytes] | None:
    """Start the shim of a container; None for a folder that has one already."""
    (folder / HOME).mkdir(parents=True, exist_ok=True)
    shim.write_private(folder / LAUNCH, _LAUNCH.dump_json(what).decode())
    with held_lock(folder) as lock, (folder / "shim.log").open("ab") as log:
        if lock is None:
            return None
        return subprocess.Popen(
            # Isolated and without site-packages: it starts in 30 ms and stays small.
            [sys.executable, "-I", "-S", shim.__file__, str(folder)],
            env={},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(lock,),
        )


def alive(folder: Path) -> bool:
    """Whether a shim keeps this container."""
    if not (folder / LAUNCH).exists():
        return False
    with held_lock(folder) as lock:
        return lock is None


def state(folder: Path) -> State | None:
    """What the shim has written; None before the first start."""
    with suppress(FileNotFoundError):
        return _STATE.validate_json((folder / STATE).read_bytes())
    return None


def send(folder: Path, number: signal.Signals) -> None:
    """Signal the shim of a container, if it lives and has started the container."""
    known = state(folder)
    if known and alive(folder):
        with suppress(ProcessLookupError):
            os.kill(known.shim, number)


def bury(folder: Path, now: float) -> None:
    """Leave nothing of a container without a shim.

    Processes that outlived it are killed; a container whose end nobody recorded was killed with
    its shim, as by the loss of a machine. Safe to repeat.
    """
    _kill_strays(folder / HOME)
    known = state(folder)
    if known and known.phase != "terminated":
        with suppress(FileNotFoundError):
            shim.remove(_LAUNCH.validate_json((folder / LAUNCH).read_bytes()))
        run = known.run
        if run.finished is None:
            run = Run(run.started, now, PLATFORM_KILL)
        ended = replace(known, phase="terminated", process=None, run=run)
        shim.write_private(folder / STATE, _STATE.dump_json(ended).decode())


def _kill_strays(home: Path) -> None:
    """Kill what left the container's session: its home is still in its environment.

    The process that stands for the container of an image works there instead.
    """
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if str(home) in (process.environ().get("HOME"), process.cwd()):
                process.kill()
