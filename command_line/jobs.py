"""The commands that begin with `job`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from command_line.connection import connect
from command_line.definitions import NAME, Noun, add_commands, as_json_text
from command_line.job_file import dataset_in_file
from command_line.output import AS_JSON, show_json
from command_line.screens.runs import started
from command_line.screens.tables import View
from worker_image.generator import load

KEY = Annotated[
    str | None,
    typer.Option(metavar="KEY", help="The same key again gives the same run."),
]

cli = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


def _columns(entry: View) -> dict[str, str]:
    return {"kind": entry["kind"] or "", "dataset": entry["dataset"] or ""}


def _as_request(content: bytes, folder: Path) -> bytes:
    """A job as the app takes it: a dataset that lies in a file takes the place of its name."""
    text = as_json_text(content, folder)
    job = json.loads(text)
    found = dataset_in_file(job, folder) if isinstance(job, dict) else {}
    return json.dumps({**job, **found}, indent=2, default=str).encode() if found else text


JOB = Noun("job", _as_request, _columns)
add_commands(cli, JOB)


@cli.command()
def run(
    context: typer.Context,
    name: NAME,
    *,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="MEMBER=VALUE", help="Another value for this run, in YAML."),
    ] = None,
    idempotency_key: KEY = None,
    as_json: AS_JSON = False,
) -> None:
    """Start a run of a stored job.

    A member that is set takes the place of the job's own as a whole; the job is not changed.

        aci-jobs job run nightly --set units=100 --set 'instances={count: 8}'
    """
    members = dict(map(_change, changes or ()))
    start(context, f"{JOB.path_of(name)}/run", members, idempotency_key, as_json=as_json)


def start(context: typer.Context, path: str, body: Any, key: str | None, *, as_json: bool) -> None:
    """Start a run, and tell which it is."""
    headers = {"Idempotency-Key": key} if key else {}
    answer = connect(context).call("POST", path, body, headers=headers)
    if as_json:
        show_json(answer)
    else:
        print(started(answer))


def _change(text: str) -> tuple[str, Any]:
    member, given, value = text.partition("=")
    if not given:
        raise typer.BadParameter(f"{text}: MEMBER=VALUE is needed", param_hint="--set")
    return member, load(value)
