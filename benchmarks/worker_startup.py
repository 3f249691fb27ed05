"""What the start of a worker costs, in a process of its own, started by `benchmarks.worker`.

Prints the processor seconds that the process has used after each step, as a list in JSON.
"""

import os
import sys
import time

INTERPRETER = time.process_time()

# The image does not hold it; here it is for the local host, and the storage SDK would import it.
sys.modules["aiohttp"] = None  # type: ignore[assignment]  # so it is for the import system

from worker_image import __main__ as program  # noqa: E402 - the import is what is measured

IMPORTS = time.process_time()

from worker_image import logs  # noqa: E402 - as above
from worker_image.contract import Message, WorkerEnvironment  # noqa: E402
from worker_image.makers import Makers  # noqa: E402
from worker_image.storage import Storage, connect  # noqa: E402


def steps() -> list[float]:
    """The steps of a start, the imports done: the clients made, the dataset compiled, a unit."""
    environment = WorkerEnvironment.read(os.environ)
    makers = Makers(environment.processes)
    program.compose(environment, logs.configure(environment), makers)
    clients = time.process_time()
    from worker_image.datasets import Datasets  # noqa: PLC0415 - what it imports counts here
    from worker_image.stages import Generate  # noqa: PLC0415 - as above

    message = Message.decode(os.environ["MESSAGE"])
    storage = Storage(*connect(environment, None), environment.run)
    stage = Generate(storage, Datasets(storage, makers))
    stage.work(message)
    first = time.process_time()
    stage.work(message)
    unit = time.process_time() - first
    return [INTERPRETER, IMPORTS, clients, first - unit, first]


if __name__ == "__main__":
    print(steps())
