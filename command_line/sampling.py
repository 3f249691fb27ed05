"""Rows of a few units, read back from their documents as anybody would read them."""

import json
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from worker_image.generator import Compiled, Dataset, Unit

ROWS_LIMIT = 20_000
"""Rows that are kept of each record type: enough for shares and bars."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows of each record type in `units`, the first unit's first, and how many it has."""

    units: range
    rows: dict[str, list[Row]]
    counts: dict[str, int] = field(default_factory=dict)


def sample(dataset: Dataset, compiled: Compiled, units: range) -> Sample:
    """Make units and read them; shared rows are those of unit 0, whichever units are asked for."""
    found = Sample(units, {record.name: [] for record in dataset.records})
    shared = {record.name for record in dataset.records if record.shared}
    if shared and 0 not in units:
        _take(found, compiled.unit(0), shared)
    for number in units:
        _take(found, compiled.unit(number), found.rows)
    return found


def _take(found: Sample, unit: Unit, names: Container[str]) -> None:
    for name, count in unit.records.items():
        if name in names:
            found.counts.setdefault(name, count)
    for name, line in _lines(unit):
        rows = found.rows[name]
        if name in names and len(rows) < ROWS_LIMIT:
            row = json.loads(line, parse_float=Decimal)
            del row["type"]
            rows.append(row)


def _lines(unit: Unit) -> Iterator[tuple[str, bytes]]:
    """Each line with its record type, found without reading the rest of it."""
    for line in unit.documents[0].content.split(b"\n"):
        if line:
            yield line[: line.index(b",")].split(b'"')[3].decode(), line
