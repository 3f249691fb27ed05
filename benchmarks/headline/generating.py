"""What generation adds to the calls that bring documents into storage.

Real workers drain a queue of generate messages; then the same workers do, with the generator
replaced by documents that are ready. Each turn has an Azurite of its own.
"""

import json
import pickle
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from benchmarks.headline.lines import together
from benchmarks.headline.ready_worker import FOLDER
from benchmarks.worker import azurite, dataset, environment, message, seed
from worker_image.contract import GeneratePayload
from worker_image.forms import Compression, Form
from worker_image.making import MakeUnit

WORKERS, SLOTS = 2, 2
MOST_UNITS = 600
ROUNDS = 9
SECONDS = 300
REAL, READY = "worker_image", "benchmarks.headline.ready_worker"
DONE = " rows in "
"""What the log of a worker says of each unit."""


@dataclass(frozen=True)
class Pace:
    """Milliseconds a unit: of the clock, and of the processor, by workers and by Azurite."""

    wall: float
    workers: float
    azurite: float


def prepare(folder: Path, units: int) -> None:
    """Make the documents that are to be ready."""
    folder.mkdir()
    text = json.dumps(dataset())
    payload = GeneratePayload.read(message(0).payload)
    form = Form(compression=Compression(payload.compression))
    for unit in range(units):
        made = MakeUnit(text, message(unit).random_seed, unit, form).answer()
        (folder / str(unit)).write_bytes(pickle.dumps(made))


def by_turns(folder: Path, units: int) -> Iterator[tuple[Pace, Pace]]:
    """Of each round, the pace of real workers and that with ready documents."""
    for number in range(ROUNDS):
        turns = [REAL, READY] if number % 2 else [READY, REAL]
        paces = {module: _turn(module, folder, units) for module in turns}
        yield paces[REAL], paces[READY]


def _turn(module: str, folder: Path, units: int) -> Pace:
    warm = units // 6
    with azurite() as (connection, server):
        seed(connection, units)
        settings = [
            replace(environment(connection, SLOTS), worker=f"bench-{number}")
            for number in range(WORKERS)
        ]
        variables = [
            {FOLDER: str(folder)} | {item.name: item.value for item in each.variables()}
            for each in settings
        ]
        with together([[module]] * WORKERS, variables) as workers:
            clients = [psutil.Process(child.pid) for child in workers.children]
            workers.until(DONE, warm, SECONDS)
            start = _moment(clients, server)
            workers.until(DONE, units - warm, SECONDS)
            end = _moment(clients, server)
    spent = (
        1e3 * (after - before) / (units - warm) for before, after in zip(start, end, strict=True)
    )
    return Pace(*spent)


def _moment(clients: list[psutil.Process], server: psutil.Process) -> tuple[float, float, float]:
    own = [each for client in clients for each in (client, *client.children())]
    return time.monotonic(), sum(map(_used, own)), _used(server)


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
