"""What runs on a ground: found by where it lives, signalled only while it is the same process."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import psutil

WORKER = ("-m", "worker_image")


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> int:
    """Signal those that live; how many did.

    psutil compares the start time first, so a pid that is another's by now is left alone.
    """
    sent = 0
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)
            sent += 1
    return sent


def family(pid: int | None) -> list[psutil.Process]:
    """A process and all its descendants, parents first; none if it is not there."""
    if pid is None:
        return []
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def workers(folder: Path) -> list[psutil.Process]:
    """The workers whose home is below a folder, by their start."""
    found = [process for process in _below(folder) if _is_worker(process)]
    return sorted(found, key=lambda process: (process.create_time(), process.pid))


def home(process: psutil.Process) -> Path:
    """The home of a process.

    Raises:
        psutil.Error: it has ended.
    """
    return Path(process.environ()["HOME"])


def children(process: psutil.Process) -> list[psutil.Process]:
    """The processes that it has started, by their start; none if it has ended."""
    with suppress(psutil.Error):
        return sorted(process.children(recursive=True), key=lambda each: each.pid)
    return []


def with_keeper(worker: psutil.Process) -> list[psutil.Process]:
    """A worker behind the process that keeps its container, if that still does.

    Raises:
        psutil.Error: it has ended.
    """
    keeper, container = worker.parent(), str(home(worker).parent)
    return [keeper, worker] if keeper and container in keeper.cmdline() else [worker]


def left(folder: Path) -> list[str]:
    """What still lives of a folder: by its home, its working folder, or its command."""
    return sorted(f"{process.pid} {_command(process)}" for process in _below(folder))


def _below(folder: Path) -> Iterator[psutil.Process]:
    own = os.getpid()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            lives = process.pid != own and process.status() != psutil.STATUS_ZOMBIE
            if lives and _lives_in(process, f"{folder}{os.sep}"):
                yield process


def _lives_in(process: psutil.Process, prefix: str) -> bool:
    home = process.environ().get("HOME", "")
    places = (f"{home}{os.sep}", f"{process.cwd()}{os.sep}", *process.cmdline())
    return any(place.startswith(prefix) for place in places)


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        words = process.cmdline()
        return any(pair == WORKER for pair in pairwise(words))
    return False


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())[:120]
    return "?"
