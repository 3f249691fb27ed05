"""How each fault is done and healed: a context that it lasts as long as.

A context gives what it met, for the record; nothing where nobody was there to be met.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from threading import Event
from time import monotonic
from typing import TypeVar

import httpx
import psutil
import psycopg

from local_host.services.process import ServiceError

from . import processes
from .ground import CLOCK, EpisodeGround, faketime
from .network import Weather
from .scenario import ACI_FAULTS, Fault

_POLL = 0.05
_STARTS = 5
_SIGNALS = {"kill": signal.SIGKILL, "kill maker": signal.SIGKILL, "stop": signal.SIGTERM}
_NO_FILES = 0  # bytes that a process may write into one: its disk is full

T = TypeVar("T")
Context = AbstractContextManager[str]


def harm(ground: EpisodeGround, fault: Fault, over: Event) -> Context:
    """A fault while the context lasts; `over` ends the wait for somebody to meet it."""
    if fault.on_a_link:
        return _weather(ground, fault)
    match fault.target:
        case "aci":
            return _aci(ground, fault, over)
        case "worker":
            return _worker(ground, fault, over)
        case "postgresql backend":
            return _backend(ground, fault, over)
    return _WAYS[fault.kind](ground, fault)


@contextmanager
def _weather(ground: EpisodeGround, fault: Fault) -> Iterator[str]:
    ground.network.turn(fault.target, Weather(fault.kind), fault.value)
    yield f"late by {fault.value:g} s" if fault.value else "changed"
    ground.network.turn(fault.target, Weather.FAIR)


@contextmanager
def _aci(ground: EpisodeGround, fault: Fault, over: Event) -> Iterator[str]:
    """In force until it is spent, at the longest to the end of the storm."""
    wanted = {"kind": fault.kind, **ACI_FAULTS[fault.kind]}

    def ask() -> str:
        with suppress(httpx.HTTPError):
            ground.ask_stand_in("POST", "faults", json=wanted)
            return "asked for"
        return ""

    yield _awaited(ask, fault.seconds, over)


# ------------------------------------------------------------------------------ workers


@contextmanager
def _worker(ground: EpisodeGround, fault: Fault, over: Event) -> Iterator[str]:
    def choose() -> psutil.Process | None:
        found = processes.workers(ground.folder)
        return found[int(fault.choice * len(found))] if found else None

    worker, met = _awaited(choose, fault.seconds, over), ""
    with ExitStack() as held:
        if worker:
            with suppress(psutil.Error, OSError):  # it ended before it could be met
                met = held.enter_context(_WORKER_WAYS[fault.kind](worker, fault))
        yield met


@contextmanager
def _signalled(worker: psutil.Process, fault: Fault) -> Iterator[str]:
    met = [worker]
    if fault.kind == "kill maker":
        met = processes.children(worker)[:1]
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


_WORKER_WAYS: dict[str, Callable[[psutil.Process, Fault], Context]] = {
    "kill": _signalled,
    "kill maker": _signalled,
    "stop": _signalled,
    "pause": _paused,
    "fill disk": _full,
    "shift clock": _shifted,
}

# ------------------------------------------------------------------------------ services


@contextmanager
def _backend(ground: EpisodeGround, fault: Fault, over: Event) -> Iterator[str]:
    """PostgreSQL ends all its connections when one of its processes dies, and recovers."""

    def choose() -> psutil.Process | None:
        found = processes.children(psutil.Process(ground.pid("postgresql")))
        return found[int(fault.choice * len(found))] if found else None

    met = _awaited(choose, fault.seconds, over)
    sent = processes.signal_all([met] if met else [], signal.SIGKILL)
    yield f"pid {met.pid}" if met and sent else ""


@contextmanager
def _killed(ground: EpisodeGround, fault: Fault) -> Iterator[str]:
    with _storage_apart(ground, fault.target):
        pid = ground.pid(fault.target)
        processes.signal_all(processes.family(pid)[:1], signal.SIGKILL)
        yield f"pid {pid}"
        _start(ground, fault.target)


@contextmanager
def _stopped(ground: EpisodeGround, fault: Fault) -> Iterator[str]:
    with _storage_apart(ground, fault.target):
        pid = ground.pid(fault.target)
        ground.services[fault.target][0].stop()
        yield f"pid {pid}"
        _start(ground, fault.target)


@contextmanager
def _halted(ground: EpisodeGround, fault: Fault) -> Iterator[str]:
    pid = ground.pid(fault.target)
    family = processes.family(pid)
    # The stand-in's children are the keepers of the containers, which run on their own.
    met = family if fault.target == "postgresql" else family[:1]
    processes.signal_all(met, signal.SIGSTOP)
    try:
        yield f"pid {pid}"
    finally:
        processes.signal_all(met, signal.SIGCONT)


@contextmanager
def _storage_apart(ground: EpisodeGround, service: str) -> Iterator[None]:
    if service == "azurite":
        ground.cut_storage_off()
    yield
    if service == "azurite":
        ground.let_storage_on()


_WAYS: dict[str, Callable[[EpisodeGround, Fault], Context]] = {
    "kill": _killed,
    "stop": _stopped,
    "pause": _halted,
}


def _start(ground: EpisodeGround, service: str) -> None:
    """Start a service again. What it needs may be away as well, so a start may fail a few times."""
    for _ in range(_STARTS - 1):
        with suppress(ServiceError, OSError, psycopg.Error):
            ground.services[service][1]()
            return
    ground.services[service][1]()


def _awaited(read: Callable[[], T], seconds: float, over: Event) -> T:
    """The first answer that is true, or the last one after so long."""
    deadline = monotonic() + seconds
    while not (answer := read()) and monotonic() < deadline and not over.wait(_POLL):
        pass
    return answer
