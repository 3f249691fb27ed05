"""What a collector receives of whole runs: by OTLP, and as Application Insights would have it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from support.collector import Collector, SeenSpan, collector
from support.log_analytics import Row, fields
from support.runs import Ground, done, ground_on, until

from local_host.system import LocalApp
from worker_image.contract.telemetry import APP, WORKER, Metric, TraceParent, run_span, start_span

from .conftest import CHANGES, OPTIONS

SHARE = 0.5
CALLER = TraceParent("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
SAMPLE = Path(__file__).parents[1] / "support" / "telemetry_fields.json"
SECRET = "planted-and-never-told"


@pytest.fixture(scope="module")
def collected() -> Iterator[Collector]:
    with collector() as running:
        yield running


@pytest.fixture(scope="module")
def telling_app(
    azurite: str, postgresql: str, services_folder: Path, collected: Collector
) -> Iterator[LocalApp]:
    """An app of its own, that tells a collector in both languages."""
    changes = {
        **CHANGES,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": collected.connection_string,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collected.otlp,
        "OTEL_EXPORTER_OTLP_HEADERS": f"x-key={SECRET}",
        "ACI_JOBS_TRACE_SHARE": str(SHARE),
    }
    running = LocalApp(
        services_folder / "telling",
        storage=azurite,
        postgresql=postgresql,
        changes=changes,
        options=OPTIONS,
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def telling(telling_app: LocalApp, postgresql: str) -> Iterator[Ground]:
    with ground_on(telling_app, postgresql) as ground:
        yield ground


def start(ground: Ground, request: dict[str, Any], caller: TraceParent) -> str:
    headers = {"traceparent": str(caller)}
    return str(ground.client.call("POST", "/runs", request, headers=headers)["run"])


def landing(ground: Ground) -> dict[str, Any]:
    """An ingest run of a document that cannot be loaded, and of one that can."""
    container = f"landing-{ground.schema.replace('_', '-')}"
    ground.store(container, "in/0.ndjson", b'{"type":"city","id":1,"name":"Bern"}\n')
    ground.store(container, "in/1.ndjson", b'{"type":"town","id":2,"name":"Ulm"}\n')
    schema = sql.Identifier(ground.schema)
    with psycopg.connect(ground.settings.postgresql_url.get_secret_value()) as database:
        database.execute(sql.SQL("create schema {}").format(schema))
        table = sql.SQL("create table {}.city (id int primary key, name text not null)")
        database.execute(table.format(schema))
    return {
        "kind": "ingest",
        "source": {"container": container, "prefix": "in/"},
        "sink": {"schema": ground.schema},
        "instances": {"count": 1, "cpu": 0.5, "memory_gb": 1},
        "limits": {"attempts": 3},
    }


def of_run(collected: Collector, run: str, count: int) -> list[SeenSpan]:
    """The spans of a run, once the last of them, its end and so many units are told."""

    def told() -> bool:
        names = [span.name for span in collected.spans(aci_jobs_run=run)]
        ended = "close" in names and collected.points(Metric.RUNS_ENDED, run)
        return bool(ended) and names.count("unit") >= count

    until(told, 30)
    return collected.spans(aci_jobs_run=run)


def test_a_run_is_one_trace_and_its_figures_are_those_of_its_report(
    telling: Ground, collected: Collector
) -> None:
    units = 12
    run = start(telling, telling.pipeline(units=units), CALLER)
    shown = telling.finish(run)
    assert shown["state"] == "Succeeded"

    own = TraceParent(CALLER.trace, run_span(run))
    told = [unit for unit in range(units) if own.of_unit("generate", unit, SHARE).sampled]
    spans = of_run(collected, run, 2 * len(told))
    assert {span.trace for span in spans} == {CALLER.trace}
    parents = {span.name: span.parent for span in spans}
    activities = {"observe", "prepare", "seed", "provision", "remove", "audit", "close"}
    assert set(parents) == {"start run", "run", "unit"} | activities
    assert parents.pop("start run") == CALLER.parent
    assert parents.pop("run") == start_span(run)
    assert set(parents.values()) == {run_span(run)}
    by_name = {span.name: span for span in spans}
    assert by_name["start run"].id == start_span(run)
    assert by_name["start run"].kind == "server"
    assert by_name["run"].id == run_span(run)
    assert by_name["run"].attributes["aci_jobs.state"] == "Succeeded"
    assert by_name["run"].begun <= min(span.begun for span in spans if span.name == "unit")

    done = [span for span in spans if span.name == "unit"]
    found = {(span.attributes["aci_jobs.stage"], span.attributes["aci_jobs.unit"]) for span in done}
    assert 0 < len(told) < units
    assert found == {(stage, unit) for stage in ("generate", "ingest") for unit in told}
    assert {span.kind for span in done} == {"consumer"}
    assert {span.resource["service.name"] for span in done} == {WORKER}
    assert {span.resource["service.name"] for span in spans if span.name != "unit"} == {APP}
    assert all(span.resource["service.instance.id"].startswith(run) for span in done)

    for stage, report in shown["report"]["stages"].items():
        assert collected.total(Metric.ROWS, run, stage=stage) == report["rows"]
        assert collected.total(Metric.DOCUMENT_SIZE, run, stage=stage) == report["bytes"]
    durations = collected.points(Metric.UNIT_DURATION, run)
    assert durations
    assert all(point.bounds[0] == 0.01 and point.bounds[-1] == 3_600 for point in durations)
    (ended,) = {point.value for point in collected.points(Metric.RUNS_ENDED, run)}
    assert ended == 1


def test_no_secret_is_told(telling: Ground, collected: Collector) -> None:
    secrets = [
        SECRET,
        telling.settings.storage_connection_string.get_secret_value(),
        telling.settings.postgresql_url.get_secret_value(),
    ]
    assert collected.asked
    for asked in collected.asked:
        body = collected.text(asked)
        assert not [secret for secret in secrets if secret in body]


@pytest.mark.long
def test_what_fails_is_told_with_its_cause(telling: Ground, collected: Collector) -> None:
    run = telling.client.start(landing(telling))
    assert telling.finish(run)["state"] == "CompletedWithFailures"
    spans = of_run(collected, run, 1)
    (failed,) = [span for span in spans if span.failed]
    assert failed.attributes["aci_jobs.outcome"] == "dead"
    assert failed.attributes["aci_jobs.unit"] == 1
    ((name, event),) = failed.events
    assert name == "exception"
    assert event["exception.type"] == "PermanentError"
    assert "town" in event["exception.message"]
    assert collected.total(Metric.DEAD_LETTERS, run, stage="ingest") == 1
    assert collected.points(Metric.RUN_DEAD, run)[-1].value == 1


@pytest.mark.long
def test_the_fields_that_application_insights_is_given_are_those_written_down(
    telling: Ground, collected: Collector
) -> None:
    telling.finish(telling.client.start(landing(telling)))
    other = Ground(telling.app, f"{telling.schema}_other")
    telling.finish(other.client.start(other.pipeline(units=8)))
    orphaned = telling.client.start(telling.pipeline(units=1_000))
    telling.wait(orphaned, done(1))
    telling.terminate(orphaned)
    until(lambda: telling.client.show(orphaned)["state"] == "Terminated")

    def swept() -> bool:
        telling.trigger("sweep_orphans")
        return bool(telling.client.show(orphaned)["state"] == "Failed")

    until(swept)
    telling.app.stop()
    rows = collected.rows()
    found = {**fields(rows), "AppTraces": traces(telling)}
    if os.environ.get("WRITE_SAMPLES"):
        SAMPLE.write_text(f"{json.dumps(found, indent=2)}\n")
    assert found == json.loads(SAMPLE.read_text())
    assert {row.columns["Name"] for row in of_table(rows, "AppMetrics")} == set(Metric)
    assert {row.columns["AppRoleName"] for row in rows} == {APP, WORKER}


def of_table(rows: list[Row], table: str) -> list[Row]:
    return [row for row in rows if row.table == table]


def traces(ground: Ground) -> dict[str, Any]:
    """What the host makes of a line of the control plane: a message in JSON, of such members."""
    lines = (ground.app.folder / "functions.log").read_text().splitlines()
    logged = [json.loads(line[line.index("{") :]) for line in lines if " orchestration" in line]
    members = {name for line in logged for name in line}
    return {"columns": ["Message", "SeverityLevel"], "members": sorted(members)}
