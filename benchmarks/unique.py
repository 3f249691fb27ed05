"""Whether keys and unique fields stay unique over 20 million rows, by looking at every one.

Run as `python -m benchmarks.unique`. The documents are read back as a stranger would read them;
each column is sorted, and no two neighbours may be alike. Takes minutes and 2 GB of memory.
"""

import sys
import time

import numpy as np
import numpy.typing as npt
from rich.table import Table

from benchmarks.results import Page
from worker_image.generator import Form, Format, compile_dataset, parse

ROWS, UNITS, SEED = 100_000, 200, 2025
FIELDS = {
    "id": {"key": True},
    "code": {"pattern": "??-&&-####", "unique": True},
    "number": {"integer": {"min": 10**15, "max": 10**16 - 1}, "unique": True},
    "uid": {"uuid": True, "unique": True},
    "mail": {"template": "{number}.{code}@example.com", "unique": True},
}
WIDTHS = {"id": 12, "code": 10, "number": 16, "uid": 36, "mail": 39}
DATASET = {
    "version": 1,
    "dataset": "unique",
    "records": {"row": {"count": ROWS, "fields": FIELDS}},
}


def columns() -> dict[str, npt.NDArray[np.bytes_]]:
    """Every value of every field of all units, as it stands in the documents."""
    compiled = compile_dataset(parse(DATASET), SEED, Form(Format.CSV))
    line = np.dtype([(f"{name}{end}", f"S{size}") for name, width in WIDTHS.items()
                     for end, size in (("", width), ("_end", 1))])  # fmt: skip
    found = {name: np.empty(ROWS * UNITS, f"S{width}") for name, width in WIDTHS.items()}
    for unit in range(UNITS):
        (document,) = compiled.unit(unit).documents
        rows = np.frombuffer(document.content[document.content.index(b"\n") + 1 :], line)
        for name, column in found.items():
            column[unit * ROWS : (unit + 1) * ROWS] = rows[name]
    return found


def repeated(column: npt.NDArray[np.bytes_]) -> int:
    """How many values are there already; the column is sorted on the way."""
    column.sort()
    return int(np.count_nonzero(column[1:] == column[:-1]))


def main() -> int:
    """Make, sort, count; 1 if a value comes twice."""
    table = Table("field", "rows", "repeated", "first and last", title="Unique over the run")
    started, twice = time.perf_counter(), 0
    for name, column in columns().items():
        count = repeated(column)
        twice += count
        ends = f"{column[0].decode()} .. {column[-1].decode()}"
        table.add_row(name, f"{len(column):,}", str(count), ends)
    page = Page("Keys and unique values over 20 million rows")
    page.print(table)
    page.print(f"{time.perf_counter() - started:.0f} s")
    page.publish()
    return 1 if twice else 0


if __name__ == "__main__":
    sys.exit(main())
