"""The worker's process: `python -m worker_image`, told by its environment alone."""

import signal
import sys

if __name__ == "__main__":
    # Process 1 of a container has no default actions: a stop during the imports would be lost.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

import gc
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from random import Random

from . import identity, logs
from .clock import Clock
from .command import Command
from .contract import ConfigurationError, ExitCode, Redaction, Stage, WorkerEnvironment
from .datasets import Datasets
from .delivery import Workplace
from .gate import Gate
from .heartbeats import Tally
from .ingester import Surroundings, open_sink
from .makers import Makers
from .making import Making
from .stages import Finish, Generate, Ingest
from .storage import Storage, connect
from .telemetry import open_telemetry
from .worker import Worker


def compose(environment: WorkerEnvironment, shipment: logs.Shipment, makers: Making) -> Worker:
    """Put a worker together.

    Raises:
        ConfigurationError: the environment does not lead to a storage account.
    """
    credential = identity.credential(environment)
    storage = Storage(*connect(environment, credential), environment.run)
    datasets = Datasets(storage, makers)
    surroundings = Surroundings(
        postgresql_url=lambda: identity.postgresql_url(environment.postgresql_url, credential),
        secret=environment.sink_secret,
        http_hosts=tuple(filter(None, environment.http_hosts.split(","))),
        connections=environment.connections,
    )
    tally, telemetry = Tally(), open_telemetry(environment, credential)
    telemetry.watch(tally)
    opened = partial(open_sink, surroundings=surroundings)
    workplace = Workplace(
        worker=environment.worker,
        storage=storage,
        stages={
            Stage.GENERATE: Generate(storage, datasets),
            Stage.INGEST: Ingest(storage, datasets, opened, Gate(environment.connections)),
            Stage.FINISH: Finish(datasets, opened),
            Stage.COMMAND: Command(environment, os.environ),
        },
        tally=tally,
        telemetry=telemetry,
        clock=Clock(),
        random=Random(),  # noqa: S311 - jitter, no secret
        redact=Redaction.of(environment),
        retry_seconds=environment.retry_seconds,
    )
    return Worker(environment, workplace, shipment)


def main(variables: Mapping[str, str]) -> ExitCode:
    """Run a worker to its end."""
    try:
        environment = WorkerEnvironment.read(variables)
        makers = Makers(environment.processes)
        worker = compose(environment, logs.configure(environment), makers)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return ExitCode.CONFIGURATION
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    collect_less_often()
    # Off the main thread, where a signal handler could meet a lock that it holds itself.
    with closing(makers), ThreadPoolExecutor(1) as thread:
        return thread.submit(worker.run).result()


def collect_less_often() -> None:
    """Look for garbage in cycles at every ten thousandth object, and not in what stays for good.

    By default a sixth of the time in which a document is read goes by in looking.
    """
    gc.freeze()
    gc.set_threshold(10_000)


if __name__ == "__main__":
    sys.exit(main(os.environ))
