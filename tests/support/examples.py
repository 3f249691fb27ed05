"""The examples as users have them: their files, and the rows of their first units."""

import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from statistics import mean
from typing import Any

from worker_image.generator import Compiled, Dataset, compile_dataset, load, parse, resolve

Row = dict[str, Any]
Rows = dict[str, list[Row]]

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/dataset.yaml"))
FEW_UNITS = range(4)
AS_OF = datetime(2025, 11, 1, tzinfo=UTC)
CENT = Decimal("0.01")
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@lru_cache
def document_of(name: str) -> Any:
    """The specification, with the lists of its files in it."""
    folder = EXAMPLES / name
    written = load((folder / "dataset.yaml").read_bytes())
    return resolve(written, lambda path: (folder / path).read_bytes())


@lru_cache
def dataset_of(name: str) -> Dataset:
    """The specification, parsed."""
    return parse(document_of(name))


@lru_cache
def compiled(name: str) -> Compiled:
    """What makes its units."""
    return compile_dataset(dataset_of(name), 2026)


def read_unit(name: str, unit: int) -> Rows:
    """The lines of a unit by record type; numbers with a point are exact."""
    rows: Rows = {record.name: [] for record in dataset_of(name).records}
    for line in compiled(name).unit(unit).documents[0].content.decode().splitlines():
        row = json.loads(line, parse_float=Decimal)
        rows[row.pop("type")].append(row)
    return rows


@lru_cache
def units_of(name: str) -> tuple[Rows, ...]:
    """The first units, each with the shared records, which only the first has in its document."""
    units = [read_unit(name, unit) for unit in FEW_UNITS]
    for record in dataset_of(name).records:
        if record.shared:
            for rows in units:
                rows[record.name] = units[0][record.name]
    return tuple(units)


def all_rows(name: str, record: str) -> list[Row]:
    """The rows of a record type in the first units."""
    return [row for rows in units_of(name) for row in rows[record]]


def by_key(rows: Iterable[Row], key: str = "id") -> dict[Any, Row]:
    """Rows by a value that each has for itself."""
    return {row[key]: row for row in rows}


def grouped(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    """Rows by a value that some share, in their order."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


def at(text: str) -> datetime:
    """A time as it is written."""
    return datetime.fromisoformat(text)


def full_years(earlier: date, later: date) -> int:
    """Years from one day to another, as ages are counted."""
    return later.year - earlier.year - ((later.month, later.day) < (earlier.month, earlier.day))


def share(found: Iterable[bool]) -> float:
    """How many are true, of 1."""
    return mean(map(float, found))


def rounded(amount: Decimal) -> Decimal:
    """To cents, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def docx(*paragraphs: str) -> bytes:
    """A Word document, as small as they come."""
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        markup = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
        parts.writestr("word/document.xml", markup)
    return content.getvalue()
