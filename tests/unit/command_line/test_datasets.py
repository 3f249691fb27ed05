"""The commands from outside: what they print, where, and with which exit code."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.command_line import CHECKOUT, RETAIL, printed, run, written
from support.generator import EVERY_KIND, document

SOUND = "retail: 3 record types, "
LASTING = "the dataset has unique values for 9,000,000 units"
CODES = {"code": {"choice": {"of": "lists/codes.csv", "column": "code"}}}


def with_list(folder: Path) -> Path:
    lists = folder / "lists"
    lists.mkdir()
    (lists / "codes.csv").write_text("code,name\nA,one\nB,two\n")
    return written(folder, document(**CODES))


def test_a_sound_dataset_is_told_in_one_line() -> None:
    (line,) = printed("validate", RETAIL).splitlines()
    assert line.startswith(SOUND)
    assert line.endswith(" rows a unit on average; keys last for 9,000,000 units")


def test_shared_rows_are_told_apart(tmp_path: Path) -> None:
    (line,) = printed("validate", written(tmp_path, EVERY_KIND)).splitlines()
    assert " rows a unit on average and 3 shared by all; keys last for " in line


def test_standard_input_is_a_file_like_any_other() -> None:
    assert printed("validate", "-", stdin=Path(RETAIL).read_bytes()).startswith(SOUND)


def test_every_problem_is_a_line_with_place_value_and_what_is_allowed(tmp_path: Path) -> None:
    faulty = document(
        a={"integer": {"min": 9, "max": "x"}}, b={"faker": "nmae"}, c={"constnt": "\x1b[31m"}
    )
    path = written(tmp_path, faulty)
    result = run("validate", path)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = sorted(line.removeprefix(f"{path}: ") for line in result.stderr.splitlines())
    assert len(lines) == 3
    assert lines[0] == ("records.row.fields.a.integer.max: 'x': Input should be a valid integer")
    assert lines[1].startswith("records.row.fields.b.faker: 'nmae': ")
    assert "did you mean name" in lines[1]
    assert lines[2].endswith("did you mean constant?")
    assert "\x1b" not in result.stderr


def test_what_is_no_dataset_at_all_is_one_line() -> None:
    result = run("validate", "-", stdin="a: [1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("standard input: line 1: 'a: [1': while parsing a flow")
    assert len(result.stderr.splitlines()) == 1


def test_lists_are_read_beside_the_dataset(tmp_path: Path) -> None:
    path = with_list(tmp_path)
    assert printed("validate", path).startswith("test: 1 record type, 100 rows")
    (tmp_path / "lists" / "codes.csv").unlink()
    result = run("validate", path)
    assert (result.exit_code, result.stderr) == (
        1,
        f"{path}: records.row.fields.code.choice.of: 'lists/codes.csv': there is no such file\n",
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["validate"], "Missing argument 'FILE'."),
        (["validate", "/nowhere"], "Invalid value for FILE: /nowhere: No such file or directory"),
        (["validate", str(CHECKOUT)], f"Invalid value for FILE: {CHECKOUT}: Is a directory"),
        (["valdate", RETAIL], "No such command 'valdate'. Did you mean 'validate'?"),
        (["preview", RETAIL, "--record", "ordr"], "did you mean order?"),
        (["preview", RETAIL, "--unit", "-1"], "greater than or equal to 0"),
        (["preview", RETAIL, "--unit", "9000000"], f"--unit: {LASTING}"),
        (["estimate", RETAIL], "Missing option '--units'."),
        (["estimate", RETAIL, "--units", "9000001"], f"--units: {LASTING}"),
        (["estimate", RETAIL, "--units", "9", "--instances", "101"], "--instances: Input"),
        (["estimate", RETAIL, "--units", "9", "--memory", "99"], "--memory: Input should be"),
        (["estimate", RETAIL, "--units", "9", "--format", "xml"], "'--format'"),
        (["ddl", RETAIL, "--schema", "a-b"], "--schema: String should match pattern"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_one_line_and_code_2(words: list[str], told: str) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert told in line


@pytest.mark.parametrize("name", ["validate", "preview", "estimate", "ddl", "schema", "reference"])
def test_each_command_teaches_by_an_example(name: str) -> None:
    assert f"aci-jobs dataset {name}" in printed(name, "--help")
    assert f" {name} " in printed("--help")


def test_ddl_has_all_tables_and_late_foreign_keys_last(tmp_path: Path) -> None:
    path = written(tmp_path, EVERY_KIND)
    first, *middle, last = printed("ddl", path, "--schema", "shops").split("\n\n")
    assert first == 'create schema if not exists "shops";'
    names = [statement.split('"')[3] for statement in middle]
    assert names == ["aci_jobs_ledger", *EVERY_KIND["records"]]
    assert '    unique ("desk", "shift")\n);' in middle[3]
    comment, add, validate = last.splitlines()
    assert comment.startswith("-- Once everything is loaded")
    assert add == (
        'alter table "shops"."shop" add constraint "shop_country_id_fkey"'
        ' foreign key ("country_id") references "shops"."country" ("id") not valid;'
    )
    assert validate == 'alter table "shops"."shop" validate constraint "shop_country_id_fkey";'


def test_ddl_without_shared_records_ends_with_a_table() -> None:
    assert printed("ddl", RETAIL).endswith("\n);\n")
    assert '"public"."order_line"' in printed("ddl", RETAIL)


@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet"])
def test_an_estimate_says_what_is_measured_and_what_is_assumed(form: str) -> None:
    text = printed("estimate", RETAIL, "--units", 6000, "--instances", 2, "--format", form)
    measured, estimated, assumed = text.split("\n\n")
    assert measured.startswith("Measured here, on ")
    assert "636,000" in measured  # customers of 6,000 units
    assert "minutes on 2 container groups" in estimated
    assert "a container group needs 60 s to start" in assumed
    assert max(map(len, text.splitlines())) <= 100


def command(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "command_line", *words],
        cwd=CHECKOUT,
        text=True,
        capture_output=True,
        check=False,
        **options,
    )


def test_the_real_process() -> None:
    sound = command("dataset", "validate", RETAIL)
    assert (sound.returncode, sound.stderr) == (0, "")
    assert sound.stdout.startswith(SOUND)
    faulty = command("dataset", "validate", "-", input="{}")
    assert (faulty.returncode, faulty.stdout) == (1, "")
    assert faulty.stderr.splitlines()[0] == "standard input: version: None: this is needed"
    wrong = command("dataset", "validate")
    assert (wrong.returncode, wrong.stderr) == (2, "Missing argument 'FILE'.\n")


def test_nothing_else_knows_the_command_line() -> None:
    assert "command_line" not in (CHECKOUT / "function_app.py").read_text()
