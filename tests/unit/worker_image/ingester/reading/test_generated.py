"""What the generator writes is read back, in every format to the same values."""

import json
from collections import defaultdict
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from support.documents import blocks, read
from support.examples import document_of

from worker_image.contract import Reading
from worker_image.forms import Compression, Form, Format
from worker_image.ingester import reading
from worker_image.making import MakeUnit

Rows = dict[str, list[dict[str, Any]]]


def documents(example: str, form: Form) -> tuple[tuple[str | None, bytes], ...]:
    return MakeUnit(json.dumps(document_of(example)), 7, 0, form).answer().documents


def lines(example: str) -> Rows:
    ((_, content),) = documents(example, Form())
    rows: Rows = defaultdict(list)
    for batch in reading.batches(blocks(content), "0.ndjson", Reading()):
        rows[batch.record_type] += batch.rows()
    return rows


def value(read: Any) -> Any:
    """A value as it is in every format: numbers by their value, times as such, JSON unfolded."""
    if isinstance(read, datetime | date):
        return read
    if read is None or isinstance(read, dict | list):
        return read
    text = str(read).lower() if isinstance(read, bool) else str(read)
    for to_value in (Decimal, date.fromisoformat, datetime.fromisoformat, json.loads):
        with suppress(ValueError, InvalidOperation):
            return to_value(text)
    return text


@pytest.mark.parametrize("example", ["clinical", "retail"])
@pytest.mark.parametrize(
    "form",
    [Form(Format.CSV), Form(Format.CSV, Compression.GZIP), Form(Format.PARQUET, Compression.ZSTD)],
)
def test_all_formats_have_the_same_rows(example: str, form: Form) -> None:
    written = lines(example)
    names = set()
    for record, content in documents(example, form):
        rows = read(content, f"{record}/0{form.suffix}")
        names.add(str(record))
        for row, line in zip(rows, written[str(record)], strict=True):
            assert {name: value(each) for name, each in row.items()} == {
                name: value(line.get(name)) for name in row
            }
    assert names == set(written)
