"""Whole runs on the local app, and what a test looks at afterwards."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
from azure.durable_functions import Orchestrator
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient
from psycopg import sql

from command_line.client import Client
from local_host.checks import groups_of
from local_host.functions.durable.history import Event, Kind
from local_host.functions.durable.sdk import Execution, replay
from local_host.functions.durable.store import Store
from local_host.loopback import request
from local_host.system import LocalApp
from orchestration.orchestrator import orchestrate
from orchestration.scheduling import SCHEDULES, state_path
from orchestration.scheduling.decision import ScheduleState
from orchestration.settings import Settings
from worker_image.contract import naming
from worker_image.generator import load

T = TypeVar("T")
FINAL = ("Succeeded", "CompletedWithFailures", "Failed", "Cancelled")
DATASET: Any = load((Path(__file__).parent / "datasets" / "small.yaml").read_bytes())
CONTAINER = "documents"


def until(read: Callable[[], T], seconds: float = 60) -> T:
    """Read again and again until the answer is true; the answer.

    Raises:
        AssertionError: it still is not after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (answer := read()):
        assert time.monotonic() < deadline, f"after {seconds} s: {answer!r}"
        time.sleep(0.05)
    return answer


@dataclass
class Ground:
    """A running app, and direct ways into the services that it stands on."""

    app: LocalApp
    schema: str

    @property
    def client(self) -> Client:
        """A caller of the API."""
        return Client(self.app.url, self.app.key)

    @property
    def settings(self) -> Settings:
        """The app's own settings."""
        values = self.app.settings().items()
        return Settings.model_validate(
            {
                name.removeprefix("ACI_JOBS_").lower(): value
                for name, value in values
                if name.startswith("ACI_JOBS_")
            }
        )

    @cached_property
    def blobs(self) -> BlobServiceClient:
        """Blob Storage."""
        return BlobServiceClient.from_connection_string(
            self.settings.storage_connection_string.get_secret_value()
        )

    @cached_property
    def queues(self) -> QueueServiceClient:
        """Queue Storage."""
        return QueueServiceClient.from_connection_string(
            self.settings.storage_connection_string.get_secret_value()
        )

    def close(self) -> None:
        """Let the connections go."""
        self.blobs.close()
        self.queues.close()

    def pipeline(self, units: int = 20, **changes: Any) -> dict[str, Any]:
        """The request of a small pipeline run."""
        return {
            "kind": "pipeline",
            "dataset": DATASET,
            "units": units,
            "random_seed": 7,
            "sink": {"schema": self.schema},
            "instances": {"count": 2, "cpu": 0.5, "memory_gb": 1},
            **changes,
        }

    def nothing(self) -> dict[str, Any]:
        """The request of a run that finds nothing to do: it needs no container group."""
        self.store("empty", "elsewhere", b"")
        source = {"container": "empty", "prefix": "nothing/"}
        return {"kind": "ingest", "source": source, "sink": {"schema": self.schema}}

    # ------------------------------------------------------------------------------ watching

    def wait(self, run: str, reached: Callable[[dict[str, Any]], Any], seconds: float = 60) -> Any:
        """Wait until the run, as the API shows it, has reached something; the run then."""
        client = self.client

        def look() -> dict[str, Any] | None:
            shown = client.show(run)
            assert reached is ended or shown["state"] not in FINAL, shown["report"]
            return shown if reached(shown) else None

        return until(look, seconds)

    def finish(self, run: str, seconds: float = 90) -> dict[str, Any]:
        """Wait for the end of a run and replay its whole history; the run as it ended."""
        self.wait(run, ended, seconds)
        # A second start that comes late begins anew a run that has ended; it ends as before.
        until(lambda: self.executions(run))
        shown: dict[str, Any] = self.wait(run, ended, seconds)
        self.replay(run)
        return shown

    def executions(self, run: str) -> list[Execution]:
        """The recorded executions of the run's orchestration."""
        store = Store(self.app.folder / "functions" / "durable.sqlite3")
        try:
            return store.executions(run)
        finally:
            store.close()

    def replay(self, run: str) -> None:
        """Run the SDK over each whole history from its start: the same calls in the same order."""
        handle = Orchestrator.create(orchestrate)
        executions = self.executions(run)
        assert executions
        for execution in executions:
            state = replay(handle, execution)
            called = [
                action["functionName"]
                for action in _flat(state.actions)
                if "functionName" in action
            ]
            recorded = [
                event["Name"]
                for event in execution.history
                if event["EventType"] == Kind.TASK_SCHEDULED
            ]
            assert called[: len(recorded)] == recorded
            assert state.is_done or state.error

    # ------------------------------------------------------------------------------ schedules

    def schedule(self, cron: str, request: dict[str, Any], **members: Any) -> str:
        """Store a schedule as a user would; its name."""
        name = f"job-{self.schema}"
        definition = {"cron": cron, "request": request, **members}
        self.store(SCHEDULES, f"{name}.json", json.dumps(definition).encode())
        return name

    def schedule_state(self, name: str) -> ScheduleState:
        """What the schedule remembers."""
        blob = self.blobs.get_blob_client(naming.RUNS, state_path(name))
        return ScheduleState.model_validate_json(blob.download_blob().readall())

    def runs_of(self, schedule: str) -> list[tuple[str, str]]:
        """Due time and run of each run that the schedule has started, in the order of due times."""
        runs = self.client.call("GET", "/runs", query={"schedule": schedule})["runs"]
        labels = [((run["schedule"] or "").partition("@"), run["run"]) for run in runs]
        return sorted((due, run) for (name, _, due), run in labels if name == schedule)

    # ------------------------------------------------------------------------------ the services

    def groups(self, run: str) -> list[str]:
        """The container groups of the run that the management API lists."""
        return groups_of(self.settings, run)

    def processes(self, run: str) -> list[int]:
        """The process ids of the run's workers."""
        found = request("GET", f"{self.app.arm_url}/admin/processes").json()
        return [
            container["process"]
            for group, containers in found.items()
            for container in containers
            if group.startswith(run) and container.get("process")
        ]

    def count(self, table: str) -> int:
        """Rows of a table in the database."""
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(self.schema, table))
        with psycopg.connect(self.settings.postgresql_url.get_secret_value()) as database:
            row = database.execute(query).fetchone()
        assert row
        return int(row[0])

    def manifest(self, run: str) -> dict[int, dict[str, Any]]:
        """The run's manifest, by unit."""
        blob = self.blobs.get_blob_client(naming.RUNS, naming.manifest(run))
        lines = map(json.loads, blob.download_blob().readall().splitlines())
        return {line["unit"]: line for line in lines}

    def store(self, container: str, path: str, content: bytes) -> None:
        """Put a blob where a user would, its container made on the way."""
        client = self.blobs.get_container_client(container)
        if not client.exists():
            client.create_container()
        client.upload_blob(path, content, overwrite=True)

    def trigger(self, name: str) -> None:
        """Fire a timer function now."""
        keys = json.loads((self.app.folder / "functions" / "keys.json").read_text())
        answer = request(
            "POST",
            f"{self.app.url}/admin/functions/{name}",
            headers={"x-functions-key": keys["master"]},
            json={},
        )
        assert answer.status_code == 202

    def terminate(self, run: str) -> None:
        """End the orchestration from outside, as an operator in the Portal does."""
        keys = json.loads((self.app.folder / "functions" / "keys.json").read_text())
        answer = request(
            "POST",
            f"{self.app.url}/runtime/webhooks/durabletask/instances/{run}/terminate",
            params={"code": keys["system"], "reason": "test"},
        )
        assert answer.status_code == 202


def ended(shown: dict[str, Any]) -> bool:
    """Whether a run has ended."""
    return shown["state"] in FINAL


@contextmanager
def ground_on(app: LocalApp, postgresql: str) -> Iterator[Ground]:
    """A running app with a schema that nobody else has, and that goes afterwards."""
    ground = Ground(app, f"runs_{uuid4().hex[:12]}")
    yield ground
    ground.close()
    with psycopg.connect(postgresql, autocommit=True) as database:
        name = sql.Identifier(ground.schema)
        database.execute(sql.SQL("drop schema if exists {} cascade").format(name))


def done(units: int) -> Callable[[dict[str, Any]], bool]:
    """Whether so many units are through."""
    return lambda shown: shown["status"].get("units", {}).get("done", 0) >= units


def generated(units: int) -> Callable[[dict[str, Any]], bool]:
    """Whether so many documents are written; the messages to load them may be far behind."""
    return lambda shown: (
        shown["status"].get("stages", {}).get("generate", {"units": 0})["units"] >= units
    )


def _flat(actions: Iterable[Any]) -> Iterable[Event]:
    for action in actions:
        yield from _flat(action["compoundActions"]) if "compoundActions" in action else [action]
