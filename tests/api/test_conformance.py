"""The API against its own document: no server error, no answer outside the schema.

A few calls of each operation are drawn, or thousands with `API_THOROUGH` (`make test-api`).
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient
from support.history import History, worker

from local_host.system import LocalApp
from orchestration.services import Records

THOROUGH = bool(os.environ.get("API_THOROUGH"))
PHASES = "examples,coverage,fuzzing,stateful" if THOROUGH else "examples,fuzzing,stateful"
EXAMPLES, LEAST = (20, 2_000) if THOROUGH else (2, 50)
UNITS, DEAD = 12, 4
# A run is drawn from values that each are sound and do not go together: that is refused, rightly.
LEFT_OUT = "positive_data_acceptance,unsupported_method"


@pytest.fixture(scope="module")
def app(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """An app whose container groups never start: runs that are drawn do no work."""
    running = LocalApp(
        tmp_path_factory.mktemp("app"),
        storage=azurite,
        postgresql="",
        changes={"ACI_JOBS_TICK_SECONDS": "60"},
        options={"provisioning_seconds": 3_600},
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def run(azurite: str) -> str:
    """A run that has everything that a run can have."""
    history = History(Records(BlobServiceClient.from_connection_string(azurite)), datetime.now(UTC))
    run = history.ended(1, UNITS, DEAD).run
    history.bury(run, DEAD)
    history.complete(run, range(DEAD, UNITS))
    history.work(run, UNITS)
    return run


@pytest.mark.timeout(1_200)
def test_no_call_is_answered_by_an_error_or_outside_the_schema(
    app: LocalApp, run: str, tmp_path: Path
) -> None:
    (tmp_path / "schemathesis.toml").write_text(
        f"""
        [parameters]
        run = "{run}"
        stage = "generate"
        unit = "{DEAD}"
        worker = "{worker(run, 1)}"
        """
    )
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{app.url}/api/openapi.json"),
        *("--header", f"x-functions-key:{app.key}", "--max-examples", str(EXAMPLES)),
        *("--phases", PHASES),
        *("--checks", "all", "--exclude-checks", LEFT_OUT, "--workers", "2"),
        *("--continue-on-failure", "--suppress-health-check", "all", "--seed", "7"),
    ]
    told = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=1_200
    )
    print(told.stdout)
    assert told.returncode == 0, told.stdout[-20_000:]
    generated = re.search(r"([\d,]+) generated", told.stdout)
    assert generated, told.stdout
    assert int(generated[1].replace(",", "")) >= LEAST
