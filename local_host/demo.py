"""The main job on one machine: started over HTTP, watched, and checked at its end."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import yaml
from psycopg import sql
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from command_line.client import Client
from local_host.checks import Check, check_run
from local_host.system import CHECKOUT, System
from orchestration.settings import Settings
from worker_image.generator import load

EXAMPLE = CHECKOUT / "examples" / "retail"
SCHEMA_PREFIX = "retail_"
POLL_SECONDS = 0.5
LINE_SECONDS = 2.0
FINAL = ("Succeeded", "CompletedWithFailures", "Failed", "Cancelled")


def run_demo(system: System, units: int | None, console: Console) -> bool:
    """Run the example on a started system; whether everything that was checked holds."""
    settings = Settings.model_validate(
        {name.removeprefix("ACI_JOBS_").lower(): value for name, value in _values(system)}
    )
    request = example_request(units)
    _drop_earlier_schemas(settings.postgresql_url.get_secret_value())
    client = Client(system.app.url, system.app.key)
    run = client.start(request)
    console.print(f"Run [bold]{run}[/bold] of {request['units']:,} units was started over HTTP.")
    shown = _watch(client, run, console)
    return _account(run, request, shown, settings, console)


def example_request(units: int | None) -> dict[str, Any]:
    """The example's job with its dataset in it, and a schema of its own for this run."""
    request: dict[str, Any] = yaml.safe_load((EXAMPLE / "job.yaml").read_text())
    request["dataset"] = load((EXAMPLE / "dataset.yaml").read_bytes())
    request["sink"] = {"schema": f"{SCHEMA_PREFIX}{datetime.now(UTC):%y%m%d_%H%M%S}"}
    return {**request, "units": units or request["units"]}


def _values(system: System) -> Iterator[tuple[str, str]]:
    yield from (
        (name, value)
        for name, value in system.app.settings().items()
        if name.startswith("ACI_JOBS_")
    )


def _drop_earlier_schemas(url: str) -> None:
    """Earlier demonstrations loaded the same keys; each run has a schema of its own."""
    with psycopg.connect(url, autocommit=True) as database:
        names = database.execute(
            "select nspname from pg_namespace where starts_with(nspname, %s)", [SCHEMA_PREFIX]
        ).fetchall()
        for (name,) in names:
            database.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))


# ----------------------------------------------------------------------------------- watching


def _watch(client: Client, run: str, console: Console) -> dict[str, Any]:
    """Show progress until the run has ended; the run as the API shows it then."""
    if console.is_terminal:
        return _watch_with_bar(client, run, console)
    return _watch_with_lines(client, run, console)


def _looks(client: Client, run: str) -> Iterator[dict[str, Any]]:
    while True:
        shown = client.show(run)
        yield shown
        if shown["state"] in FINAL:
            return
        time.sleep(POLL_SECONDS)


def _watch_with_bar(client: Client, run: str, console: Console) -> dict[str, Any]:
    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[text]}"),
    )
    shown: dict[str, Any] = {}
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Planning", total=None, text="")
        for shown in _looks(client, run):
            status = shown["status"]
            units = status.get("units", {})
            progress.update(
                task,
                description=shown["state"],
                total=units.get("total"),
                completed=units.get("done", 0),
                text=_figures(status),
            )
    return shown


def _watch_with_lines(client: Client, run: str, console: Console) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    last, state = 0.0, ""
    for shown in _looks(client, run):
        if time.monotonic() - last > LINE_SECONDS or shown["state"] != state:
            last, state = time.monotonic(), shown["state"]
            units = shown["status"].get("units", {})
            done = f"{units.get('done', 0)}/{units.get('total') or '?'} units"
            console.print(f"{state:>9}  {done}  {_figures(shown['status'])}", soft_wrap=True)
    return shown


def _figures(status: dict[str, Any]) -> str:
    groups = status.get("groups", {})
    left = status.get("seconds_left")
    written = status.get("stages", {}).get("generate", {}).get("units", 0)
    return "  ".join(
        (
            f"{written:,} written",
            f"{status.get('rows', 0):,} rows loaded",
            f"{status.get('rows_per_second', 0):,}/s",
            f"{groups.get('Running', 0)} groups",
            f"{status.get('units', {}).get('dead', 0)} dead",
            *((f"{left:.0f} s left",) if left else ()),
        )
    )


# --------------------------------------------------------------------------------- the account


def _account(
    run: str, request: dict[str, Any], shown: dict[str, Any], settings: Settings, console: Console
) -> bool:
    report = shown["report"]
    console.print(_report_table(run, report))
    if shown["state"] != "Succeeded":
        console.print(f"[red]{shown['state']}: {report['reason']}[/red]")
        for group in report["failures"]:
            console.print(f"{group['units']:>6} dead: {group['type']}: {group['error']}")
        return False
    checks = check_run(run, request["units"], request["sink"]["schema"], "documents", settings)
    console.print(_checks_table(checks))
    holds = all(check.holds for check in checks)
    console.print("Everything holds." if holds else "[red]Not everything holds.[/red]")
    return holds


def _report_table(run: str, report: dict[str, Any]) -> Table:
    seconds = _seconds(report)
    loaded = report["stages"]["ingest"]
    table = Table(title=f"Report of {run}", show_header=False)
    dead = sum(report["account"]["dead"].values()) if report["account"] else 0
    for name, value in (
        ("units done, dead", f"{loaded['units']:,}, {dead:,}"),
        (
            "rows loaded",
            f"{loaded['rows']:,} in {seconds:.1f} s: {loaded['rows'] / seconds:,.0f}/s",
        ),
        ("documents", f"{report['stages']['generate']['bytes']:,} bytes"),
        *((f"seconds a unit, {stage}", _spread(report, stage)) for stage in report["stages"]),
        ("retries", f"{report['retries']}"),
        ("container groups", f"{report['groups_used']}, {report['billed_seconds']:.0f} s billed"),
        ("cost on ACI", f"{report['cost']:.6f}"),
    ):
        table.add_row(name, value)
    return table


def _seconds(report: dict[str, Any]) -> float:
    start, end = (datetime.fromisoformat(report[name]) for name in ("started", "ended"))
    return (end - start).total_seconds()


def _spread(report: dict[str, Any], stage: str) -> str:
    seconds = report["stages"][stage]["seconds"]
    return ", ".join(f"{name} {value:.3f}" for name, value in seconds.items())


def _checks_table(checks: list[Check]) -> Table:
    table = Table("", "checked", "found", title="Checked in the services themselves")
    for check in checks:
        mark = "[green]ok[/green]" if check.holds else "[red]NO[/red]"
        table.add_row(mark, check.name, check.found)
    return table
