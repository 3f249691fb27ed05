"""Makes units of a dataset: a unit is a function of the dataset, the random seed and its number."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .dataset import Dataset, Record
from .frame import Field, Frame
from .ndjson import Lines
from .problems import Problem, SpecError
from .randomness import stream, words
from .samplers import chance


@dataclass(frozen=True, slots=True)
class Unit:
    """Related records: how many of each type, and all of them as lines of JSON, parents first."""

    records: Mapping[str, int]
    data: bytes


class Compiled:
    """A dataset with a random seed. Threads take turns: they would write into one matrix."""

    def __init__(self, dataset: Dataset, random_seed: int) -> None:
        self._makers = [_Maker(record, random_seed) for record in dataset.records]
        self._max_units = dataset.max_units
        self._turn = threading.Lock()

    def unit(self, unit: int) -> Unit:
        """Make the unit of this number: the same bytes every time, alone or among others.

        Raises:
            SpecError: a key or unique field has no values left for such a unit.
        """
        if not 0 <= unit < self._max_units:
            reason = f"the dataset has unique values for units 0 to {self._max_units - 1}"
            raise SpecError([Problem("unit", unit, reason)])
        with self._turn:
            return self._made(unit)

    def _made(self, unit: int) -> Unit:
        frames: dict[str, Frame] = {}
        documents = []
        for maker in self._makers:
            frame = maker.frame(unit, frames)
            documents.append(maker.lines(frame))
            frames[frame.record] = frame
        return Unit({name: frame.rows for name, frame in frames.items()}, b"".join(documents))


def compile_dataset(dataset: Dataset, random_seed: int) -> Compiled:
    """Prepare to make units; takes a fraction of a second, and is worth keeping."""
    return Compiled(dataset, random_seed)


class _Maker:
    """Makes the rows of one record type. Each field has streams of its own, found by its name."""

    def __init__(self, record: Record, random_seed: int) -> None:
        def key(*path: str | int) -> int:
            return stream(random_seed, record.name, *path)

        self._record = record
        self._lines = Lines(record.name, record.fields)
        self._keys = {field.column.name: key(field.column.name) for field in record.fields}
        self._count = np.array([key()], dtype=np.uint64)
        streams = [key(f.column.name, n) for f in record.making for n in range(_streams(f))]
        self._streams = np.array(streams, dtype=np.uint64)
        self._nulls = {f.column.name: chance(f.null) for f in record.fields if f.null}

    def frame(self, unit: int, earlier: Mapping[str, Frame]) -> Frame:
        """The rows with all their values."""
        frame = self._empty(unit, earlier)
        drawn, start = words(self._streams, unit, frame.rows), 0
        for field in self._record.making:
            name, end = field.column.name, start + _streams(field)
            frame.values[name] = field.draw(frame, drawn[start : start + field.streams])
            if field.null:
                frame.nulls[name] = np.flatnonzero(self._nulls[name](drawn[end - 1]))
            start = end
        return frame

    def lines(self, frame: Frame) -> bytes:
        """The rows of a frame, written."""
        fields = self._record.fields
        numbers = [field.spelling.numbers(frame.values[field.column.name]) for field in fields]
        nulls = [frame.nulls.get(field.column.name) for field in fields]
        return self._lines.write(numbers, nulls, frame.rows)

    def _empty(self, unit: int, earlier: Mapping[str, Frame]) -> Frame:
        record = self._record
        parent = earlier[record.parent] if record.parent else None
        counts = record.count.draw(words(self._count, unit, parent.rows if parent else 1)[0])
        rows, lineage = int(counts.sum()), {}
        if parent:
            parents = np.repeat(parent.numbers, counts)
            older = {
                name: (frame, above.take(parents))
                for name, (frame, above) in parent.lineage.items()
            }
            lineage = {parent.record: (parent, parents), **older}
        return Frame(record.name, unit, rows, record.rows_limit, self._keys, lineage, dict(earlier))


def _streams(field: Field) -> int:
    return field.streams + bool(field.null)
