"""The commands that begin with `schedule`."""

import json

import typer

from command_line.client import members
from command_line.connection import connect
from command_line.definitions import NAME, Noun, add_commands, as_json_text, matching
from command_line.figures import minute
from command_line.jobs import KEY, start
from command_line.output import AS_JSON, show_json
from command_line.screens.tables import View

cli = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


def _columns(entry: View) -> dict[str, str]:
    decisions = [f"{made['choice']} {minute(made['due'])}" for made in entry["decisions"]]
    runs = [f"{run['run']} {run['state']}" for run in entry["runs"]]
    return {
        "cron": " ".join(filter(None, (entry["cron"], entry["time_zone"]))),
        "starts": entry["job"] or entry["kind"] or "",
        "next due, UTC": "disabled" if entry["enabled"] is False else minute(entry["next_due"]),
        "last decision": next(iter(decisions), ""),
        "last run": next(iter(runs), ""),
    }


SCHEDULE = Noun("schedule", as_json_text, _columns)
add_commands(cli, SCHEDULE)


@cli.command()
def run(
    context: typer.Context, name: NAME, *, idempotency_key: KEY = None, as_json: AS_JSON = False
) -> None:
    """Start a run of a schedule now, beside its due times.

    It is refused while a run of the schedule goes on.

        aci-jobs schedule run nightly
    """
    start(context, f"{SCHEDULE.path_of(name)}/run", None, idempotency_key, as_json=as_json)


@cli.command()
def enable(context: typer.Context, name: NAME, *, as_json: AS_JSON = False) -> None:
    """Let a schedule start runs again.

    aci-jobs schedule enable nightly
    """
    _switch(context, name, enabled=True, as_json=as_json)


@cli.command()
def disable(context: typer.Context, name: NAME, *, as_json: AS_JSON = False) -> None:
    """Keep a schedule from starting runs; what it has started goes on.

    aci-jobs schedule disable nightly
    """
    _switch(context, name, enabled=False, as_json=as_json)


def _switch(context: typer.Context, name: str, *, enabled: bool, as_json: bool) -> None:
    # Under the etag that was read: what others change meanwhile is not undone.
    client, path = connect(context), SCHEDULE.path_of(name)
    found = client.send("GET", path)
    content = json.dumps({**members(found), "enabled": enabled}, indent=2, ensure_ascii=False)
    answer = client.send("PUT", path, content.encode(), headers=matching(found.headers["etag"]))
    if as_json:
        show_json({**members(answer), "enabled": enabled})
    else:
        print(f"schedule {name} is {'enabled' if enabled else 'disabled'}")
