"""Functions of each kind, invoked through the worker library as the host does."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient
from support.functions_worker import FunctionsWorker, InvocationError, http
from support.runs import DATASET, Ground, until
from support.tables import table

from local_host.system import LocalApp
from orchestration.model import Look, Outcome, Prepare, RunRecord, RunRequest
from orchestration.rounds import PREFIX
from orchestration.services import Records
from orchestration.starting import new_run
from worker_image.contract import naming

pytestmark = pytest.mark.deployed

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(worker: FunctionsWorker, client: str) -> Ask:
    """Call an operation: the status, and the JSON that came."""

    def call(name: str, method: str, path: str, body: Any = None, **route: str) -> tuple[int, Any]:
        request = http(method, path, body, route)
        answer = worker.call(name, req=request, client=("string", client))
        return int(answer["status_code"]), json.loads(answer["body"])

    return call


@pytest.fixture
def ground(app: LocalApp) -> Any:
    ground = Ground(app, "deployed")
    yield ground
    ground.close()


def test_health(ask: Ask) -> None:
    assert ask("show_health", "GET", "health") == (200, {"status": "ok"})


def test_the_api_describes_itself(ask: Ask) -> None:
    status, document = ask("show_openapi", "GET", "openapi.json")
    assert status == 200
    assert set(document["paths"]) >= {"/health", "/runs", "/runs/{run}", "/plan"}


def test_a_plan_makes_units_in_a_process_of_its_own(ask: Ask) -> None:
    """The process finds the app's packages where the worker has put them on the path."""
    request = {"kind": "generate", "dataset": DATASET, "units": 3}
    status, plan = ask("plan_run", "POST", "plan", request)
    assert (status, plan["warnings"]) == (200, [])
    assert plan["measured"]["units"] == 3
    assert all(plan["rows"].values())


def test_a_faulty_request_is_told_its_fault(ask: Ask) -> None:
    status, problem = ask("start_run", "POST", "runs", {"kind": "generate"})
    assert status == 400
    assert problem["errors"]


@table("name", {"with a client": "start_schedules", "without": "send_notifications"})
def test_a_timer_comes_round(
    name: str, worker: FunctionsWorker, client: str, ground: Ground
) -> None:
    began = datetime.now(UTC) - timedelta(seconds=1)  # blobs are stamped in whole seconds
    Records(ground.blobs).create_container()
    inputs = {"timer": ("json", json.dumps({"IsPastDue": False}))}
    if name == "start_schedules":
        inputs["client"] = ("string", client)
    worker.call(name, **inputs)
    blob = ground.blobs.get_blob_client(naming.RUNS, f"{PREFIX}{name}")
    assert blob.get_blob_properties().last_modified >= began


def test_activities_take_json_and_give_json(worker: FunctionsWorker, ground: Ground) -> None:
    run = _kept(ground.blobs)
    prepared = _activity(worker, "prepare", Prepare(run=run).brief())
    plan = Outcome.model_validate(prepared).plan
    assert plan
    assert plan.units == 3
    seen = _activity(worker, "observe", Look(run=run).brief())
    assert seen["queued"] == 0


def test_an_activity_that_fails_says_so(worker: FunctionsWorker) -> None:
    with pytest.raises(InvocationError, match="run\n  Field required"):
        _activity(worker, "observe", {})


def test_a_start_is_taken_once_and_its_wishes_too(ask: Ask, ground: Ground, sdk: str) -> None:
    status, started = ask("start_run", "POST", "runs", ground.nothing())
    run = started["run"]
    assert status == 202
    status, shown = ask("show_run", "GET", f"runs/{run}", run=run)
    assert (status, shown["run"]) == (200, run)
    if sdk == "1":
        assert ground.finish(run)["state"] == "Succeeded", "it goes on in the local host"
        return
    assert shown["state"] == "Planning", "the backend has it, and nothing carries it on"
    assert ask("cancel_run", "POST", f"runs/{run}/cancel", run=run)[0] == 202
    until(lambda: ask("show_run", "GET", f"runs/{run}", run=run)[1]["status"])


def _kept(blobs: BlobServiceClient) -> str:
    records = Records(blobs)
    records.create_container()
    run = new_run(datetime.now(UTC))
    request = {"kind": "generate", "dataset": DATASET, "units": 3}
    record = RunRecord(
        run=run, created=datetime.now(UTC), request=RunRequest.model_validate(request)
    )
    records.create(naming.record(run), record.model_dump_json(by_alias=True))
    return run


def _activity(worker: FunctionsWorker, name: str, members: dict[str, Any]) -> Any:
    # The host hands over the input as the text of the task's JSON.
    return json.loads(worker.call(name, work_item=("json", json.dumps(members))))
