"""The units that all contenders of `benchmarks.ingest` load, as files in a folder for each unit."""

import json
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TypeVar

from worker_image.contract import Reading
from worker_image.errors import PermanentError
from worker_image.forms import Compression, Form, Format
from worker_image.ingester import Document, reading
from worker_image.making import MakeUnit, TellTables
from worker_image.tables import Table

FORMS = {
    "ndjson": Form(Format.NDJSON, Compression.ZSTD),
    "csv": Form(Format.CSV, Compression.ZSTD),
    "parquet": Form(Format.PARQUET, Compression.ZSTD),
}
READY = Form(Format.CSV)
"""What COPY reads as it is."""
ALL = "all"
"""The folder with one file for each table, in place of one for each unit."""

_DATASET = Path(__file__).parents[1] / "examples" / "retail" / "dataset.yaml"
_TABLES = "tables.pickle"
_SEED = 2026

T = TypeVar("T")
_Read = Callable[[Callable[[], BinaryIO], str, Reading], Iterator[T]]


def make_units(folder: Path, count: int, together: range) -> dict[str, int]:
    """Make units from 0 on in all forms, and those `together` as one; the rows of each folder."""
    from worker_image.generator import load  # noqa: PLC0415 - contenders import this module too

    dataset = json.dumps(load(_DATASET.read_bytes()))
    rows = {str(unit): _make(folder / str(unit), dataset, unit) for unit in range(count)}
    (folder / _TABLES).write_bytes(pickle.dumps(TellTables(dataset).answer()))
    for table in tables(folder):
        name = _name(table.name, READY)
        _join((folder / str(unit) / name for unit in together), folder / ALL / name)
    return rows | {ALL: sum(rows[str(unit)] for unit in together)}


def _make(folder: Path, dataset: str, unit: int) -> int:
    folder.mkdir(parents=True)
    counts: Counter[str] = Counter()
    for form in (*FORMS.values(), READY):
        made = MakeUnit(dataset, _SEED, unit, form).answer()
        for record, content in made.documents:
            (folder / _name(record, form)).write_bytes(content)
        counts = Counter(made.records)
    return counts.total()


def _join(parts: Iterable[Path], whole: Path) -> None:
    """One document of many, with one line of names."""
    whole.parent.mkdir(exist_ok=True)
    with whole.open("wb") as out:
        for number, part in enumerate(parts):
            names, end, rows = part.read_bytes().partition(b"\n")
            out.write(rows if number else names + end + rows)


def tables(folder: Path) -> tuple[Table, ...]:
    """The tables of the units, parents first."""
    found: tuple[Table, ...] = pickle.loads((folder / _TABLES).read_bytes())  # noqa: S301 - ours
    return found


def ready(folder: Path, table: Table) -> Path:
    """The rows of a table in a unit's folder, ready for COPY."""
    return folder / _name(table.name, READY)


def document(folder: Path, names: Iterable[str], form: Form) -> Document:
    """A unit as a worker would hand it to a sink; `names` are those of its tables."""
    parts = [(folder / _name(None, form), Reading())]
    if not form.joined:
        parts = [(folder / _name(name, form), Reading(record_type=name)) for name in names]
    return Document(
        name=folder.name,
        etag="1",
        batches=lambda: _each(reading.batches, parts),
        rows=lambda: _each(reading.rows, parts),
    )


def missing_reader(folder: Path, names: Iterable[str], form: Form) -> str:
    """Why documents of a form cannot be read; nothing if they can."""
    try:
        next(document(folder, names, form).batches())
    except PermanentError as error:
        return str(error)
    return ""


def _each(read: _Read[T], parts: Iterable[tuple[Path, Reading]]) -> Iterator[T]:
    return chain.from_iterable(read(partial(_open, path), path.name, how) for path, how in parts)


def _open(path: Path) -> BinaryIO:
    return BytesIO(path.read_bytes())


def _name(record: str | None, form: Form) -> str:
    return f"{record or 'retail'}{form.suffix}"
