"""Starting runs, what one would come to, and the list of all."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer

from command_line.client import Client, UnreachableError
from command_line.connection import connect
from command_line.files import judged
from command_line.job_file import FILE, SEED, SET, UNITS, Job, read_job
from command_line.output import AS_JSON, YES, attended, confirm, console, say, show_json
from command_line.screens import plans
from command_line.screens import runs as screens
from command_line.screens.states import Kind, State
from command_line.screens.tables import View
from command_line.watching import follow_to_end

MOST = 500

cli = typer.Typer()


@cli.command(rich_help_panel="Runs")
def run(
    context: typer.Context,
    file: FILE,
    *,
    units: UNITS = None,
    seed: SEED = None,
    changes: SET = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="The same key gives the same run.")
    ] = None,
    yes: YES = False,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Do not watch it.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Start a run from a file and follow it to its end.

    The file is the body of `POST /api/runs` in YAML or JSON. Its `dataset` may be the name of a
    dataset that the app keeps, or the path of a file beside the job. On a terminal the plan is
    shown first, and you are asked. Ctrl-C leaves the run alone. The exit code is 0 only if the run
    has succeeded, with `--detach` if it was started.

        aci-jobs run examples/retail/job.yaml --units 500
    """
    client = connect(context)
    job = read_job(file, units=units, seed=seed, changes=changes)
    if attended() and not (yes or as_json):
        with judged(file):
            found = client.call("POST", "/plan", job)
        console().print(plans.outline(found))
        confirm("Start this run?", "Nothing was started.")
        # Status and report show it beside what the run really comes to.
        job = {"expected": {name: found[name] for name in ("cost", "minutes")}, **job}
    with judged(file):
        started = _started(client, job, idempotency_key or f"cli-{uuid4().hex}")
    if as_json:
        show_json(started)
    else:
        console().print(screens.started(started), markup=False)
    if not detach:
        follow_to_end(client, started["run"], as_json=as_json)


@cli.command(rich_help_panel="Runs")
def plan(
    context: typer.Context,
    file: FILE,
    *,
    units: UNITS = None,
    seed: SEED = None,
    changes: SET = None,
    as_json: AS_JSON = False,
) -> None:
    """Tell what a run would come to: units, groups, time, money, first rows. Nothing is created.

    aci-jobs plan examples/retail/job.yaml --units 6000
    """
    client = connect(context)
    job = read_job(file, units=units, seed=seed, changes=changes)
    with judged(file):
        found = client.call("POST", "/plan", job)
    if as_json:
        show_json(found)
    else:
        console().print(plans.whole(found))


@cli.command("list", rich_help_panel="Runs")
def list_runs(
    context: typer.Context,
    *,
    state: Annotated[
        State | None,
        typer.Option(case_sensitive=False, help="Of this state, or live: that have not ended."),
    ] = None,
    kind: Annotated[Kind | None, typer.Option(help="Of this kind.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Of this dataset.")] = None,
    schedule: Annotated[str | None, typer.Option(help="By this schedule.")] = None,
    text: Annotated[str | None, typer.Option(help="With this in id, dataset or schedule.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="So many, the newest first.")] = 20,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """List runs, the newest first.

    aci-jobs list --state live
    """
    client = connect(context)
    wanted = {
        "state": state,
        "kind": kind,
        "dataset": dataset,
        "schedule": schedule,
        "text": text,
    }
    page = _page(client, wanted, None if every else limit)
    if as_json:
        show_json(page)
        return
    if not page["runs"]:
        say("There is no such run.")
        return
    console().print(screens.entries(page["runs"], datetime.now(UTC)))
    if page["next"]:
        say(f"There are more than these {limit}: see all with --all.")


def _started(client: Client, job: Job, key: str) -> View:
    """Start a run; where the answer is lost, say how to find out whether it was started."""
    try:
        return client.call("POST", "/runs", job, headers={"Idempotency-Key": key})
    except UnreachableError as error:
        hint = f"with --idempotency-key {key} the same command starts it once, whatever happened"
        raise UnreachableError(f"{error}; {hint}") from error


def _page(client: Client, wanted: View, limit: int | None) -> View:
    if limit is None:
        return {
            "runs": list(client.pages("/runs", "runs", {**wanted, "limit": MOST})),
            "next": None,
        }
    return client.call("GET", "/runs", query={**wanted, "limit": limit})
