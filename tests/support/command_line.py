"""The command line as its tests call it."""

import json
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner, Result

from command_line.__main__ import cli
from support.endpoint import Answer

WIDTH = 100
CHECKOUT = Path(__file__).parents[2]
RETAIL = str(CHECKOUT / "examples" / "retail" / "dataset.yaml")


def run(*words: object, stdin: str | bytes | None = None) -> Result:
    """A `dataset` command in a terminal of `WIDTH` columns."""
    arguments = ["dataset", *map(str, words)]
    return CliRunner().invoke(cli, arguments, input=stdin, env={"COLUMNS": str(WIDTH)})


def printed(*words: object, stdin: str | bytes | None = None) -> str:
    """The output of a command that goes well."""
    result = run(*words, stdin=stdin)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def written(folder: Path, document: Any) -> Path:
    """A dataset in a file."""
    path = folder / "dataset.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False))
    return path


def called(*words: object, stdin: str | bytes | None = None, **environment: str) -> Result:
    """Any command; no app is named but by its words and this `environment`."""
    unnamed = dict.fromkeys(("ACI_JOBS_URL", "ACI_JOBS_KEY", "ACI_JOBS_APP"), "")
    env = {**unnamed, "COLUMNS": str(WIDTH), **environment}
    return CliRunner().invoke(cli, [*map(str, words)], input=stdin, env=env, prog_name="aci-jobs")


def answers(*values: Any) -> list[Answer]:
    """What an endpoint answers, one after the other: JSON, or a status with problem details."""
    return [
        Answer(value, json.dumps({"detail": f"detail of {value}"}))
        if isinstance(value, int)
        else Answer(200, json.dumps(value))
        for value in values
    ]
