"""The request that a job file holds, with what the options say instead."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from support.command_line import CHECKOUT, called
from support.tables import table

from command_line.job_file import read_job
from worker_image.generator import SpecError, load

JOB: dict[str, Any] = {"kind": "generate", "dataset": "retail", "units": 5, "limits": {"cost": 1}}


def written(folder: Path, job: Any = JOB) -> str:
    path = folder / "job.yaml"
    path.write_text(yaml.safe_dump(job))
    return str(path)


@table(
    "options, expected",
    {
        "a job is sent as it is": ({}, {}),
        "units and seed take the place of the job's": (
            {"units": 7, "seed": 0},
            {"units": 7, "random_seed": 0},
        ),
        "a member deep inside": (
            {"changes": ["limits.cost=2.5"]},
            {"limits": {"cost": 2.5}},
        ),
        "a member that was not there, and those around it": (
            {"changes": ["sink.schema=shop", "sink.mode=upsert"]},
            {"sink": {"schema": "shop", "mode": "upsert"}},
        ),
        "values are YAML: lists, null, and equals signs": (
            {"changes": ["instances.regions=[eastus, westus]", "units=null", "prefix=a=b"]},
            {"instances": {"regions": ["eastus", "westus"]}, "units": None, "prefix": "a=b"},
        ),
        "an option stands above a change": ({"units": 3, "changes": ["units=4"]}, {"units": 3}),
    },
)
def test_a_job(options: dict[str, Any], expected: dict[str, Any], tmp_path: Path) -> None:
    assert read_job(written(tmp_path), **options) == JOB | expected


def test_a_dataset_in_a_file_is_sent_with_its_lists_in_it() -> None:
    tpch = CHECKOUT / "examples" / "tpch"
    job = read_job(str(tpch / "job.yaml"))
    assert job["dataset"]["dataset"] == "tpch"
    assert "colors.csv" not in str(job["dataset"])
    assert job["dataset"] != load((tpch / "dataset.yaml").read_bytes()), "a list was elsewhere"


@table(
    "job, changes, message",
    {
        "no mapping": (["kind"], [], "a mapping is needed"),
        "a change without a value": (JOB, ["units"], "'units': PLACE=VALUE"),
        "a change without a place": (JOB, ["=1"], "'=1': PLACE=VALUE"),
        "a change inside of a text": (JOB, ["kind.x=1"], "kind is no mapping"),
        "a dataset that is not there": (JOB, ["dataset=no.yaml"], "no.yaml: No such file"),
    },
)
def test_a_job_that_cannot_be_read(
    job: Any, changes: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(typer.BadParameter, match=message):
        read_job(written(tmp_path, job), changes=changes)


def test_every_fault_of_the_dataset_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("dataset: x\nversion: 1\nrecords: {a: {}, b: {}}\n")
    with pytest.raises(SpecError) as caught:
        read_job(written(tmp_path), changes=["dataset=bad.yml"])
    assert len(caught.value.problems) >= 2


@table(
    "text, changes, told",
    {
        "no YAML": (
            "kind: x\nunits: [1\n",
            [],
            "{file}: line 2: 'units: [1': while parsing",
        ),
        "a name twice": ("kind: x\nkind: y\n", [], "{file}: line 1: 'kind: x': a name is there"),
        "an alias": ("kind: &a x\n", [], "{file}: 'kind: &a x"),
        "a change that is no YAML": ("kind: x\n", ["units=[1"], "--set units: line 1: '[1': "),
        "a dataset that is none": ("kind: x\ndataset: bad.yml\n", [], "{folder}/bad.yml: line 1"),
    },
)
def test_what_is_no_yaml_is_told_by_its_file_and_line(
    text: str, changes: list[str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.yml").write_text("a: [")
    file = tmp_path / "job.yaml"
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        read_job(str(file), changes=changes)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(told.format(file=file, folder=tmp_path))
    assert not re.search("document|byte string", line)


def test_a_file_that_is_not_there_is_wrong_use() -> None:
    result = called("--url", "http://127.0.0.1:1", "plan", "/nowhere.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "/nowhere.yaml: No such file or directory" in result.stderr
