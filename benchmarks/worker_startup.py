"""What the start of a worker costs, in a process of its own, started by `benchmarks.worker`.

Prints the seconds since `STARTED`, a reading of the monotonic clock, after each step: a list in
JSON.
"""

import os
import sys
import time

INTERPRETER = time.monotonic()

# The image does not hold it; here it is for the local host, and the storage SDK would import it.
sys.modules["aiohttp"] = None  # type: ignore[assignment]  # so it is for the import system

from worker_image import __main__ as program  # noqa: E402 - the import is what is measured

IMPORTS = time.monotonic()

from worker_image import logs  # noqa: E402 - as above
from worker_image.contract import Message, WorkerEnvironment  # noqa: E402
from worker_image.datasets import Datasets  # noqa: E402
from worker_image.makers import Makers  # noqa: E402
from worker_image.stages import Generate  # noqa: E402
from worker_image.storage import Storage, connect  # noqa: E402


def steps() -> list[float]:
    """The steps of a start: the interpreter, imports, clients, the first unit made by a maker."""
    environment = WorkerEnvironment.read(os.environ)
    makers = Makers(environment.processes)
    program.compose(environment, logs.configure(environment), makers)
    clients = time.monotonic()
    message = Message.decode(os.environ["MESSAGE"])
    storage = Storage(*connect(environment, None), environment.run)
    Generate(storage, Datasets(storage, makers)).work(message)
    moments = [INTERPRETER, IMPORTS, clients, time.monotonic()]
    makers.close()
    return [moment - float(os.environ["STARTED"]) for moment in moments]


if __name__ == "__main__":
    print(steps())
