"""An app of its own, on storage that holds runs of many kinds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from azure.storage.blob import BlobServiceClient
from support.history import History

from local_host.system import LocalApp
from orchestration.services import Records

UNITS, DEAD = 12, 4
MINUTES = count(1)


@pytest.fixture(scope="package")
def app(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """An app whose container groups never start: runs that are drawn do no work."""
    running = LocalApp(
        tmp_path_factory.mktemp("app"),
        storage=azurite,
        postgresql="",
        changes={"ACI_JOBS_TICK_SECONDS": "60"},
        options={"provisioning_seconds": 3_600},
    )
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def run(azurite: str) -> str:
    """A run that has everything that a run can have, for one file of tests."""
    history = History(Records(BlobServiceClient.from_connection_string(azurite)), datetime.now(UTC))
    run = history.ended(next(MINUTES), UNITS, DEAD).run
    history.bury(run, DEAD)
    history.complete(run, range(DEAD, UNITS))
    history.work(run, UNITS)
    return run
