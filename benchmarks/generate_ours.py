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
)

SEED = 2025
EXAMPLES = Path(__file__).parents[1] / "examples"
RETAIL = EXAMPLES / "retail" / "dataset.yaml"
TPCH = EXAMPLES / "tpch" / "dataset.yaml"

BLOCK = 20
"""Units made at a stretch with a table before as many without it: noise then falls on both."""

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


def table(name: str) -> None:
    """One table of TPC-H as CSV: what units cost with it, less what the same units cost without it.

    The dataset lists parents first. One compiled dataset ends with the table, the other before it;
    what both make is the same, so the difference is the table alone.
    """
    records = list(_document(TPCH)["records"])
    place = records.index(name)
    with_it, without = _upto(records[: place + 1]), _upto(records[:place])
    assert with_it
    _check_columns(with_it, name)
    rows = size = unit = 0
    cpu = wall = spent = 0.0
    _block(with_it, 0)
    _block(without, 0)
    while spent < 2 * SECONDS:
        unit += BLOCK
        more, less = _block(with_it, unit), _block(without, unit)
        spent += more.cpu_seconds + less.cpu_seconds
        cpu += more.cpu_seconds - less.cpu_seconds
        wall += more.wall_seconds - less.wall_seconds
        size += more.bytes - less.bytes
        rows += more.rows - less.rows
    report(Cost(rows, rows * TPCH_FIELDS[name], size, cpu, wall))


def _document(path: Path) -> dict[str, Any]:
    document = load(path.read_bytes())
    assert isinstance(document, dict)
    return document


def _upto(records: list[str]) -> Compiled | None:
    """TPC-H with these record types alone; nothing for none."""
    document = _document(TPCH)
    document["records"] = {name: document["records"][name] for name in records}
    return compile_dataset(parse(document), SEED, Form(Format.CSV)) if records else None


def _check_columns(compiled: Compiled, name: str) -> None:
    """The table must be all of TPC-H's: rows with fewer columns would be cheap."""
    content = next(d.content for d in compiled.unit(0).documents if d.record == name)
    columns = len(next(csv.reader(content.decode().splitlines())))
    assert columns == TPCH_FIELDS[name], f"{name} has {columns} columns"


def _block(compiled: Compiled | None, first: int) -> Cost:
    """A stretch of units."""
    if not compiled:
        return Cost(0, 0, 0, 0.0, 0.0)
    cpu, wall = time.process_time(), time.perf_counter()
    units = [made(compiled.unit(unit)) for unit in range(first, first + BLOCK)]
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    rows = sum(sum(unit.records.values()) for unit in units)
    return Cost(rows, 0, sum(unit.size for unit in units), cpu, wall)


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
