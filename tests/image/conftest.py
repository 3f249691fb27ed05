from collections.abc import Iterator
from pathlib import Path

import pytest
from support.images import Worker, built
from support.runs import Ground, ground_on
from support.services import start_or_skip
from support.worker import Bench

from local_host import images
from local_host.container_instances.engines import open_engine
from local_host.container_instances.options import Images
from local_host.services.postgresql import Postgresql
from local_host.system import LocalApp, engine_options

CHANGES = {
    "ACI_JOBS_TICK_SECONDS": "0.5",
    "ACI_JOBS_WORKER_IDLE_SECONDS": "20",
    "ACI_JOBS_WORKER_HEARTBEAT_SECONDS": "0.3",
}
OPTIONS = {"provisioning_seconds": 0.5, "grace_seconds": 5, "tick_seconds": 0.05}


@pytest.fixture(scope="session")
def worker(services_folder: Path) -> Iterator[Worker]:
    """The image as the engine buildah starts it."""
    built()
    engine = open_engine("buildah", Images(), images.STORAGE, services_folder)
    yield Worker(engine)
    engine.close()


@pytest.fixture(scope="session")
def postgresql_server(services_folder: Path) -> Iterator[Postgresql]:
    """One that containers reach."""
    server = Postgresql.from_environment(
        services_folder / "postgresql", durable=False, over_tcp=True
    )
    start_or_skip(server.start)
    yield server
    server.stop()


@pytest.fixture
def bench(azurite: str) -> Iterator[Bench]:
    """The storage of a new run."""
    bench = Bench.on(azurite)
    yield bench
    bench.close()


@pytest.fixture(scope="session")
def app(azurite: str, postgresql: str, services_folder: Path) -> Iterator[LocalApp]:
    """The app, whose container groups are started from images."""
    built()
    running = LocalApp(
        services_folder / "app",
        storage=azurite,
        postgresql=postgresql,
        changes=CHANGES,
        options={**OPTIONS, **engine_options("buildah")},
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def ground(app: LocalApp, postgresql: str) -> Iterator[Ground]:
    with ground_on(app, postgresql) as ground:
        yield ground
