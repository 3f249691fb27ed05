"""Every example is sound: sizes, references, uniqueness, nulls, forms, jobs."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from math import sqrt
from statistics import mean
from typing import Any

import pytest
import yaml
from pyarrow import parquet
from support.examples import (
    EXAMPLES,
    NAMES,
    Row,
    all_rows,
    at,
    compiled,
    dataset_of,
    document_of,
    read_unit,
    share,
    units_of,
)

from orchestration.model import Kind, RunRequest
from worker_image.generator import Form, Format, compile_dataset, parse
from worker_image.tables import Column, ColumnType

MANY_UNITS = 20
TPCH_ROWS = 8_660  # it speaks of scale factors, not of rows

every_example = pytest.mark.parametrize("name", NAMES)


def test_there_are_examples() -> None:
    assert {"banking", "clinical", "iot", "retail", "tpch"} <= set(NAMES)


@every_example
def test_is_as_large_as_it_says(name: str) -> None:
    shared = {record.name for record in dataset_of(name).records if record.shared}
    sizes = []
    for unit in range(MANY_UNITS):
        counts = compiled(name).unit(unit).records
        assert unit == 0 or not shared & set(counts)
        sizes.append(sum(rows for record, rows in counts.items() if record not in shared))
    said = re.search(r"about ([\d,]+) rows", (EXAMPLES / name / "dataset.yaml").read_text())
    promised = int(said[1].replace(",", "")) if said else TPCH_ROWS
    assert mean(sizes) == pytest.approx(promised, rel=0.06)
    assert promised * 0.8 < min(sizes) <= max(sizes) < promised * 1.2


@every_example
def test_references_resolve(name: str) -> None:
    for rows in units_of(name):
        for table in dataset_of(name).tables:
            for column in table.columns:
                if to := column.references:
                    keys = {row[to.column] for row in rows[to.table]}
                    found = {row[column.name] for row in rows[table.name]}
                    assert found - {None} <= keys, (table.name, column.name)


@every_example
def test_unique_is_unique_over_the_run(name: str) -> None:
    groups = {
        (table.name, columns): set[Any]()
        for table in dataset_of(name).tables
        for columns in (
            *((column.name,) for column in table.columns if column.unique),
            *table.unique,
        )
    }
    assert groups
    sizes = Counter[str]()
    for unit in range(MANY_UNITS):
        rows = read_unit(name, unit)
        sizes.update({record: len(found) for record, found in rows.items()})
        for (record, columns), seen in groups.items():
            seen.update(tuple(row[column] for column in columns) for row in rows[record])
    for (record, columns), seen in groups.items():
        assert len(seen) == sizes[record], (record, columns)


@every_example
def test_nulls_are_where_they_may_be_and_as_many_as_asked(name: str) -> None:
    for table in dataset_of(name).tables:
        rows = all_rows(name, table.name)
        fields = document_of(name)["records"][table.name]["fields"]
        for column in table.columns:
            empty = [row[column.name] is None for row in rows]
            asked = fields[column.name].get("null")
            if asked:
                tolerance = 5 * sqrt(asked * (1 - asked) / len(rows))
                assert share(empty) == pytest.approx(asked, abs=tolerance), column.name
            else:
                assert not all(empty), column.name
                assert column.nullable or not any(empty), column.name


READ: dict[ColumnType, Callable[[Any], Any]] = {
    ColumnType.INTEGER: int,
    ColumnType.DECIMAL: lambda value: Decimal(str(value)),
    ColumnType.BOOLEAN: lambda value: str(value).lower() == "true",
    ColumnType.DATE: lambda value: value if isinstance(value, date) else date.fromisoformat(value),
    ColumnType.TIMESTAMP: lambda value: value if isinstance(value, datetime) else at(value),
    ColumnType.JSON: lambda value: json.loads(value) if isinstance(value, str) else value,
}
"""What a value is, however it is written."""


def typed(columns: Iterable[Column], row: Row, null: object = None) -> Row:
    return {
        column.name: None
        if row[column.name] == null
        else READ.get(column.type, str)(row[column.name])
        for column in columns
    }


@every_example
@pytest.mark.parametrize("form", [Format.CSV, Format.PARQUET])
def test_all_forms_have_the_same_values(name: str, form: Format) -> None:
    unit = compile_dataset(dataset_of(name), 2026, Form(form)).unit(0)
    contents = {document.record: document.content for document in unit.documents}
    expected = units_of(name)[0]
    assert set(contents) == set(expected)
    for table in dataset_of(name).tables:
        found: list[Row]
        if form is Format.CSV:
            text = io.StringIO(contents[table.name].decode(), newline="")
            found = [typed(table.columns, row, "") for row in csv.DictReader(text, strict=True)]
        else:
            file = parquet.read_table(io.BytesIO(contents[table.name]))
            found = [typed(table.columns, row) for row in file.to_pylist()]
        assert found == [typed(table.columns, row) for row in expected[table.name]], table.name


@every_example
def test_the_job_is_accepted_with_the_dataset_in_it(name: str) -> None:
    body = yaml.safe_load((EXAMPLES / name / "job.yaml").read_text())
    assert body["dataset"] == "dataset.yaml"
    body["dataset"] = document_of(name)
    request = RunRequest.model_validate_json(json.dumps(body))
    assert request.kind in (Kind.GENERATE, Kind.PIPELINE)
    dataset = parse(request.dataset)
    assert dataset.name == name
    assert dataset.max_units >= (request.units or 0)
