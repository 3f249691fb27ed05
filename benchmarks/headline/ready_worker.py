"""A worker as it is, with documents that are ready in the place of the generator."""

import os
import pickle
import sys
from pathlib import Path

from worker_image import logs
from worker_image.__main__ import collect_less_often, compose
from worker_image.contract import WorkerEnvironment
from worker_image.making import Made, MakeUnit, TellTables
from worker_image.tables import Table

FOLDER = "READY_DOCUMENTS"


class Ready:
    """Answers at once."""

    def __init__(self, folder: Path) -> None:
        self._made: dict[int, Made] = {
            int(path.name): pickle.loads(path.read_bytes())  # noqa: S301 - the benchmark's own
            for path in folder.iterdir()
        }

    def unit(self, request: MakeUnit) -> Made:
        """The unit of that number."""
        return self._made[request.unit]

    def tables(self, request: TellTables) -> tuple[Table, ...]:
        """As the generator says."""
        return request.answer()


if __name__ == "__main__":
    environment = WorkerEnvironment.read(os.environ)
    ready = Ready(Path(os.environ[FOLDER]))
    worker = compose(environment, logs.configure(environment), ready)
    collect_less_often()
    sys.exit(worker.run())
