"""What telemetry costs a worker: `make bench-telemetry`.

A worker process drains the same small units of a generate run again and again, each time from an
Azurite of its own: without telemetry, with it for the share of units that is the default, and with
a span for each unit. It is sent by OTLP to a sink on loopback. Turns alternate within a round, and
the order from round to round.

What is judged is the part of the worker's processor time that telemetry takes, its threads that
send included: it is measured inside the worker, so that a machine which others use wavers in both.
Units a second are what people get; they waver with whatever else the machine does, Azurite first of
all. Spans of all units are there for information. Figures are medians of the rounds, ratios medians
of the ratios within the rounds.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from time import monotonic

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient
from support.endpoint import Answer, endpoint

from benchmarks.results import Page
from benchmarks.worker import CONTAINER, RUN, azurite, process, settings_of
from worker_image.contract import DatasetSource, GeneratePayload, Message, Stage, naming
from worker_image.contract.telemetry import TraceParent, run_span

UNITS, WARM, SLOTS = 500, 100, 2
MOST = 0.02  # of a worker's time
SHARE = 0.05
TRACE = TraceParent("4bf92f3577b34da6a3ce929d0e0e4736", run_span(RUN))
DATASET = {
    "version": 1,
    "dataset": "small",
    "records": {"reading": {"count": 20, "fields": {"id": {"key": True}}}},
}


@dataclass(frozen=True, slots=True)
class Contender:
    """A worker that tells so large a share of its units, or nothing to anybody."""

    name: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Pace:
    """A turn: units a second, processor milliseconds a unit, and telemetry's part of these."""

    rate: float
    work: float
    part: float


NONE = Contender("no telemetry", None)
DEFAULT = Contender(f"share {SHARE}", SHARE)
ALL = Contender("share 1.0", 1.0)


def turn(contender: Contender) -> Pace:
    """The pace of a worker on units of its own."""
    with azurite() as (connection, _), endpoint(otherwise=lambda _: Answer(200)) as sink:
        _seed(connection, contender.share)
        variables = {**settings_of(connection, SLOTS), "READINGS": f"{WARM},{UNITS}"}
        if contender.share is not None:
            variables["ACI_JOBS_OTLP_ENDPOINT"] = f"http://{sink.host}"
        return _drained(variables)


def _drained(variables: Mapping[str, str]) -> Pace:
    with process("benchmarks.telemetry_worker", variables) as (_, output):
        readings = (
            (monotonic(), *json.loads(line)["reading"])
            for line in output
            if line.startswith(b'{"reading"')
        )
        start, end = next(readings), next(readings)
    seconds, telemetry, work = (last - first for first, last in zip(start, end, strict=True))
    units = UNITS - WARM
    return Pace(rate=units / seconds, work=work / units * 1_000, part=telemetry / work)


def _seed(connection: str, share: float | None) -> None:
    with BlobServiceClient.from_connection_string(connection) as blobs:
        for container in (CONTAINER, naming.RUNS):
            blobs.create_container(container)
    with QueueServiceClient.from_connection_string(connection) as queues:
        work = queues.create_queue(naming.work_queue(RUN))
        for unit in range(UNITS):
            work.send_message(_message(unit, share).encode(), time_to_live=-1)


def _message(unit: int, share: float | None) -> Message:
    payload = GeneratePayload(DatasetSource(inline=DATASET), CONTAINER, "", "zstd").members()
    trace = None if share is None else str(TRACE.of_unit(Stage.GENERATE, unit, share))
    return Message(RUN, Stage.GENERATE, unit, payload, random_seed=2026, traceparent=trace)


def measure(rounds: int) -> dict[Contender, list[Pace]]:
    """All contenders by turns, the first of a round the last of the next."""
    paces: dict[Contender, list[Pace]] = {NONE: [], DEFAULT: [], ALL: []}
    for number in range(rounds):
        order = list(paces)
        for contender in order if number % 2 else reversed(order):
            paces[contender].append(turn(contender))
        told = ", ".join(
            f"{contender.name} {found[-1].rate:.0f} units/s, {found[-1].part:.2%}"
            for contender, found in paces.items()
        )
        print(f"round {number + 1} of {rounds}: {told}", file=sys.stderr)
    return paces


def main() -> int:
    """Measure, print one table, and judge; the exit code."""
    parser = argparse.ArgumentParser(description="What telemetry costs a worker.")
    parser.add_argument("--rounds", type=int, default=7)
    paces = measure(parser.parse_args().rounds)
    page = Page("What telemetry costs a worker")
    head = f"{UNITS} small units, {SLOTS} slots, {len(paces[NONE])} rounds"
    page.print(f"{head:<36}{'units/s':>9}{'to none':>9}{'processor':>14}{'telemetry':>11}")
    for contender, found in paces.items():
        rate, work = median(pace.rate for pace in found), median(pace.work for pace in found)
        ratio = median(b.rate / a.rate for a, b in zip(paces[NONE], found, strict=True))
        part = median(pace.part for pace in found)
        page.print(f"{contender.name:<36}{rate:>9.0f}{ratio:>9.2f}{work:>8.2f} ms/unit{part:>8.2%}")
    held = median(pace.part for pace in paces[DEFAULT]) < MOST
    verdict = "reached" if held else "missed"
    page.print(f"target: under {MOST:.0%} of a worker's time at {DEFAULT.name}: {verdict}")
    page.publish()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
