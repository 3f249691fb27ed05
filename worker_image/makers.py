"""Units made in processes of their own, one for each vCPU.

Making a unit keeps an interpreter busy, and so do calls to storage: in one process each would wait
for the other. A process is started when it is first needed.
"""

import contextlib
import os
import pickle
import queue
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from .contract.environment import PREFIX
from .errors import PermanentError
from .making import Failed, Made, MakeUnit, TellTables
from .tables import Table


class MakerError(Exception):
    """A process that makes units failed or died; another try may be lucky."""


class Makers:
    """So many processes, shared by all threads; each works on one request at a time."""

    def __init__(self, count: int) -> None:
        self._free: queue.LifoQueue[_Maker] = queue.LifoQueue()
        for _ in range(count):
            self._free.put(_Maker())

    def unit(self, request: MakeUnit) -> Made:
        """Make a unit, once a process is free.

        Raises:
            PermanentError: the specification is refused.
            MakerError: the process failed or died.
        """
        made = self._ask(request)
        assert isinstance(made, Made)
        return made

    def tables(self, request: TellTables) -> tuple[Table, ...]:
        """The tables of a dataset; raises what `unit` does."""
        tables: tuple[Table, ...] = self._ask(request)
        return tables

    def close(self) -> None:
        """End the processes that are free; the others end with this one."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._free.get_nowait().close()

    def _ask(self, request: MakeUnit | TellTables) -> Any:
        with self._one() as maker:
            answer = maker.ask(request)
        if isinstance(answer, Failed):
            raise PermanentError(answer.text) if answer.permanent else MakerError(answer.text)
        return answer

    @contextlib.contextmanager
    def _one(self) -> Iterator["_Maker"]:
        maker = self._free.get()
        try:
            yield maker
        finally:
            self._free.put(maker)


class _Maker:
    """One process, started anew if it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: MakeUnit | TellTables) -> Any:
        process = self._process = self._process or _started()
        assert process.stdin
        assert process.stdout
        try:
            pickle.dump(request, process.stdin)
            process.stdin.flush()
            return pickle.load(process.stdout)  # noqa: S301 - our own process
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self.close()
            reason = f"the process that makes units ended with code {process.returncode}"
            raise MakerError(reason) from error

    def close(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()  # it holds nothing that could be lost
            process.communicate()


def _started() -> subprocess.Popen[bytes]:
    # What the worker is told, secrets among it, is nothing to that process. Nor is there linear
    # algebra in it, whose threads would cost start-up time.
    environment = {name: value for name, value in os.environ.items() if PREFIX not in name}
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")
    return subprocess.Popen(
        [sys.executable, "-c", "from worker_image.making import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
