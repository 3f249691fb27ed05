"""The commonest causes, injected one by one: the doctor names each, and the next step.

By the API, and by the command as a process of its own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from support.runs import Ground, ended, until

from local_host.loopback import request
from local_host.services.postgresql import LocalPostgresql, Postgresql
from local_host.system import CHECKOUT

pytestmark = pytest.mark.long

Finding = dict[str, Any]
SMALL = {"count": 1, "cpu": 0.5, "memory_gb": 1, "concurrency": 1}


@pytest.fixture
def faults(ground: Ground) -> Iterator[str]:
    """Where faults of the management API are asked for; none is left behind."""
    url = f"{ground.app.arm_url}/admin/faults"
    yield url
    request("DELETE", url)


def command(program: list[str], payloads: list[int]) -> dict[str, Any]:
    return {
        "kind": "command",
        "command": {"program": program},
        "payloads": payloads,
        "instances": SMALL,
    }


@pytest.fixture
def landing(ground: Ground) -> str:
    """A container with a document to load."""
    container = f"doctor-{ground.schema.replace('_', '-')}"
    ground.store(container, "in/city/1.csv", b"id\n1\n")
    return container


def diagnosed(ground: Ground, run: str, code: str, severity: str = "error") -> Finding:
    """The finding of a code once the doctor tells it by the API; the command tells the same."""

    def found() -> list[Finding]:
        findings = ground.client.call("GET", f"/runs/{run}/doctor")["findings"]
        return [finding for finding in findings if finding["code"] == code]

    until(found)
    printed = doctor(ground, run)
    (finding,) = found()
    assert finding["run"] == run
    assert finding["severity"] == severity
    assert printed.returncode == (1 if severity == "error" else 0)
    for words in (code, finding["what"].split(";")[0], finding["next"], *finding["commands"]):
        assert words in printed.stdout
    return finding


def doctor(ground: Ground, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as somebody at a terminal has it."""
    return subprocess.run(
        [sys.executable, "-m", "command_line", "doctor", *words],
        cwd=CHECKOUT,
        env={**os.environ, "ACI_JOBS_URL": ground.app.url, "ACI_JOBS_KEY": ground.app.key},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def cancelled(ground: Ground, run: str) -> None:
    ground.client.call("POST", f"/runs/{run}/cancel")
    ground.wait(run, ended)


def test_a_region_without_capacity(ground: Ground, faults: str) -> None:
    request("POST", faults, json={"kind": "no_capacity", "count": None})
    run = ground.client.start(command(["true"], [1]))
    finding = diagnosed(ground, run, "no_capacity")
    assert "InsufficientCapacity" in finding["why"]
    assert "instances.regions" in finding["next"]
    assert f"/locations/{ground.settings.location}/usages" in finding["commands"][0]
    everything = ground.client.call("GET", "/doctor")["findings"]
    assert ("no_capacity", run) in [(item["code"], item["run"]) for item in everything]
    cancelled(ground, run)


def test_an_image_that_cannot_be_pulled(ground: Ground, faults: str) -> None:
    request("POST", faults, json={"kind": "bad_image", "count": None})
    run = ground.client.start(command(["true"], [1]))
    finding = diagnosed(ground, run, "image")
    assert "pull" in finding["why"]
    assert "AcrPull" in finding["next"]
    assert f"aci-jobs redrive {run}" in finding["commands"]
    cancelled(ground, run)


def test_an_app_that_is_not_authorized(ground: Ground, faults: str) -> None:
    client = "11111111-2222-3333-4444-555555555555"
    refusal = {
        "status": 403,
        "code": "AuthorizationFailed",
        "message": f"The client 'app' with object id '{client}' does not have authorization.",
    }
    request("POST", faults, json={"kind": "refuse", "count": None, **refusal})
    run = ground.client.start(command(["true"], [1]))
    assert ground.wait(run, ended)["state"] == "Failed"
    finding = diagnosed(ground, run, "authorization")
    assert finding["what"].startswith("the run has failed: ")
    assert refusal["message"] in finding["why"]
    assert client in finding["commands"][0]
    assert finding["commands"][-1] == f"aci-jobs redrive {run}"


def test_a_management_api_that_refuses_every_look(ground: Ground, faults: str) -> None:
    refusal = {"status": 403, "code": "AuthorizationFailed", "message": "no role at all"}
    request("POST", faults, json={"kind": "refuse", "operation": "*", "count": None, **refusal})
    printed = doctor(ground, "--json")
    assert printed.returncode == 1
    findings = json.loads(printed.stdout)["findings"]
    (finding,) = [item for item in findings if item["code"] == "authorization"]
    assert (finding["run"], finding["severity"]) == (None, "error")
    assert "no role at all" in finding["why"]


def test_a_database_that_is_away(
    ground: Ground, landing: str, postgresql_server: Postgresql
) -> None:
    if not isinstance(postgresql_server, LocalPostgresql):
        pytest.skip("the server is somebody else's")
    source, sink = {"container": landing, "prefix": "in/"}, {"schema": ground.schema}
    wanted = {"kind": "ingest", "source": source, "sink": sink, "instances": SMALL}
    postgresql_server.stop()
    try:
        run = ground.client.start(wanted)
        finding = diagnosed(ground, run, "target", severity="warning")
        cancelled(ground, run)
    finally:
        postgresql_server.start()
    assert "connection" in finding["why"]
    assert "is up" in finding["next"]


def test_a_unit_that_every_worker_dies_on(ground: Ground) -> None:
    """Its program takes the memory of all, as it were: the worker is killed with it."""
    worker = "$(sed -n 's/^PPid:.//p' /proc/$PPID/status)"
    program = f'read -r unit; test "$unit" = 13 || exit 0; sleep 1; kill -9 {worker}'
    run = ground.client.start(command(["sh", "-c", program], [11, 12, 13]))
    finding = diagnosed(ground, run, "unit_kills")
    assert "unit 2 of command" in finding["what"]
    assert "137" in finding["why"]
    assert f"aci-jobs replay {run} 2" in finding["commands"]
    cancelled(ground, run)


def test_nothing_is_stuck_once_all_is_done(ground: Ground) -> None:
    run = ground.client.start(command(["true"], [1]))
    assert ground.finish(run)["state"] == "Succeeded"
    printed = doctor(ground, run)
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.startswith("Nothing is stuck.")
    assert run in printed.stdout
