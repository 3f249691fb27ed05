"""Units tried out in a process of their own, and what its bounds refuse."""

from typing import Any

import pytest
from support.generator import EVERY_KIND, document

from worker_image.generator import Compression, Form, Format, compile_dataset, parse
from worker_image.generator.trial import ROWS, TrialError, trial

NDJSON = Form(Format.NDJSON, Compression.ZSTD)


def tried(dataset: dict[str, Any], form: Form = NDJSON, **options: Any) -> dict[str, Any]:
    return trial(dataset, form, **{"units": 1000, "random_seed": 7, **options})


def test_a_trial_shows_the_rows_that_a_run_would_make_and_how_many() -> None:
    found = tried(EVERY_KIND)
    unit = compile_dataset(parse(EVERY_KIND), 7).unit(0)
    assert {name: len(rows) for name, rows in found["rows"].items()} == {
        name: min(ROWS, count) for name, count in unit.records.items()
    }
    assert found["total"]["records"]["country"] == 3, "shared rows count once"
    assert found["total"]["records"]["product"] == 40 * 1000
    assert found["seconds"] > 0
    assert found["made"] > 1


def test_parquet_is_tried_without_its_library() -> None:
    alone = document(x={"choice": ["a", "b"], "null": 0.5})  # as CSV, a null would be a blank line
    for dataset in (EVERY_KIND, alone):
        assert tried(dataset, Form(Format.PARQUET))["each"]["stored"] > 0


def test_long_rows_are_left_out() -> None:
    long = document(9, a={"constant": "x" * 60_000}, b={"constant": "y" * 9_000})
    assert tried(long)["rows"] == {"row": [{"a": "x" * 60_000, "b": "y" * 9_000}]}


LARGE = document(50_000, a={"text": {"min": 200, "max": 300}})


@pytest.mark.parametrize(
    ("dataset", "options", "reason"),
    [
        (LARGE, {"memory": 60 << 20}, "more than 60 MB of memory"),
        (LARGE, {"timeout": 0.1}, r"within 0\.1 s"),
        ({"version": 1}, {}, "dataset"),
    ],
)
def test_what_cannot_be_tried_is_told(
    dataset: dict[str, Any], options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TrialError, match=reason):
        tried(dataset, **options)
