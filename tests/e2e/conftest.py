"""One app for all end-to-end tests: they start and kill parts of it, never each other's runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.runs import Ground, ground_on
from support.webhooks import SECRET

from local_host.services.ports import HOST, free_ports
from local_host.system import LocalApp

CHANGES = {
    "ACI_JOBS_TICK_SECONDS": "0.5",
    "ACI_JOBS_WORKER_VISIBILITY_SECONDS": "4",
    "ACI_JOBS_WORKER_IDLE_SECONDS": "20",
    "ACI_JOBS_WORKER_HEARTBEAT_SECONDS": "0.3",
    "ACI_JOBS_WORKER_RETRY_SECONDS": "0.1",
    "ACI_JOBS_SEED_PAGE": "25",
    "ACI_JOBS_SEED_WINDOW": "50",
    "ACI_JOBS_BODY_LIMIT": "100000",
}
OPTIONS = {"provisioning_seconds": 0.5, "grace_seconds": 5, "tick_seconds": 0.05}


@pytest.fixture(scope="session")
def http_port() -> int:
    """A port on which the app allows a sink over HTTP."""
    return free_ports(1)[0]


@pytest.fixture(scope="session")
def webhook_port() -> int:
    """A port on which the app tells of runs, whether anybody listens or not."""
    return free_ports(1)[0]


@pytest.fixture(scope="session")
def app(
    azurite: str, postgresql: str, services_folder: Path, http_port: int, webhook_port: int
) -> Iterator[LocalApp]:
    hosts = [f"{HOST}:{port}" for port in (http_port, webhook_port)]
    running = LocalApp(
        services_folder / "app",
        storage=azurite,
        postgresql=postgresql,
        changes={
            **CHANGES,
            "ACI_JOBS_HTTP_HOSTS": ",".join(hosts),
            "ACI_JOBS_WEBHOOK_URL": f"http://{hosts[1]}/runs",
            "ACI_JOBS_WEBHOOK_SECRET": SECRET,
        },
        options=OPTIONS,
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def ground(app: LocalApp, postgresql: str) -> Iterator[Ground]:
    with ground_on(app, postgresql) as ground:
        yield ground
