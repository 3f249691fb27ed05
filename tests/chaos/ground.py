"""The system of one episode: real services, and a network between them that can be broken."""

import glob
import json
import os
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient
from support.runs import Ground, until
from support.tcp_postgresql import PASSWORD, TcpPostgresql

from command_line.client import Client
from local_host.loopback import request
from local_host.services.azurite import ACCOUNT_KEY, Azurite
from local_host.services.ports import HOST
from local_host.services.process import Service
from local_host.services.toolchain import Toolchain
from local_host.system import LocalApp

from .network import Network, Weather
from .scenario import LINKS

CHANGES = {
    "ACI_JOBS_TICK_SECONDS": "0.5",
    "ACI_JOBS_WORKER_VISIBILITY_SECONDS": "4",
    "ACI_JOBS_WORKER_IDLE_SECONDS": "10",
    "ACI_JOBS_WORKER_HEARTBEAT_SECONDS": "0.5",
    "ACI_JOBS_WORKER_RETRY_SECONDS": "0.2",
    "ACI_JOBS_SEED_PAGE": "10",
    "ACI_JOBS_SEED_WINDOW": "30",
}
OPTIONS = {"provisioning_seconds": 0.5, "grace_seconds": 3, "tick_seconds": 0.05}
ANSWER_SECONDS = 10.0
CLOCK = ".faketimerc"  # in the home of a worker: libfaketime reads it again every second
_FAKETIME = "/usr/lib/*/faketime/libfaketime.so.1"
_SITE = Path(__file__).parent / "worker_site"
_BOOKS = ("blob", "queue")


class EpisodeGround:
    """All that an episode stands on, in a new folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True)
        self.azurite = Azurite(self.folder / "azurite", Toolchain.from_environment())
        self.postgresql = TcpPostgresql(self.folder / "postgresql", durable=True)
        self.network = Network({name: port for name, port in self._ports() if name in LINKS})
        self.app = self._app(
            storage=self._through(self.azurite.connection_string),
            postgresql=self.postgresql.url_of(port=str(self._port("database"))),
            changes={**CHANGES, "ACI_JOBS_ARM_ENDPOINT": f"http://{HOST}:{self._port('arm')}"},
            options=OPTIONS,
            worker_environment=worker_environment(self.temporary, self.folder / "app" / "image"),
        )
        self.services: dict[str, tuple[Service, Callable[[], None]]] = {
            "functions": (self.app.functions, self.app.functions.start),
            "arm": (self.app.container_instances, self.app.container_instances.start),
            "azurite": (self.azurite.service, self.azurite.start),
            "postgresql": (self.postgresql.service, self.postgresql.start),
        }

    @property
    def temporary(self) -> Path:
        """Where workers, and what they start, put temporary files."""
        return self.folder / "temporary"

    def start(self) -> None:
        """Return when all of it answers."""
        self.temporary.mkdir()
        self.azurite.start()
        self.postgresql.start()
        self.app.start()

    def stop(self) -> None:
        """Stop all of it, data kept. Idempotent."""
        self.app.stop()
        self.postgresql.stop()
        self.azurite.stop()
        self.network.close()

    def heal(self) -> list[dict[str, Any]]:
        """End what may still be to come: faults that the stand-in has not spent; these."""
        unspent: list[dict[str, Any]] = self.ask_stand_in("GET", "faults")
        self.ask_stand_in("DELETE", "faults")
        return unspent

    def pid(self, service: str) -> int | None:
        """The process of a service; None while it is down."""
        return self.services[service][0].pid

    @property
    def client(self) -> Client:
        """A caller of the API who has little patience."""
        return Client(self.app.url, self.app.key, ANSWER_SECONDS)

    def view(self, schema: str) -> Ground:
        """The app and its services as a test looks at them."""
        return Ground(self.app, schema)

    def secrets(self) -> list[str]:
        """What nothing that people see may hold."""
        keys = json.loads((self.app.folder / "functions" / "keys.json").read_text())
        return [ACCOUNT_KEY, PASSWORD, *keys.values()]

    def ask_stand_in(self, method: str, path: str, **options: Any) -> Any:
        """Call the admin path of the stand-in for ACI, past the network.

        Raises:
            httpx.HTTPError: it does not answer, or refuses.
        """
        answer = request(method, f"{self.app.arm_url}/admin/{path}", **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def cut_storage_off(self) -> None:
        """Nobody reaches Azurite; return when all that it has acknowledged is on its disk.

        It writes its books every five seconds. Azure Storage forgets nothing that it has
        acknowledged, so a kill that made Azurite forget would show what cannot happen.
        """
        for link in _BOOKS:
            self.network.turn(link, Weather.CUT)
        mark = f"mark-{uuid.uuid4()}"
        direct = self.azurite.connection_string
        with (
            BlobServiceClient.from_connection_string(direct) as blobs,
            QueueServiceClient.from_connection_string(direct) as queues,
        ):
            blobs.create_container(mark).upload_blob(mark, mark)
            queues.create_queue(mark).send_message(mark)
        data = self.folder / "azurite" / "data"
        files = [data / f"__azurite_db_{book}__.json" for book in _BOOKS]
        extents = [data / f"__azurite_db_{book}_extent__.json" for book in _BOOKS]
        marked = {file: file.stat().st_mtime for file in extents if file.exists()}
        until(lambda: all(file.exists() and mark in file.read_text() for file in files))
        until(lambda: all(f.exists() and f.stat().st_mtime > marked.get(f, 0) for f in extents))

    def let_storage_on(self) -> None:
        """Azurite is reached again."""
        for link in _BOOKS:
            self.network.turn(link, Weather.FAIR)

    def _ports(self) -> Iterator[tuple[str, int]]:
        found = re.findall(r"(\w+)Endpoint=http://[^:]+:(\d+)", self.azurite.connection_string)
        yield from ((name.lower(), int(port)) for name, port in found)
        yield "database", self.postgresql.port
        yield "arm", int(self._app(storage="", postgresql="").arm_url.rpartition(":")[2])

    def _port(self, link: str) -> int:
        return self.network.links[link].port

    def _through(self, connection_string: str) -> str:
        """A connection string of Azurite that leads through the network."""
        for link in _BOOKS:
            service = self.network.links[link].service
            connection_string = connection_string.replace(
                f"//{HOST}:{service}/", f"//{HOST}:{self._port(link)}/"
            )
        return connection_string

    def _app(self, **members: Any) -> LocalApp:
        return LocalApp(self.folder / "app", **members)


def faketime() -> str:
    """The library that shows a process another time; empty where it is not installed."""
    return next(iter(sorted(glob.glob(_FAKETIME))), "")  # noqa: PTH207 - absolute


def worker_environment(temporary: Path, image: Path) -> dict[str, str]:
    """What workers get beside their image's own: a place for files, and a clock to be shifted."""
    clock = {
        "LD_PRELOAD": faketime(),
        "PYTHONPATH": os.pathsep.join([str(image), str(_SITE)]),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }
    return {"TMPDIR": str(temporary), **(clock if faketime() else {})}
