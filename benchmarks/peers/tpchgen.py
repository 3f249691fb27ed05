"""tpchgen, the Rust generator of TPC-H: `python -m benchmarks.peers.tpchgen TABLE`.

One table as CSV from one thread into /dev/null, in user and system time of its process. Each start
fills a pool of texts for over a second; a start for next to no rows is measured after each run and
taken off, as other contenders do not count their start either.
"""

import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.measuring import TPCH_FIELDS, Cost, report

COMMAND = Path(sys.executable).with_name("tpchgen-cli")
NEXT_TO_NOTHING = 0.0001


@dataclass(frozen=True)
class Table:
    """What the pinned version writes for a scale factor, counted once; it is always the same."""

    scale: float
    rows: int
    size: int


TABLES = {
    "lineitem": Table(1, 6_001_215, 765_864_690),
    "orders": Table(2, 3_000_000, 348_760_599),
    "customer": Table(10, 1_500_000, 249_347_722),
}


def spent(table: str, scale: float) -> tuple[float, float]:
    """Processor seconds and seconds of one run."""
    command = [str(COMMAND), "csv", "--tables", table, "--scale-factor", str(scale)]
    one_thread = ["--num-threads", "1", "--stdout", "--quiet"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, *one_thread], stdout=subprocess.DEVNULL, check=True)
    after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, end - start


def main(name: str) -> None:
    """Measure one table."""
    table = TABLES[name]
    cpu, wall = spent(name, table.scale)
    start_cpu, start_wall = spent(name, NEXT_TO_NOTHING)
    fields = table.rows * TPCH_FIELDS[name]
    report(Cost(table.rows, fields, table.size, cpu - start_cpu, wall - start_wall))


if __name__ == "__main__":
    main(sys.argv[1])
