"""Runs with planted secrets, good ones and all that tempt messages: no secret is ever written."""

import json
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient
from support.command_line import called
from support.endpoint import Answer, Endpoint, endpoint
from support.runs import FINAL, Ground, until
from support.services import start_or_skip
from support.tables import table
from support.tcp_postgresql import PASSWORD, USER, TcpPostgresql

from command_line.client import RefusedError
from local_host.container_instances.shim import LAUNCH
from local_host.functions.durable.records import Query
from local_host.functions.durable.store import Store
from local_host.loopback import request
from local_host.services.azurite import ACCOUNT, ACCOUNT_KEY, Azurite
from local_host.services.ports import HOST, free_ports
from local_host.services.toolchain import Toolchain
from local_host.system import LocalApp
from orchestration.triggers.http_api import OPERATIONS
from orchestration.triggers.openapi import PARTS

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

STORAGE_KEY = b64encode(
    b"planted storage key, of 64 bytes as Azure's, and of nobody at all"
).decode()
WRONG = "planted wrong/pass+word"
SINK = "planted/sink+t0ken"
WEBHOOK = b64encode(b"planted webhook secret 1").decode()
WEBHOOK_PATH = "planted-webhook-path"
COLLECTOR = "planted-otlp-t0ken"
INSTRUMENTATION = "91a17ed0-0000-4000-8000-91a17ed00000"
SECRETS = {
    "the database's password": PASSWORD,
    "a wrong password": WRONG,
    "the sink's token": SINK,
    "the webhook's secret": WEBHOOK,
    "the webhook's address": WEBHOOK_PATH,
    "the storage's key": STORAGE_KEY,
    "the collector's token": COLLECTOR,
    "the instrumentation key": INSTRUMENTATION,
}
CHANGES = {
    "ACI_JOBS_TICK_SECONDS": "0.5",
    "ACI_JOBS_WORKER_VISIBILITY_SECONDS": "4",
    "ACI_JOBS_WORKER_IDLE_SECONDS": "20",
    "ACI_JOBS_WORKER_HEARTBEAT_SECONDS": "0.3",
    "ACI_JOBS_WORKER_RETRY_SECONDS": "0.1",
    "ACI_JOBS_SINK_SECRET": f"Bearer {SINK}",
    "ACI_JOBS_WEBHOOK_SECRET": f"whsec_{WEBHOOK}",
    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:1",
    "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{COLLECTOR}",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": (
        f"InstrumentationKey={INSTRUMENTATION};IngestionEndpoint=http://{HOST}:1/"
    ),
}
CHANNELS = ("local.settings.json", "group.json", LAUNCH, "keys.json")
OPTIONS = {"provisioning_seconds": 0.3, "grace_seconds": 5, "tick_seconds": 0.05}

# A program that prints its own environment, and those of the processes that it comes from.
CURIOUS = """
p=$$
while [ "$p" -gt 1 ]; do
  tr '\\0' '\\n' < /proc/$p/environ >&2
  tr '\\0' ' ' < /proc/$p/cmdline
  p=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$p/status)
  case $(tr '\\0' ' ' < /proc/$p/cmdline) in *container_instances*) break;; esac
done
exit 65
"""


def forms(secret: str) -> dict[str, bytes]:
    """How a secret may be written: as it is, in an address, in JSON, in base64 of a longer text."""
    raw = secret.encode()
    written = {
        "itself": raw,
        "in an address": quote(secret, safe="").encode(),
        "in a path": quote(secret).encode(),
        "in JSON": json.dumps(secret)[1:-1].encode(),
    }
    for shift in range(3):
        encoded = b64encode(b" " * shift + raw)
        written[f"in base64, {shift}"] = encoded[4 if shift else 0 :].rstrip(b"=")[:-1]
    return {form: text for form, text in written.items() if len(text) > 8}


NEEDLES = {
    f"{name}, {form}": text
    for name, secret in SECRETS.items()
    for form, text in forms(secret).items()
}


@dataclass
class Searched:
    """All that was looked at, and where a secret was found."""

    places: dict[str, int] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)

    def look(self, place: str, content: bytes | str) -> None:
        """Search a text."""
        data = content.encode(errors="surrogateescape") if isinstance(content, str) else content
        kind = place.partition(":")[0]
        self.places[kind] = self.places.get(kind, 0) + 1
        for needle, text in NEEDLES.items():
            if text in data:
                at = data.index(text)
                self.found.append(f"{place}: {needle}: …{data[max(0, at - 60) : at + 60]!r}…")


@contextmanager
def command_lines(searched: Searched) -> Iterator[None]:
    """Search the command lines of all processes again and again."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            for process in psutil.process_iter():
                with suppress(psutil.Error):
                    searched.look("command lines", "\0".join(process.cmdline()))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@pytest.fixture(scope="module")
def storage(services_folder: Path) -> Iterator[tuple[str, Path]]:
    """The connection string of an Azurite with a key of its own, and where it keeps its data."""
    service = Azurite(services_folder / "secret-azurite", Toolchain.from_environment())
    process = service.service
    process.environment = {**process.environment, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{STORAGE_KEY}"}
    start_or_skip(service.start)
    yield service.connection_string.replace(ACCOUNT_KEY, STORAGE_KEY), process.folder
    service.stop()


@pytest.fixture(scope="module")
def server(services_folder: Path) -> Iterator[TcpPostgresql]:
    running = TcpPostgresql(services_folder / "secret-postgresql")
    start_or_skip(running.start)
    yield running
    running.stop()


def url(server: TcpPostgresql, password: str, port: int = 0) -> str:
    word = quote(password, safe="")
    return f"postgresql://{USER}:{word}@{HOST}:{port or server.port}/postgres?sslmode=disable"


@dataclass
class Stage:
    """Where the runs are played: the services, and who listens."""

    folder: Path
    storage: str
    sink: Endpoint
    receiver: Endpoint
    searched: Searched

    @contextmanager
    def app(self, postgresql: str) -> Iterator[Ground]:
        """The app with all secrets, on a database."""
        changes = {
            **CHANGES,
            "ACI_JOBS_HTTP_HOSTS": f"{self.sink.host},{self.receiver.host}",
            "ACI_JOBS_WEBHOOK_URL": f"http://{self.receiver.host}/{WEBHOOK_PATH}",
        }
        app = LocalApp(
            self.folder,
            storage=self.storage,
            postgresql=postgresql,
            changes=changes,
            options=OPTIONS,
        )
        start_or_skip(app.start)
        ground = Ground(app, "planted")
        try:
            yield ground
        finally:
            ground.close()
            app.stop()

    def look_at(self, ground: Ground, run: str) -> None:
        """Search what the API, the platform and the command line tell of a run."""
        for operation in OPERATIONS:
            if operation.method == "GET":
                self._call(ground, operation.route, run)
        for letter in ground.client.call("GET", f"/runs/{run}/dead-letters")["dead_letters"]:
            content = ground.client.send("GET", f"/runs/{run}/dead-letters/{letter['place']}")
            self.searched.look("dead letters", content.content)
        for words in (["list"], ["status", run], ["dead", run], ["logs", run], ["doctor", run]):
            for form in ([], ["--json"]):
                told = called(
                    *words, *form, ACI_JOBS_URL=ground.app.url, ACI_JOBS_KEY=ground.app.key
                )
                self.searched.look("command line", told.output)

    def look_at_platform(self, ground: Ground) -> None:
        """Search what Azure shows of the container groups, one by one and all."""
        settings = ground.settings
        base = (
            f"{ground.app.arm_url}/subscriptions/{settings.subscription_id}/resourceGroups/"
            f"{settings.resource_group}/providers/Microsoft.ContainerInstance/containerGroups"
        )
        asked: Any = {
            "params": {"api-version": "2023-05-01"},
            "headers": {"Authorization": "Bearer x"},
        }
        listed = request("GET", base, **asked)
        self.searched.look("platform", listed.content)
        for group in listed.json()["value"]:
            name = group["name"]
            for path in (name, f"{name}/containers/worker/logs"):
                shown = request("GET", f"{base}/{path}", **asked)
                self.searched.look("platform", shown.content)

    def _call(self, ground: Ground, route: str, run: str) -> None:
        parts = {"run": run, "stage": "ingest", "unit": "0", "worker": f"{run}-0001-1"}
        path = route.format_map({**dict.fromkeys(PARTS, "x"), **parts})
        with suppress(RefusedError):
            self.searched.look("API", ground.client.send("GET", f"/{path}").content)


@pytest.fixture(scope="module")
def stage(services_folder: Path, storage: tuple[str, Path]) -> Iterator[Stage]:
    with endpoint() as sink, endpoint() as receiver:
        folder = services_folder / "secret-app"
        yield Stage(folder, storage[0], sink, receiver, Searched())


def ingest(container: str, **sink: Any) -> dict[str, Any]:
    return {
        "kind": "ingest",
        "source": {"container": container},
        "sink": sink,
        "instances": {"count": 1, "cpu": 0.5, "memory_gb": 1},
        "limits": {"attempts": 2},
    }


def played(stage: Stage, ground: Ground, wanted: dict[str, Any], *, seconds: float = 0) -> str:
    """Play a run to its end, or for so long, and look at it on the way and afterwards."""
    run = ground.client.start(wanted)
    ended = time.monotonic() + (seconds or 120)

    def over() -> bool:
        stage.look_at_platform(ground)
        return ground.client.show(run)["state"] in FINAL or time.monotonic() > ended

    until(over, 180)
    stage.look_at(ground, run)
    if ground.client.show(run)["state"] not in FINAL:
        ground.client.call("POST", f"/runs/{run}/cancel", {})
        until(lambda: ground.client.show(run)["state"] in FINAL)
        stage.look_at(ground, run)
    return str(ground.client.show(run)["state"])


def echoes() -> list[Answer]:
    """Answers that repeat what they were sent, in every way."""
    bearer = f"Bearer {SINK}"
    said = f"who is Authorization: {bearer} or {quote(bearer)} or {b64encode(bearer.encode())!r}?"
    return [
        Answer(500, said),
        Answer(503, said, {"Retry-After": "1"}),
        Answer(302, "", {"Location": f"http://127.0.0.1/{quote(SINK, safe='')}?{said[:40]}"}),
        Answer(401, said),
    ]


def test_no_secret_is_written_anywhere(
    stage: Stage, storage: tuple[str, Path], server: TcpPostgresql
) -> None:
    searched = stage.searched
    (closed,) = free_ports(1)
    malformed = f"postgresql://{USER}:{quote(WRONG, safe='')}@{HOST}:port/postgres"
    states = {}
    with command_lines(searched):
        with stage.app(url(server, PASSWORD)) as ground:
            states["good"] = played(stage, ground, ground.pipeline(6))
            ground.store("rows", "a.ndjson", b'{"type":"a","id":1}\n')
            ground.store("rows", "b.ndjson", b'{"type":"a","id":2}\n{')
            ground.store("rows", "c.ndjson", b'{"type":"a","id":3}\n')
            stage.sink.script = echoes()
            wanted = ingest("rows", kind="http", url=stage.sink.url)
            states["echoing sink"] = played(stage, ground, wanted)
            command = {"program": ["sh", "-c", CURIOUS], "connection_string": True}
            wanted = {"kind": "command", "command": command, "payloads": [{"n": 1}]}
            states["curious program"] = played(
                stage, ground, {**wanted, "instances": {"count": 1, "cpu": 0.5, "memory_gb": 1}}
            )
        for name, database in {
            "wrong password": url(server, WRONG),
            "refused connection": url(server, PASSWORD, closed),
            "no URL": malformed,
        }.items():
            with stage.app(database) as ground:
                wanted = ingest("rows", kind="postgresql", schema="planted")
                states[name] = played(stage, ground, wanted, seconds=10)
    assert states["good"] == "Succeeded"
    assert states["echoing sink"] == states["curious program"] == "CompletedWithFailures"
    look_at_storage(searched, *storage)
    look_at_files(searched, stage.folder)
    look_at_listeners(searched, stage)
    assert searched.found == []
    expected = {"API", "blobs", "queues", "files", "platform", "dead letters", "webhooks"}
    assert {*expected, "command line", "command lines", "histories"} == searched.places.keys()


def look_at_storage(searched: Searched, connection: str, folder: Path) -> None:
    """Search every blob and message, and the bytes that Azurite itself keeps."""
    with BlobServiceClient.from_connection_string(connection) as blobs:
        for container in blobs.list_containers(include_metadata=True):
            client = blobs.get_container_client(container.name)
            for blob in client.list_blobs(include=["metadata"]):
                content = client.download_blob(blob.name).readall()
                searched.look(f"blobs:{blob.name}", f"{blob.name} {blob.metadata}")
                searched.look(f"blobs:{blob.name}", content)
    with QueueServiceClient.from_connection_string(connection) as queues:
        for queue in queues.list_queues(include_metadata=True):
            searched.look(f"queues:{queue.name}", f"{queue.name} {queue.metadata}")
            for message in queues.get_queue_client(queue.name).peek_messages(max_messages=32):
                searched.look(f"queues:{queue.name}", str(message.content))
    for path in filter(Path.is_file, folder.rglob("*")):
        searched.look(f"files:{path}", path.read_bytes())


def look_at_files(searched: Searched, folder: Path) -> None:
    """Search all that the hosts keep and print; what hands secrets on is its owner's alone."""
    for path in filter(Path.is_file, folder.rglob("*")):
        if path.name in CHANNELS:
            assert path.stat().st_mode & 0o077 == 0, path
        elif "worker_image" not in path.parts:
            searched.look(f"files:{path}", path.read_bytes())
    store = Store(folder / "functions" / "durable.sqlite3")
    try:
        for instance in store.instances(Query(top=-1)):
            searched.look("histories", repr(instance))
            for execution in store.executions(instance.instance_id):
                searched.look("histories", repr(execution))
    finally:
        store.close()


def look_at_listeners(searched: Searched, stage: Stage) -> None:
    """Search what the webhook is sent, beside its signature; a sink is sent its own secret."""
    for asked in stage.receiver.asked:
        headers = {name: value for name, value in asked.headers.items() if name != "host"}
        searched.look("webhooks", asked.body)
        searched.look("webhooks", repr(headers))
    for asked in stage.sink.asked:
        others = {name: text for name, text in asked.headers.items() if name != "Authorization"}
        searched.look("webhooks", asked.body + repr(others).encode())
    assert {asked.headers["Authorization"] for asked in stage.sink.asked} == {f"Bearer {SINK}"}


@table("form", {form: form for form in forms("planted/secret?")})
def test_a_secret_that_is_written_would_be_found(form: str) -> None:
    searched = Searched()
    text = forms(SINK)[form]
    searched.look("a place", b"before " + text + b" after")
    assert [found for found in searched.found if f"the sink's token, {form}:" in found]
