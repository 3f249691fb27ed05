"""The faults of a scenario, each done at its time and healed after its own."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from time import monotonic

from .ground import EpisodeGround
from .harms import harm
from .scenario import Fault


@dataclass
class Happening:
    """A fault as it came about; times in seconds of the episode."""

    fault: Fault
    began: float
    ended: float = 0.0
    met: str = ""
    error: str = ""

    def __str__(self) -> str:
        """A line for people."""
        what = self.met or "nobody was there"
        line = f"{self.began:6.1f} to {self.ended:6.1f} s  {self.fault}: {what}"
        return f"{line}  NOT HEALED: {self.error}" if self.error else line


class Storm:
    """Every fault in a thread of its own; those on one part take turns."""

    def __init__(self, ground: EpisodeGround, faults: Sequence[Fault], began: float) -> None:
        self._ground, self._began = ground, began
        self._over = threading.Event()
        self._locks = {part: threading.Lock() for fault in faults for part in fault.parts}
        self._pool = ThreadPoolExecutor(max(1, len(faults)))
        self._happenings = [self._pool.submit(self._happen, fault) for fault in faults]

    def end(self) -> list[Happening]:
        """Heal what is not healed yet; all that happened, in the order of its times."""
        self._over.set()
        return self.wait()

    def wait(self) -> list[Happening]:
        """Return when all is over and healed; all that happened, in the order of its times."""
        happened = [future.result() for future in self._happenings]
        self._pool.shutdown()
        return sorted(happened, key=lambda happening: happening.began)

    def _happen(self, fault: Fault) -> Happening:
        self._over.wait(max(0.0, self._began + fault.at - monotonic()))
        with ExitStack() as held:
            for part in sorted(fault.parts):
                held.enter_context(self._locks[part])
            happening = Happening(fault, self._now())
            if not self._over.is_set():
                self._meet(happening)
        happening.ended = self._now()
        return happening

    def _meet(self, happening: Happening) -> None:
        fault = happening.fault
        try:
            with harm(self._ground, fault, self._over) as happening.met:
                if happening.met:
                    self._over.wait(fault.seconds)
        except Exception as error:  # what is not healed is told, and the episode is wrong
            happening.error = f"{type(error).__name__}: {error}"

    def _now(self) -> float:
        return monotonic() - self._began
