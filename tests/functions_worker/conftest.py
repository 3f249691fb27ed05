"""One process of the worker library for each Durable SDK, with the app's deployment package."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.functions_worker import FunctionsWorker, environment, functions_worker, unpacked

from local_host.functions.durable.client_binding import client_binding
from local_host.system import LocalApp

SDKS = ("1", "2")
HUB = "AciJobs"


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deployment package, unpacked."""
    return unpacked(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def app(azurite: str, services_folder: Path) -> Iterator[LocalApp]:
    """The app in the local host, whose storage and container groups the library's app shares."""
    nowhere = "postgresql://postgres@127.0.0.1:1/postgres"
    running = LocalApp(services_folder / "app", storage=azurite, postgresql=nowhere)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session", params=SDKS, ids=[f"durable {sdk}.x" for sdk in SDKS])
def sdk(request: pytest.FixtureRequest) -> str:
    """The major version of the Durable SDK."""
    version: str = request.param
    return version


@pytest.fixture(scope="session")
def worker(
    sdk: str, package: Path, app: LocalApp, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FunctionsWorker]:
    """The app under the library."""
    log = tmp_path_factory.mktemp("worker") / "log"
    with functions_worker(sdk, package, app.settings(), log) as running:
        yield running


@pytest.fixture(scope="session")
def client(sdk: str, app: LocalApp) -> Iterator[str]:
    """The binding of the Durable client: version 1 asks the local host, 2 a backend of its own."""
    if sdk == "1":
        keys = json.loads((app.folder / "functions" / "keys.json").read_text())
        yield client_binding(app.url, HUB, keys["system"])
        return
    program = Path(__file__).parent / "backend.py"
    with subprocess.Popen(
        [environment(sdk), "-I", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as backend:
        assert backend.stdin
        assert backend.stdout
        port = int(backend.stdout.readline())
        yield json.dumps({"taskHubName": HUB, "rpcBaseUrl": f"http://127.0.0.1:{port}"})
        backend.stdin.close()
        backend.wait(30)
