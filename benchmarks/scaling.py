"""Whether twice the workers do twice the work: `make bench-scaling`.

1, 2, 4 and 8 real workers drain a pipeline of tiny units, one at a time each, from storage into a
dozen tables of PostgreSQL, both behind a network that takes 10 ms a call. So a unit mostly waits,
and what would not scale is the workers' own: how they share the queue, the database and each
other's leases. Each turn has as many units for each worker; a unit that is loaded lets the next one
onto the queue, so that both stages go on side by side all the time. Figures are medians of the
rounds. It ends with 1 if fewer units than 0.9 of linear are done a second.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from urllib.parse import quote

import psutil
import typer
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient
from rich.box import SIMPLE
from rich.table import Table

from benchmarks.headline.lines import together
from benchmarks.results import Page
from local_host.services.azurite import ACCOUNT, ACCOUNT_KEY, Azurite
from local_host.services.ports import HOST, free_ports
from local_host.services.postgresql import LocalPostgresql
from local_host.services.toolchain import Toolchain
from worker_image.contract import (
    DatasetSource,
    GeneratePayload,
    Message,
    Stage,
    WorkerEnvironment,
    naming,
)

WORKERS = (1, 2, 4, 8)
LATENCY = 0.010
UNITS, AHEAD = 32, 3
"""Of each worker; so many of these are under way at a time."""
WARM, COOL = 0.3, 0.9
"""From this share of the units to that one the watch goes: starting and ending are no part."""
LINEAR = 0.9
SECONDS = 300
SOCKET = ".s.PGSQL.5432"
STARTED, LOADED = "started with ", r' rows in .*"stage":"ingest"'
CONTAINER, RUN = "documents", "r250101-000000-scale"
TABLES = 12
"""Each is one COPY of a unit: two more calls that the network delays."""
DATASET = {
    "version": 1,
    "dataset": "tiny",
    "records": {
        f"thing{number}": {
            "count": 2,
            "fields": {"id": {"key": True}, "size": {"integer": {"min": 1, "max": 9}}},
        }
        for number in range(TABLES)
    },
}


@dataclass(frozen=True)
class Pace:
    """Units a second, and cores of this machine that everything together took."""

    rate: float
    cores: float


@dataclass(frozen=True)
class Services:
    """Where they are: themselves, and behind the network."""

    storage: str
    far_storage: str
    far_database: str
    processes: list[psutil.Process]


@contextmanager
def services(folder: Path) -> Iterator[Services]:
    """New ones, behind a network."""
    before = set(psutil.Process().children())
    azurite = Azurite(folder / "azurite", Toolchain.from_environment())
    postgresql = LocalPostgresql(folder / "postgresql", durable=False)  # no disk to wait for
    near = {name: port for name, port in azurite._ports.items() if name != "table"}
    far = dict(zip(near, free_ports(len(near)), strict=True))
    routes = [f"{far[name]}={port}" for name, port in near.items()]
    routes.append(f"{folder / SOCKET}={postgresql._sockets / SOCKET}")
    azurite.start()
    postgresql.start()
    try:
        with together([["benchmarks.scaling_latency", str(LATENCY), *routes]], [{}]) as network:
            network.until("ready", 1, SECONDS)
            yield Services(
                azurite.connection_string,
                _connection_string(far),
                f"postgresql://postgres@/postgres?host={quote(str(folder), '')}",
                [child for child in psutil.Process().children() if child not in before],
            )
    finally:
        postgresql.stop()
        azurite.stop()


def _connection_string(ports: dict[str, int]) -> str:
    endpoints = ";".join(
        f"{part.title()}Endpoint=http://{HOST}:{port}/{ACCOUNT}" for part, port in ports.items()
    )
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints};"
    )


def turn(workers: int) -> Pace:
    """So many workers, on services of their own."""
    with TemporaryDirectory(prefix="aci-jobs-scaling-") as name, services(Path(name)) as at:
        work = _prepare(at.storage)
        environment = WorkerEnvironment(
            run=RUN,
            worker="",
            storage_connection_string=at.far_storage,
            postgresql_url=at.far_database,
            concurrency=1,
        )
        variables = [
            {
                each.name: each.value
                for each in replace(environment, worker=f"w{number}").variables()
            }
            for number in range(workers)
        ]
        with work, together([["worker_image"]] * workers, variables) as started:
            children = [psutil.Process(child.pid) for child in started.children]
            started.until(STARTED, workers, SECONDS)
            warm, cool = (round(share * workers * UNITS) for share in (WARM, COOL))
            _send(work, range(workers * AHEAD))
            for loaded in range(cool):
                if loaded == warm:
                    begun, used = time.monotonic(), _used([*children, *at.processes])
                started.until(LOADED, 1, SECONDS)
                _send(work, range(workers * AHEAD + loaded, workers * AHEAD + loaded + 1))
            took = time.monotonic() - begun
            cores = (_used([*children, *at.processes]) - used) / took
    return Pace((cool - warm) / took, cores)


def _used(processes: list[psutil.Process]) -> float:
    all_of_them = [each for process in processes for each in (process, *process.children())]
    times = [process.cpu_times() for process in all_of_them]
    return float(sum(each.user + each.system for each in times))


def _prepare(connection: str) -> QueueClient:
    """Make what a run needs; its queue."""
    with BlobServiceClient.from_connection_string(connection) as blobs:
        for container in (CONTAINER, naming.RUNS):
            blobs.create_container(container)
    work = QueueClient.from_connection_string(connection, naming.work_queue(RUN))
    work.create_queue()
    return work


def _send(work: QueueClient, units: Iterable[int]) -> None:
    """Put units on the queue."""
    sink: dict[str, Any] = {"kind": "postgresql", "schema": "scaling"}
    payload = GeneratePayload(DatasetSource(inline=DATASET), CONTAINER, "", "none")
    for unit in units:
        message = Message(
            RUN,
            Stage.GENERATE,
            unit,
            payload.members(),
            random_seed=1,
            then={"stage": Stage.INGEST, "sink": sink},
        )
        work.send_message(message.encode(), time_to_live=-1)


def shown(paces: dict[int, list[Pace]]) -> Table:
    """A line for each number of workers."""
    table = Table(title=f"A pipeline behind {1e3 * LATENCY:.0f} ms a call", box=SIMPLE)
    for heading in ("workers", "units/s", "of linear", "cores busy"):
        table.add_column(heading, justify="right")
    for workers, turns in paces.items():
        rate, cores = median(each.rate for each in turns), median(each.cores for each in turns)
        table.add_row(str(workers), f"{rate:.1f}", f"{linear(paces, workers):.2f}", f"{cores:.2f}")
    return table


def linear(paces: dict[int, list[Pace]], workers: int) -> float:
    """What so many workers did, as a share of so many times what one did; by rounds."""
    pairs = zip(paces[workers], paces[1], strict=True)
    return median(several.rate / (workers * one.rate) for several, one in pairs)


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often each number has its turn.")] = 3,
) -> None:
    """Measure, print, judge."""
    page = Page("Workers on one machine")
    paces: dict[int, list[Pace]] = {workers: [] for workers in WORKERS}
    for number in range(rounds):
        with page.screen.status(f"round {number + 1} of {rounds}"):
            for workers in WORKERS if number % 2 else reversed(WORKERS):
                paces[workers].append(turn(workers))
    page.print(shown(paces))
    verdicts = [
        page.judge(
            f"{workers} workers, of linear: at least {LINEAR}",
            linear(paces, workers),
            reached=linear(paces, workers) >= LINEAR,
        )
        for workers in WORKERS[1:]
    ]
    page.publish()
    if not all(verdicts):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
