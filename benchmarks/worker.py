"""Units a second of one worker against Azurite, beside what the bare SDK calls alone allow.

Run as `python -m benchmarks.worker [--slots N] [--rounds N]`. Each round drains the same units of
the retail example twice, by turns: once with nothing but the receive, upload and delete calls of
the SDK, for documents made before, on as many threads as the worker has slots; and once with a
real worker process, which makes the documents. Each turn has an Azurite of its own, as one gets
slower with all that it holds. Both print a line a document; time and processor time, the client's
and Azurite's, are taken from the line at which all is warm to the last one, so that starting is no
part of it. Start-up is measured apart.

Figures are medians of the rounds. The ratio is the median of the ratios within the rounds, since
a machine that others use changes its speed from round to round.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import IO, Any

import psutil
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local_host.services.azurite import Azurite
from local_host.services.process import base_environment
from local_host.services.toolchain import Toolchain
from worker_image.contract import (
    DatasetSource,
    GeneratePayload,
    Message,
    Receipt,
    Stage,
    WorkerEnvironment,
    naming,
)
from worker_image.datasets import Datasets
from worker_image.forms import Compression, Form
from worker_image.generator import load
from worker_image.makers import Makers
from worker_image.making import MakeUnit
from worker_image.stages import Generate
from worker_image.storage import Storage, connect

UNITS = 288
WARM = 32  # of these; so many are done before the watch starts
STARTS = 5
TARGET = 0.8
RUN = "r250101-000000-bench"
CONTAINER = "documents"
CHECKOUT = Path(__file__).parents[1]
ANY = "AccountName=any;AccountKey=YW55"  # where nothing is sent
STEPS = ("interpreter", "imports", "clients, ready to receive", "first unit made")


@dataclass(frozen=True, slots=True)
class Pace:
    """One contender in one round: units a second, processor milliseconds a unit."""

    rate: float
    client: float
    azurite: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment: the time and the processor time used by a client, its processes included, and by
    Azurite, in seconds.
    """

    time: float
    client: float
    azurite: float

    @classmethod
    def of(cls, client: psutil.Process, azurite: psutil.Process) -> "Reading":
        """Now."""
        at = time.monotonic()
        return cls(at, sum(map(_used, [client, *client.children()])), _used(azurite))

    def pace(self, end: "Reading", units: int) -> Pace:
        """The pace from this moment to the end."""
        return Pace(
            rate=units / (end.time - self.time),
            client=(end.client - self.client) / units * 1000,
            azurite=(end.azurite - self.azurite) / units * 1000,
        )


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


class Bench:
    """The documents of all units in a folder, and both ways to bring them to an Azurite."""

    def __init__(self, folder: Path, slots: int) -> None:
        self._folder = folder
        self._slots = slots
        storage = Storage(*connect(environment(ANY, slots), None), RUN)
        with closing(Makers(1)) as makers:
            stage = Generate(storage, Datasets(storage, makers))
            receipts = [self._prepare(stage, unit) for unit in range(UNITS)]
        (folder / "receipts.json").write_text(json.dumps(receipts))

    def bare(self) -> Pace:
        """The SDK's calls for the documents."""
        variables = {"CONTAINER": CONTAINER, "FOLDER": str(self._folder)}
        return self._turn("benchmarks.worker_calls", variables, lambda _: True)

    def worker(self) -> Pace:
        """A worker; its log has a line for each document."""
        return self._turn("worker_image", {}, lambda line: b" rows in " in line)

    def making(self) -> float:
        """Processor milliseconds to make a document, in this process, nothing else done."""
        text = json.dumps(dataset())
        form = Form(compression=Compression.ZSTD)
        start = time.process_time()
        for unit in range(WARM):
            MakeUnit(text, 2026, unit, form).answer()
        return (time.process_time() - start) / WARM * 1000

    def _prepare(self, stage: Generate, unit: int) -> dict[str, str]:
        made = stage.work(message(unit))
        (self._folder / str(unit)).write_bytes(made.content)
        return Receipt(
            run=RUN,
            stage="generate",
            unit=unit,
            records=made.records,
            bytes=made.size,
            checksum=made.checksum,
            seconds=0.01,
            worker="bench",
            delivery=1,
            document=made.document,
        ).to_metadata()

    def _turn(
        self, module: str, variables: Mapping[str, str], counts: Callable[[bytes], bool]
    ) -> Pace:
        with azurite() as (connection, server):
            seed(connection)
            settings = {**settings_of(connection, self._slots), **variables}
            with process(module, settings) as (pid, output):
                client, lines = psutil.Process(pid), filter(counts, output)
                start, end = (
                    Reading.of(client, server)
                    for number, _ in zip(range(1, UNITS + 1), lines, strict=False)
                    if number in {WARM, UNITS}
                )
        return start.pace(end, UNITS - WARM)


@cache
def dataset() -> Any:
    """The retail example."""
    return load((CHECKOUT / "examples" / "retail" / "dataset.yaml").read_bytes())


def message(unit: int) -> Message:
    """That of a unit of retail."""
    payload = GeneratePayload(DatasetSource(inline=dataset()), CONTAINER, "", "zstd")
    return Message(RUN, Stage.GENERATE, unit, payload.members(), random_seed=2026)


def environment(connection: str, slots: int) -> WorkerEnvironment:
    """That of the worker."""
    return WorkerEnvironment(
        run=RUN, worker="bench", storage_connection_string=connection, concurrency=slots
    )


def settings_of(connection: str, slots: int) -> dict[str, str]:
    """The same as environment variables."""
    return {item.name: item.value for item in environment(connection, slots).variables()}


def seed(connection: str, units: int = UNITS) -> None:
    """Make what a run needs, and put the messages of all units on its queue."""
    with BlobServiceClient.from_connection_string(connection) as blobs:
        for container in (CONTAINER, naming.RUNS):
            blobs.create_container(container)
    with QueueServiceClient.from_connection_string(connection) as queues:
        work = queues.create_queue(naming.work_queue(RUN))
        texts = [message(unit).encode() for unit in range(units)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda text: work.send_message(text, time_to_live=-1), texts))


@contextmanager
def azurite() -> Iterator[tuple[str, psutil.Process]]:
    """A new Azurite, its state in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="aci-jobs-azurite-") as folder:
        service = Azurite(Path(folder), Toolchain.from_environment())
        before = psutil.Process().children()
        service.start()
        try:
            [server] = (child for child in psutil.Process().children() if child not in before)
            yield service.connection_string, server
        finally:
            service.stop()


@contextmanager
def process(module: str, variables: Mapping[str, str]) -> Iterator[tuple[int, IO[bytes]]]:
    """A module in a process of its own: its id and its output; killed at the end."""
    child = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=CHECKOUT,
        env={**base_environment(), **variables},
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout
        yield child.pid, child.stdout
    finally:
        child.kill()
        child.communicate()


def starts() -> list[list[float]]:
    """Of some starts, the seconds until each step was done."""
    variables = {**settings_of(ANY, 2), "MESSAGE": message(0).encode()}
    found = []
    for _ in range(STARTS):
        variables["STARTED"] = str(time.monotonic())
        with process("benchmarks.worker_startup", variables) as (_, output):
            found.append(json.loads(output.read()))
    return found


def measure(bench: Bench, rounds: int) -> tuple[list[Pace], list[Pace], list[float]]:
    """Both contenders by turns, now this one first and now that, and making alone."""
    bare: list[Pace] = []
    worker: list[Pace] = []
    making: list[float] = []
    for number in range(rounds):
        turns = [(bare, bench.bare), (worker, bench.worker)]
        for paces, turn in turns if number % 2 else reversed(turns):
            paces.append(turn())
        making.append(bench.making())
        rates = f"{bare[-1].rate:.0f} and {worker[-1].rate:.0f} units/s"
        print(f"round {number + 1} of {rounds}: {rates}", file=sys.stderr)
    return bare, worker, making


def table(slots: int, bare: list[Pace], worker: list[Pace], making: list[float]) -> str:
    """The medians of the rounds."""
    ratio = median(b.rate / a.rate for a, b in zip(bare, worker, strict=True))
    head = f"retail, zstd, {slots} slots, {len(bare)} rounds"
    lines = [f"{head:<36}{'units/s':>9}{'client CPU':>14}{'Azurite CPU':>14}"]
    for name, paces in (("bare SDK calls", bare), ("worker", worker)):
        rate = median(pace.rate for pace in paces)
        client = f"{median(pace.client for pace in paces):.2f} ms/unit"
        server = f"{median(pace.azurite for pace in paces):.2f} ms/unit"
        lines.append(f"{name:<36}{rate:>9.0f}{client:>14}{server:>14}")
    lines.append(f"{'making a document, nothing else':<36}{'':>9}{median(making):>6.2f} ms/unit")
    verdict = "reached" if ratio >= TARGET else "missed"
    lines.append(f"worker to bare calls: {ratio:.2f}; target of {TARGET} {verdict}")
    return "\n".join(lines)


def start_table(found: list[list[float]]) -> str:
    """The medians of the starts."""
    lines = [f"start-up, seconds from the start, median of {len(found)}"]
    for number, step in enumerate(STEPS):
        lines.append(f"  {step:<34}{median(start[number] for start in found):>9.2f}")
    return "\n".join(lines)


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aci-jobs-bench-") as folder:
        paces = measure(Bench(Path(folder), options.slots), options.rounds)
    print(table(options.slots, *paces))
    print(start_table(starts()))


if __name__ == "__main__":
    main()
