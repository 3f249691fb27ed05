"""Rows of a few units, read back from their documents as anybody would read them."""

import json
from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from .compiled import Compiled, Unit
from .dataset import Dataset

ROWS_LIMIT = 20_000
"""Rows that are kept of each record type: enough for shares and bars."""

MADE_LIMIT = 200_000
"""Once so many rows have been made, no other unit is."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows of each record type in `units`, the first unit's first, and how many it has."""

    rows: dict[str, list[Row]]
    counts: dict[str, int] = field(default_factory=dict)
    units: range = range(0)


def sample(dataset: Dataset, compiled: Compiled, units: range, *, kept: int = ROWS_LIMIT) -> Sample:
    """Make units and read them, at least the first and not many more rows than `MADE_LIMIT`.

    So many rows of each record type are `kept`.

    Shared rows are those of unit 0, whichever units are asked for.
    """
    found = Sample({record.name: [] for record in dataset.records})
    shared = {record.name for record in dataset.records if record.shared}
    if shared and 0 not in units:
        _take(found, compiled.unit(0), shared, kept)
    made = 0
    for number in units:
        unit = compiled.unit(number)
        _take(found, unit, found.rows, kept)
        made += unit.rows
        if made >= MADE_LIMIT:
            break
    return replace(found, units=range(units[0], number + 1))


def _take(found: Sample, unit: Unit, names: Container[str], kept: int) -> None:
    for name, count in unit.records.items():
        if name in names:
            found.counts.setdefault(name, count)
    for name, line in _lines(unit):
        rows = found.rows[name]
        if name in names and len(rows) < kept:
            row = json.loads(line, parse_float=Decimal)
            del row["type"]
            rows.append(row)


def _lines(unit: Unit) -> Iterator[tuple[str, bytes]]:
    """Each line with its record type, found without reading the rest of it."""
    for line in unit.documents[0].content.split(b"\n"):
        if line:
            yield line[: line.index(b",")].split(b'"')[3].decode(), line
