"""How every contender is measured, with the standard library alone: it runs in any environment.

A contender is a process that prints one line of JSON: what it made and what that cost, without its
start, its imports and whatever it prepares once.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

SECONDS = 1.5
"""Processor time each contender gets in a round. Slow ones make few units in it, fast ones many."""

RETAIL_FIELDS = {"customer": 9, "order": 6, "order_line": 7}
"""Fields a row of examples/retail/dataset.yaml; the `type` of a line of JSON is not counted."""

TPCH_FIELDS = {"customer": 8, "orders": 9, "lineitem": 16}
"""Columns of the TPC-H tables."""


@dataclass(frozen=True)
class Made:
    """What one call made: rows of each record type, and the bytes they are when written."""

    records: Mapping[str, int]
    size: int


@dataclass(frozen=True)
class Cost:
    """What a contender reports."""

    rows: int
    fields: int
    bytes: int
    cpu_seconds: float
    wall_seconds: float


def measure(make: Callable[[int], Made], seconds: float = SECONDS) -> None:
    """Report what `make` costs for units 1, 2, 3 ... until `seconds` of the processor are spent.

    Unit 0 goes unmeasured: it loads what a library loads late.
    """
    make(0)
    records: Counter[str] = Counter()
    size = unit = 0
    cpu, wall = time.process_time(), time.perf_counter()
    while time.process_time() - cpu < seconds:
        unit += 1
        made = make(unit)
        records.update(made.records)
        size += made.size
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    fields = sum(RETAIL_FIELDS[name] * rows for name, rows in records.items())
    report(Cost(records.total(), fields, size, cpu, wall))


def report(cost: Cost) -> None:
    """Hand the driver its line."""
    print(json.dumps(asdict(cost)))
