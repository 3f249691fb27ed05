"""How large units are and how long they take, from making some."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from ..forms import Form
from .compiled import Compiled, Unit
from .dataset import Dataset
from .formats.compression import encode


@dataclass(frozen=True, slots=True)
class Size:
    """A unit's rows by record type, its documents, and their bytes before and after compression."""

    records: Mapping[str, float]
    documents: float
    raw: float
    stored: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """Units that were made: `units` of them, each in `seconds` with its compression.

    `first` is unit 0, which alone has the shared rows; `each` is an average one of the others.
    """

    units: int
    seconds: float
    first: Size
    each: Size

    def total(self, units: int) -> Size:
        """All that so many units come to, one at least."""
        names = self.first.records
        others = units - 1
        return Size(
            {name: names[name] + others * self.each.records.get(name, 0.0) for name in names},
            self.first.documents + others * self.each.documents,
            self.first.raw + others * self.each.raw,
            self.first.stored + others * self.each.stored,
        )


def measure(dataset: Dataset, form: Form, *, units: int, seconds: float) -> Measurement:
    """Make up to `units` units, one at least, for about `seconds`.

    Nobody reads them: the form may be one that loses rows, in the place of another.
    """
    compiled = Compiled(dataset, 0, form)
    first, _ = _made(compiled, form, 0)  # unmeasured: it makes what serves all units
    begun = time.perf_counter()
    sizes, spent = [], 0.0
    for number in islice(_numbers(dataset), units):
        size, took = _made(compiled, form, number)
        sizes.append(size)
        spent += took
        if time.perf_counter() - begun > seconds:
            break
    return Measurement(len(sizes), spent / len(sizes), first, _average(sizes))


def _numbers(dataset: Dataset) -> Iterator[int]:
    """Units without shared rows, if there are any."""
    yield from range(1 if dataset.max_units > 1 else 0, dataset.max_units)


def _made(compiled: Compiled, form: Form, number: int) -> tuple[Size, float]:
    begun = time.perf_counter()
    unit = compiled.unit(number)
    stored = sum(len(encode(document.content, form)) for document in unit.documents)
    took = time.perf_counter() - begun
    return _size(unit, stored), took


def _size(unit: Unit, stored: int) -> Size:
    raw = sum(len(document.content) for document in unit.documents)
    return Size(dict(unit.records), len(unit.documents), raw, stored)


def _average(sizes: list[Size]) -> Size:
    count = len(sizes)
    return Size(
        {name: sum(size.records[name] for size in sizes) / count for name in sizes[0].records},
        sum(size.documents for size in sizes) / count,
        sum(size.raw for size in sizes) / count,
        sum(size.stored for size in sizes) / count,
    )
