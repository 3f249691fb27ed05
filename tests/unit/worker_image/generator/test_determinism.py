"""The same bytes: pinned, in any order, in any process, with any processor features."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
from support.generator import EVERY_KIND, every_kind
from support.golden import GOLDEN, SEED, digest, made

from worker_image.generator import Form, Format, compile_dataset, parse

FEATURES = [feature for feature in __cpu_dispatch__ if __cpu_features__[feature]]
"""What NumPy uses here beyond the processor that it was built for."""

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(("name", "form"), sorted(GOLDEN))
def test_documents_are_the_same_as_ever(name: str, form: str) -> None:
    assert made(name, form) == GOLDEN[name, form]


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo"},
        {"PYTHONHASHSEED": "2", "NPY_DISABLE_CPU_FEATURES": " ".join(FEATURES)},
    ],
)
def test_another_process_makes_the_same_in_another_order(environment: Mapping[str, str]) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    checked = subprocess.run(
        [sys.executable, "-m", "support.golden"],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("as ever") == len(GOLDEN)


@pytest.mark.parametrize("form", [Format.NDJSON, Format.CSV, Format.PARQUET])
def test_a_unit_does_not_depend_on_those_before_it(form: Format) -> None:
    dataset = every_kind()
    busy = compile_dataset(dataset, SEED, Form(form))
    for unit in (3, 900, 0, 3, 41):
        assert busy.unit(unit) == compile_dataset(dataset, SEED, Form(form)).unit(unit)


def test_seeds_and_units_differ() -> None:
    dataset = every_kind()
    digests = {
        digest(compile_dataset(dataset, seed).unit(unit)) for seed in (0, 1) for unit in (0, 1)
    }
    assert len(digests) == 4


def test_a_new_field_leaves_the_others_as_they_were() -> None:
    shop = EVERY_KIND["records"]["shop"]
    fields = {"first": {"boolean": 0.5}, **shop["fields"]}
    wider = {**EVERY_KIND, "records": {**EVERY_KIND["records"], "shop": {**shop, "fields": fields}}}
    (before,) = compile_dataset(every_kind(), SEED).unit(0).documents
    (after,) = compile_dataset(parse(wider), SEED).unit(0).documents
    lines = zip(before.content.splitlines(), after.content.splitlines(), strict=True)
    for old, new in lines:
        assert old == new.replace(b'"first":true,', b"").replace(b'"first":false,', b"")
