"""The same bytes: pinned, in any order, in any process, with any processor features."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.generator import EVERY_KIND, every_kind, retail

from worker_image.generator import compile_dataset, parse

ROOT = Path(__file__).parents[4]
SEED = 2025

RETAIL = {
    0: "bdfe192d9b6e6960fd90374b48c0c5dfc1e595547d169b9f9b8da7b04f710230",
    1: "0ab61cc2901197a8f6b832ccd6572eb15d986433ae8d035962b1ec5919c381c6",
    5999: "364a3717b5f1028227e46ae773d9180dcbf75b98bd325243ef734589fde529ba",
}
EVERY = {
    0: "f103acb8bdea9384172a899fa262aa3da875a2cecfe67d8743475251b9adaba7",
    1: "07aaf585cdcb62ae5cc1ed8ee86c2b67ba9aefcabf4fda7568243601250bfb87",
    5: "fa1af3f969529b3f14ae03a6c2b4c5e24adf7b6afa627c3d5526417a854660d2",
}

ELSEWHERE = f"""
import hashlib
from support.generator import every_kind, retail
from worker_image.generator import compile_dataset
for dataset, units in ((every_kind(), (5, 1, 0)), (retail(), (5999, 1, 0))):
    compiled = compile_dataset(dataset, {SEED})
    for unit in units:
        print(unit, hashlib.sha256(compiled.unit(unit).data).hexdigest())
"""


def test_retail_is_the_same_as_ever() -> None:
    compiled = compile_dataset(retail(), SEED)
    made = {unit: hashlib.sha256(compiled.unit(unit).data).hexdigest() for unit in RETAIL}
    assert made == RETAIL


def test_every_kind_is_the_same_as_ever() -> None:
    compiled = compile_dataset(every_kind(), SEED)
    made = {unit: hashlib.sha256(compiled.unit(unit).data).hexdigest() for unit in EVERY}
    assert made == EVERY


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo"},
        {"PYTHONHASHSEED": "2", "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512_SKX"},
    ],
)
def test_another_process_makes_the_same_in_another_order(environment: Mapping[str, str]) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    made = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in made.stdout.splitlines()]
    assert [(int(unit), digest) for unit, digest in lines] == [
        *((unit, EVERY[unit]) for unit in (5, 1, 0)),
        *((unit, RETAIL[unit]) for unit in (5999, 1, 0)),
    ]


def test_a_unit_does_not_depend_on_those_before_it() -> None:
    dataset = every_kind()
    busy = compile_dataset(dataset, SEED)
    for unit in (3, 900, 0, 3, 41):
        assert busy.unit(unit) == compile_dataset(dataset, SEED).unit(unit)


def test_seeds_and_units_differ() -> None:
    dataset = retail()
    made = {compile_dataset(dataset, seed).unit(unit).data for seed in (0, 1) for unit in (0, 1)}
    assert len(made) == 4


def test_a_new_field_leaves_the_others_as_they_were() -> None:
    shop = EVERY_KIND["records"]["shop"]
    fields = {"first": {"boolean": 0.5}, **shop["fields"]}
    wider = {**EVERY_KIND, "records": {**EVERY_KIND["records"], "shop": {**shop, "fields": fields}}}
    before = compile_dataset(every_kind(), SEED).unit(0).data.decode().splitlines()
    after = compile_dataset(parse(wider), SEED).unit(0).data.decode().splitlines()
    for old, new in zip(before, after, strict=True):
        assert old == new.replace('"first":true,', "").replace('"first":false,', "")
