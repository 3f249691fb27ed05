"""How each fault is done and healed: a context that it lasts as long as.

A context gives what it met, for the record; nothing where nobody was there to be met.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import Event

import psutil
import psycopg

from local_host.services.process import ServiceError

from . import asking, processes, worker_harms
from .ground import EpisodeGround
from .network import Weather
from .scenario import Fault
from .waiting import awaited

_STARTS = 5

Context = AbstractContextManager[str]
Harm = Callable[[EpisodeGround, Fault, Event], Context]


def harm(ground: EpisodeGround, fault: Fault, over: Event) -> Context:
    """A fault while the context lasts; `over` ends the wait for somebody to meet it."""
    if fault.on_a_link:
        return _weather(ground, fault)
    by_target: dict[str, Harm] = {
        "aci": asking.aci,
        "messages": asking.doubled,
        "postgresql backend": _backend,
        "run": asking.wished,
        "worker": worker_harms.worker,
    }
    if fault.target in by_target:
        return by_target[fault.target](ground, fault, over)
    return _WAYS[fault.kind](ground, fault)


@contextmanager
def _weather(ground: EpisodeGround, fault: Fault) -> Iterator[str]:
    ground.network.turn(fault.target, Weather(fault.kind), fault.value)
    yield f"late by {fault.value:g} s" if fault.value else "changed"
    ground.network.turn(fault.target, Weather.FAIR)


@contextmanager
def _backend(ground: EpisodeGround, fault: Fault, over: Event) -> Iterator[str]:
    """PostgreSQL ends all its connections when one of its processes dies, and recovers."""

    def choose() -> psutil.Process | None:
        found = processes.family(ground.pid("postgresql"))[1:]
        return found[int(fault.choice * len(found))] if found else None

    met = awaited(choose, over)
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
