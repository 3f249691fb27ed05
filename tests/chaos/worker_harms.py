"""What is done to workers: to one that is there when the time comes."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from threading import Event

import psutil

from . import processes
from .ground import CLOCK, EpisodeGround, faketime
from .scenario import Fault
from .waiting import awaited

_NO_FILES = 0  # bytes that a process may write into one: its disk is full
_SIGNALS = {
    "kill": signal.SIGKILL,
    "kill maker": signal.SIGKILL,
    "kill machine": signal.SIGKILL,
    "stop": signal.SIGTERM,
}


@contextmanager
def worker(ground: EpisodeGround, fault: Fault, over: Event) -> Iterator[str]:
    """Harm one of the workers that are there, or the first that comes."""

    def choose() -> psutil.Process | None:
        there = processes.workers(ground.folder)
        if fault.kind == "kill maker":
            there = [each for each in there if processes.children(each)]
        return there[int(fault.choice * len(there))] if there else None

    found, met = awaited(choose, over), ""
    with ExitStack() as held:
        if found:
            with suppress(psutil.Error, OSError):  # it ended before it could be met
                met = held.enter_context(_WAYS[fault.kind](found, fault))
        yield met


@contextmanager
def _signalled(worker: psutil.Process, fault: Fault) -> Iterator[str]:
    met = [worker]
    if fault.kind == "kill maker":
        met = processes.children(worker)[:1]
    elif fault.kind == "kill machine":
        met = processes.with_keeper(worker)
    sent = processes.signal_all(met, _SIGNALS[fault.kind])
    yield f"pid {met[0].pid}" if sent else ""


@contextmanager
def _paused(worker: psutil.Process, _: Fault) -> Iterator[str]:
    family = processes.family(worker.pid)
    sent = processes.signal_all(family, signal.SIGSTOP)
    try:
        yield f"pid {worker.pid}" if sent else ""
    finally:
        processes.signal_all(family, signal.SIGCONT)


@contextmanager
def _full(worker: psutil.Process, fault: Fault) -> Iterator[str]:
    family = processes.family(worker.pid)
    limits = [(process, process.rlimit(psutil.RLIMIT_FSIZE)) for process in family]
    for process, (_, most) in limits:
        process.rlimit(psutil.RLIMIT_FSIZE, (_NO_FILES, most))
    yield f"pid {worker.pid}"
    for process, limit in limits:
        with suppress(psutil.Error):
            process.rlimit(psutil.RLIMIT_FSIZE, limit)


@contextmanager
def _shifted(worker: psutil.Process, fault: Fault) -> Iterator[str]:
    clock = processes.home(worker) / CLOCK
    clock.write_text(f"{fault.value:+.0f}\n")
    yield f"pid {worker.pid} by {fault.value:+.0f} s" if faketime() else ""
    with suppress(OSError):  # its home is gone
        clock.write_text("+0\n")


_WAYS: dict[str, Callable[[psutil.Process, Fault], AbstractContextManager[str]]] = {
    "kill": _signalled,
    "kill maker": _signalled,
    "kill machine": _signalled,
    "stop": _signalled,
    "pause": _paused,
    "fill disk": _full,
    "shift clock": _shifted,
}
