"""The system on one machine: the app in its host, the stand-in for ACI, Azurite, PostgreSQL."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from local_host.container_instances.options import EngineName
from local_host.images import DOCX_IMAGE, IMAGE, STORAGE
from local_host.loopback import request
from local_host.services.azurite import Azurite
from local_host.services.ports import HOST, kept_ports
from local_host.services.postgresql import Postgresql
from local_host.services.process import Service, base_environment
from local_host.services.toolchain import Toolchain

CHECKOUT = Path(__file__).parents[1]
STATE = CHECKOUT / ".local" / "state"
EXAMPLE_SETTINGS = CHECKOUT / "local.settings.json.example"
_ANSWER_SECONDS = 2.0


class LocalApp:
    """The function app and its container groups, on a storage account and a database.

    Two detached processes that survive their starter. `changes` replace settings of the example
    file, `options` those of the stand-in; `worker_environment` is added to that of the image.
    """

    def __init__(
        self,
        folder: Path,
        *,
        storage: str,
        postgresql: str,
        changes: Mapping[str, str] | None = None,
        options: Mapping[str, object] | None = None,
        worker_environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._worker_environment = worker_environment or {}
        self._changes = {
            "ACI_JOBS_STORAGE_CONNECTION_STRING": storage,
            "ACI_JOBS_POSTGRESQL_URL": postgresql,
            **(changes or {}),
        }
        self._ports = kept_ports(self.folder / "ports.json", ("functions", "container_instances"))
        self.container_instances = self._container_instances(options or {})
        self.functions = self._functions()

    @property
    def url(self) -> str:
        """Where the function app answers."""
        return f"http://{HOST}:{self._ports['functions']}"

    @property
    def arm_url(self) -> str:
        """Where the stand-in answers."""
        return f"http://{HOST}:{self._ports['container_instances']}"

    @property
    def key(self) -> str:
        """The function key; there once the host has started."""
        keys: dict[str, str] = json.loads((self.folder / "functions" / "keys.json").read_text())
        return keys["function"]

    def settings(self) -> dict[str, str]:
        """The app's settings: the example's, on this machine's addresses."""
        values: dict[str, str] = json.loads(EXAMPLE_SETTINGS.read_text())["Values"]
        own = {
            "ACI_JOBS_ARM_ENDPOINT": self.arm_url,
            "ACI_JOBS_WORKER_IMAGE": IMAGE,
            "ACI_JOBS_PUBLIC_URL": self.url,
        }
        return {**values, **own, **self._changes}

    def functions_of(self, code: Path) -> Service:
        """The host of another version of the app, for the place of `functions`."""
        return self._functions(code)

    def start(self) -> None:
        """Return when both answer; what runs already is left as it is. Idempotent."""
        self._write_settings()
        self._write_image()
        self.container_instances.start()
        self.functions.start()

    def stop(self) -> bool:
        """Stop the app, then every container and the stand-in; whether any ran. Idempotent."""
        ran = [self.functions.stop(), self.container_instances.stop()]
        return any(ran)

    def _functions(self, code: Path = CHECKOUT) -> Service:
        command = (
            *(sys.executable, "-m", "local_host.functions"),
            *("--app", str(code), "--state", str(self.folder / "functions")),
            *("--port", str(self._ports["functions"])),
            *("--settings", str(self._settings_file)),
        )
        status = f"{self.url}/admin/host/status"
        return Service(
            "functions", command, self.folder, lambda: _answers(status), _environment(), grace=15
        )

    def _container_instances(self, options: Mapping[str, object]) -> Service:
        named = [
            word for name, value in options.items() for word in ("--option", f"{name}={value}")
        ]
        command = (
            *(sys.executable, "-m", "local_host.container_instances"),
            *("--state", str(self.folder / "container_instances")),
            *("--port", str(self._ports["container_instances"])),
            *("--images", str(self._images_file)),
            *named,
        )
        health = f"{self.arm_url}/admin/health"
        return Service(
            *("container_instances", command, self.folder),
            lambda: _answers(health),
            _environment(),
            grace=30,
        )

    @property
    def _settings_file(self) -> Path:
        return self.folder / "local.settings.json"

    @property
    def _images_file(self) -> Path:
        return self.folder / "images.json"

    def _write_settings(self) -> None:
        self._settings_file.touch(mode=0o600)
        content = {"IsEncrypted": False, "Values": self.settings()}
        self._settings_file.write_text(json.dumps(content))

    def _write_image(self) -> None:
        """Lay out what the worker image holds: its package alone, and nothing of this checkout.

        The image of an example is the same with the example's folder to work in. All of it is for
        the engine `process`; the others have real images.
        """
        root = self.folder / "image"
        root.mkdir(exist_ok=True)
        package = root / "worker_image"
        if not package.is_symlink():
            package.symlink_to(CHECKOUT / "worker_image")
        image: dict[str, Any] = {
            "command": [sys.executable, "-m", "worker_image"],
            "root": str(root),
            # A container has the cores that it asks for; a process would take all it sees.
            "environment": {
                "OPENBLAS_NUM_THREADS": "1",
                "PYTHONSAFEPATH": "1",
                **self._worker_environment,
            },
        }
        docx = {**image, "workdir": str(CHECKOUT / "examples" / "docx")}
        self._images_file.write_text(json.dumps({"images": {IMAGE: image, DOCX_IMAGE: docx}}))


class System:
    """Everything on one machine, its state in one folder: stop and start, and a run goes on.

    `engine` is what container groups are started by.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] = os.environ,
        *,
        engine: EngineName = "process",
    ) -> None:
        self.azurite = Azurite(folder / "azurite", Toolchain.from_environment(environment))
        self.postgresql = Postgresql.from_environment(
            folder / "postgresql", over_tcp=engine != "process", environment=environment
        )
        self.app = LocalApp(
            folder,
            storage=self.azurite.connection_string,
            postgresql=self.postgresql.url,
            options=engine_options(engine),
        )

    @property
    def parts(self) -> dict[str, Azurite | Postgresql | LocalApp]:
        """What it is made of, by what people call it, in the order of its start."""
        return {
            "Azurite": self.azurite,
            "PostgreSQL": self.postgresql,
            "the app and its container groups": self.app,
        }

    def start(self) -> None:
        """Return when all of it answers. Idempotent."""
        for part in self.parts.values():
            part.start()

    def stop(self) -> list[str]:
        """Stop all of it, data kept; the parts that ran. Idempotent."""
        return [name for name, part in reversed(self.parts.items()) if part.stop()]


def engine_options(engine: EngineName) -> dict[str, object]:
    """Those of a stand-in that starts groups by an engine: buildah finds what is built here."""
    return {"engine": engine, **({"storage": STORAGE} if engine == "buildah" else {})}


def _environment() -> dict[str, str]:
    return {**base_environment(), "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"}


def _answers(url: str) -> bool:
    try:
        return request("GET", url, timeout=_ANSWER_SECONDS).is_success
    except httpx.TransportError:
        return False
