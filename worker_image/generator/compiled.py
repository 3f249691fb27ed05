"""Makes units of a dataset: a unit is a function of the dataset, the random seed and its number."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..forms import Form
from .dataset import Dataset, Record
from .formats import Document, check_form, documents, writer
from .frame import Field, Frame, Mask, either
from .problems import Problem, SpecError
from .randomness import Ints, Words, stream, words
from .samplers import chance


@dataclass(frozen=True, slots=True)
class Unit:
    """Related records: how many of each type, and the documents that they are written in."""

    records: Mapping[str, int]
    documents: tuple[Document, ...]

    @property
    def rows(self) -> int:
        """Records of all types."""
        return sum(self.records.values())


class Compiled:
    """A dataset with a random seed. Threads take turns: they would write into one matrix."""

    def __init__(self, dataset: Dataset, random_seed: int, form: Form) -> None:
        self._makers = {r.name: _Maker(r, random_seed) for r in dataset.records}
        self._writers = {r.name: writer(r, form) for r in dataset.records}
        self._steps = [(self._makers[record], field) for record, field in dataset.steps]
        self._max_units = dataset.max_units
        self._form = form
        self._shared: dict[str, Frame] = {}
        self._turn = threading.Lock()

    def unit(self, unit: int) -> Unit:
        """Make the unit of this number: the same bytes every time, alone or among others.

        Shared records are in the documents of unit 0.

        Raises:
            SpecError: a key or unique field has no values left for such a unit.
        """
        if not 0 <= unit < self._max_units:
            reason = f"the dataset has unique values for units 0 to {self._max_units - 1}"
            raise SpecError([Problem("unit", unit, reason)])
        with self._turn:
            frames = self._made(unit)
            written = self._written(frames, unit)
            frames.clear()  # each frame knows it: without a circle they go at once
        return written

    def _made(self, unit: int) -> dict[str, Frame]:
        frames = dict(self._shared)
        for maker, field in self._steps:
            if maker.record.name in self._shared:
                continue
            if field is None:
                frames[maker.record.name] = maker.rows(unit, frames)
            else:
                maker.make(field, frames[maker.record.name])
        self._shared = {n: f for n, f in frames.items() if self._makers[n].record.shared}
        return frames

    def _written(self, frames: Mapping[str, Frame], unit: int) -> Unit:
        own = [name for name in self._makers if not (unit and self._makers[name].record.shared)]
        written = ((name, self._writers[name](frames[name])) for name in own)
        return Unit({name: frames[name].rows for name in own}, documents(self._form, written))


def compile_dataset(dataset: Dataset, random_seed: int, form: Form | None = None) -> Compiled:
    """Prepare to make units; takes a fraction of a second, and is worth keeping.

    Raises:
        SpecError: the form is not for this dataset, or needs a layer that this image is without.
    """
    form = form or Form()
    check_form(dataset, form)
    return Compiled(dataset, random_seed, form)


class _Maker:
    """Makes the rows of one record type. Each field has streams of its own, found by its name."""

    def __init__(self, record: Record, random_seed: int) -> None:
        def key(*path: str | int) -> int:
            return stream(random_seed, record.name, *path)

        self.record = record
        self._keys = {field.column.name: key(field.column.name) for field in record.fields}
        self._count = np.array([key()], dtype=np.uint64)
        streams = [key(f.column.name, n) for f in record.fields for n in range(_streams(f))]
        self._streams = np.array(streams, dtype=np.uint64)
        self._fields: dict[str, tuple[Field, int]] = {}
        start = 0
        for field in record.fields:
            self._fields[field.column.name] = (field, start)
            start += _streams(field)

    def rows(self, unit: int, frames: Mapping[str, Frame]) -> Frame:
        """The rows without any value."""
        record = self.record
        number = 0 if record.shared else unit
        parent = frames[record.parent] if record.parent else None
        rows, lineage = self._descended(number, parent)
        drawn = words(self._streams, number, rows)
        return Frame(
            record.name, number, rows, record.rows_limit, self._keys, lineage, frames, drawn
        )

    def make(self, name: str, frame: Frame) -> None:
        """The values of one field."""
        field, start = self._fields[name]
        drawn = frame.words[start : start + _streams(field)]
        frame.values[name] = field.draw(frame, drawn[: field.streams])
        if field.column.nullable:
            missing = _missing(field, frame, drawn)
            if missing is not None:
                frame.nulls[name] = missing

    def _descended(
        self, unit: int, parent: Frame | None
    ) -> tuple[int, Mapping[str, tuple[Frame, Ints]]]:
        record = self.record
        counts = record.count.draw(words(self._count, unit, parent.rows if parent else 1)[0])
        if parent is None:
            return int(counts.sum()), {}
        if record.when:
            counts = np.where(record.when(parent), counts, 0)
        parents = np.repeat(parent.numbers, counts)
        older = {
            name: (frame, above.take(parents)) for name, (frame, above) in parent.lineage.items()
        }
        return len(parents), {parent.record: (parent, parents), **older}


def _missing(field: Field, frame: Frame, drawn: Words) -> Mask | None:
    missing = frame.nowhere(field.follows)
    if field.null:
        missing = either(missing, chance(field.null)(drawn[field.streams]))
    return either(missing, field.blank(frame) if field.blank else None)


def _streams(field: Field) -> int:
    return field.streams + bool(field.null)
