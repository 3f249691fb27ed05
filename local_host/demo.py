"""The main job on one machine: started over HTTP, watched, and checked at its end."""

from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from command_line.client import Client
from command_line.job_file import read_job
from command_line.screens import reports
from command_line.screens.live import screen
from command_line.watching import follow
from local_host.checks import Check, check_run
from local_host.system import CHECKOUT, LocalApp, System
from orchestration.settings import Settings

EXAMPLE = CHECKOUT / "examples" / "retail"
SCHEMA_PREFIX = "retail_"


def run_demo(system: System, units: int | None, console: Console) -> bool:
    """Run the example on a started system; whether everything that was checked holds."""
    settings = settings_of(system.app)
    request = example_request(units)
    _drop_earlier_schemas(settings.postgresql_url.get_secret_value())
    client = Client(system.app.url, system.app.key)
    run = client.start(request)
    console.print(f"Run [bold]{run}[/bold] of {request['units']:,} units was started over HTTP.")
    shown = follow(client, run, screen(console))
    return _account(run, request, shown, settings, console)


def example_request(units: int | None) -> dict[str, Any]:
    """The example's job with its dataset in it, and a schema of its own for this run."""
    schema = f"{SCHEMA_PREFIX}{datetime.now(UTC):%y%m%d_%H%M%S}"
    return read_job(str(EXAMPLE / "job.yaml"), units=units, changes=[f"sink.schema={schema}"])


def settings_of(app: LocalApp) -> Settings:
    """What the app on this machine is told."""
    values = {
        name.removeprefix("ACI_JOBS_").lower(): value
        for name, value in app.settings().items()
        if name.startswith("ACI_JOBS_")
    }
    return Settings.model_validate(values)


def _drop_earlier_schemas(url: str) -> None:
    """Earlier demonstrations loaded the same keys; each run has a schema of its own."""
    with psycopg.connect(url, autocommit=True) as database:
        names = database.execute(
            "select nspname from pg_namespace where starts_with(nspname, %s)", [SCHEMA_PREFIX]
        ).fetchall()
        for (name,) in names:
            database.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))


def _account(
    run: str, request: dict[str, Any], shown: dict[str, Any], settings: Settings, console: Console
) -> bool:
    report = shown["report"]
    console.print(reports.summary(report))
    if shown["state"] != "Succeeded":
        console.print(reports.problems(report))
        return False
    checks = check_run(run, request["units"], request["sink"]["schema"], "documents", settings)
    console.print(_checks_table(checks))
    holds = all(check.holds for check in checks)
    console.print("Everything holds." if holds else "[red]Not everything holds.[/red]")
    return holds


def _checks_table(checks: list[Check]) -> Table:
    table = Table("", "checked", "found", title="Checked in the services themselves")
    for check in checks:
        mark = "[green]ok[/green]" if check.holds else "[red]NO[/red]"
        table.add_row(mark, check.name, check.found)
    return table
