"""Processor time and memory of every process of a job, by what the process is.

A process belongs to the job if its working folder lies in the job's. Linux only: macOS shows
nobody the folders of another user's processes.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

SECONDS = 0.5
"""Between two looks: what a process uses between the last one and its end is not seen."""

KINDS = {
    "worker: generation": "worker_image.making",
    "functions host, with the app": "local_host.functions",
    "ARM stand-in": "local_host.container_instances",
    "worker: SDK, delivery, loading": "worker_image",
    "Azurite": "azurite",
}
"""By a part of the command line; of several the first. What is left is PostgreSQL."""
POSTGRESQL = "PostgreSQL"
CONTROL = ("functions host, with the app", "ARM stand-in")


@dataclass(slots=True)
class Used:
    """Seconds of the processor, and the most memory at one moment in bytes."""

    cpu: float = 0.0
    memory: int = 0


class Meter:
    """Looks at all processes in a folder while its context is open."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder.resolve())
        self._cpu: dict[tuple[int, float], tuple[str, float, float]] = {}
        self._memory: dict[str, int] = defaultdict(int)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="meter", daemon=True)

    def __enter__(self) -> Self:
        self.look()
        # What was used before does not count.
        self._cpu = {key: (kind, now, now) for key, (kind, _, now) in self._cpu.items()}
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.look()

    def used(self) -> dict[str, Used]:
        """What each kind has used, the most first."""
        found: dict[str, Used] = defaultdict(Used)
        for kind, before, now in self._cpu.values():
            found[kind].cpu += now - before
        for kind, memory in self._memory.items():
            found[kind].memory = memory
        return dict(sorted(found.items(), key=lambda item: -item[1].cpu))

    def _watch(self) -> None:
        while not self._over.wait(SECONDS):
            self.look()

    def look(self) -> None:
        """See what every process has used by now; a thread does so again and again."""
        own: dict[str, int] = defaultdict(int)
        shared: dict[str, int] = defaultdict(int)
        for process, kind in self._processes():
            try:
                with process.oneshot():
                    times, held = process.cpu_times(), process.memory_info()
                    key = process.pid, process.create_time()
            except psutil.NoSuchProcess:
                continue
            _, before, _ = self._cpu.get(key, (kind, 0.0, 0.0))
            self._cpu[key] = kind, before, times.user + times.system
            # The buffers that all backends of PostgreSQL share count once.
            together = getattr(held, "shared", 0)
            own[kind] += held.rss - together
            shared[kind] = max(shared[kind], together)
        for kind, memory in own.items():
            self._memory[kind] = max(self._memory[kind], memory + shared[kind])

    def _processes(self) -> Iterator[tuple[psutil.Process, str]]:
        for process in psutil.process_iter():
            try:
                if process.cwd().startswith(self._folder):
                    yield process, _kind(" ".join(process.cmdline()))
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue


def _kind(command: str) -> str:
    # By path, too: the stand-in starts containers by a script of its own.
    named = command.replace("/", ".")
    return next((kind for kind, part in KINDS.items() if part in named), POSTGRESQL)
