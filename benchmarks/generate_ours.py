"""This generator, measured in a process of its own: `python -m benchmarks.generate_ours WHAT ...`.

WHAT is `retail FORM`, `table NAME` (of TPC-H, as CSV), `latency UNITS` or `memory UNITS` (both of
retail as lines of JSON).
"""

import csv
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.peers.measuring import SECONDS, TPCH_FIELDS, Cost, Made, measure, report
from worker_image.generator import (
    Compiled,
    Compression,
    Form,
    Format,
    Unit,
    compile_dataset,
    encode,
    load,
    parse,
    resolve,
)

SEED = 2025
EXAMPLES = Path(__file__).parents[1] / "examples"
RETAIL = EXAMPLES / "retail" / "dataset.yaml"
TPCH = EXAMPLES / "tpch" / "dataset.yaml"

NDJSON = Form(Format.NDJSON)
FORMS = {
    "ndjson": NDJSON,
    "zstd": Form(Format.NDJSON, Compression.ZSTD),
    "parquet": Form(Format.PARQUET),
}


def ready(form: Form) -> Compiled:
    """The retail example, ready to make units."""
    return compile_dataset(parse(load(RETAIL.read_bytes())), SEED, form)


def made(unit: Unit) -> Made:
    """What a unit is."""
    return Made(unit.records, sum(len(document.content) for document in unit.documents))


def retail(name: str) -> None:
    """Retail in one of the forms, compressed as it says; the size is that before compression."""
    form = FORMS[name]
    compiled = ready(form)

    def stored(number: int) -> Made:
        unit = compiled.unit(number)
        for document in unit.documents:
            encode(document.content, form)
        return made(unit)

    measure(stored)


class Meter:
    """Adds up the time that a compiled dataset spends on one record type."""

    def __init__(self, compiled: Compiled, record: str) -> None:
        self.cpu = self.wall = 0.0
        # All that is made and written for the record type goes through these.
        maker, writers = compiled._makers[record], compiled._writers
        for step in ("rows", "make"):
            setattr(maker, step, self._timed(getattr(maker, step)))
        writers[record] = self._timed(writers[record])

    def _timed(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            cpu, wall = time.process_time(), time.perf_counter()
            result = work(*args)
            self.cpu += time.process_time() - cpu
            self.wall += time.perf_counter() - wall
            return result

        return timed


def table(name: str) -> None:
    """One table of TPC-H as CSV: what its rows cost in whole units, the other tables left out.

    What is made of other tables for its sake is theirs: keys, offers, sums over its rows.
    """
    folder = TPCH.parent
    document = resolve(load(TPCH.read_bytes()), lambda path: (folder / path).read_bytes())
    compiled = compile_dataset(parse(document), SEED, Form(Format.CSV))
    _check_columns(compiled, name)
    meter = Meter(compiled, name)
    rows = size = unit = 0
    while meter.cpu < SECONDS:
        unit += 1
        made = compiled.unit(unit)
        rows += made.records[name]
        size += sum(len(one.content) for one in made.documents if one.record == name)
    report(Cost(rows, rows * TPCH_FIELDS[name], size, meter.cpu, meter.wall))


def _check_columns(compiled: Compiled, name: str) -> None:
    """The table must be all of TPC-H's: rows with fewer columns would be cheap."""
    content = next(d.content for d in compiled.unit(0).documents if d.record == name)
    columns = len(next(csv.reader(content.decode().splitlines())))
    assert columns == TPCH_FIELDS[name], f"{name} has {columns} columns"


def latency(units: str) -> None:
    """Median and 99th percentile of a unit, in milliseconds of processor time."""
    compiled = ready(NDJSON)
    compiled.unit(0)
    spent = [_milliseconds(compiled, unit) for unit in range(1, int(units) + 1)]
    median, p99 = statistics.median(spent), statistics.quantiles(spent, n=100)[98]
    print(json.dumps({"median": median, "p99": p99, "ratio": p99 / median}))


def _milliseconds(compiled: Compiled, unit: int) -> float:
    start = time.process_time_ns()
    compiled.unit(unit)
    return (time.process_time_ns() - start) / 1e6


def memory(units: str) -> None:
    """The most memory the process ever held, in MB, after so many units."""
    compiled = ready(NDJSON)
    for unit in range(int(units)):
        compiled.unit(unit)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    in_kilobytes = sys.platform != "darwin"  # macOS counts bytes
    print(json.dumps({"peak": peak * (1024 if in_kilobytes else 1) / 1e6}))


MODES: dict[str, Callable[..., None]] = {
    "retail": retail,
    "table": table,
    "latency": latency,
    "memory": memory,
}

if __name__ == "__main__":
    MODES[sys.argv[1]](*sys.argv[2:])
