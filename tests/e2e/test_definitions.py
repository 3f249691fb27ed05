"""Datasets, jobs and schedules: stored through the API and by command, and run now."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command_line import CHECKOUT
from support.runs import DATASET, Ground, ended
from support.tables import table
from typer.testing import CliRunner, Result

from command_line.__main__ import cli
from command_line.client import RefusedError

pytestmark = pytest.mark.long

NEVER = "0 0 29 2 *"


def leap_day() -> date:
    """The next one."""
    days = (datetime.now(UTC).date() + timedelta(days=ahead) for ahead in range(1, 9 * 366))
    return next(day for day in days if (day.month, day.day) == (2, 29))


TEXT = f"# as people write it\n{yaml.safe_dump(DATASET, sort_keys=False)}".encode()


@pytest.fixture(autouse=True)
def _nothing_is_left(ground: Ground) -> Iterator[None]:
    yield
    for noun in ("schedules", "jobs", "datasets"):
        container = ground.blobs.get_container_client(noun)
        if container.exists():
            for name in list(container.list_blob_names()):
                container.delete_blob(name)


def put(ground: Ground, path: str, body: Any, **headers: str) -> tuple[int, str]:
    """Store something; the status and the etag of the answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = ground.client.send("PUT", path, content, headers=sent)
    assert answer.json()["etag"] == answer.headers["etag"]
    return answer.status_code, answer.headers["etag"]


def listed(ground: Ground, noun: str, name: str) -> dict[str, Any]:
    entries = ground.client.call("GET", f"/{noun}")[noun]
    (entry,) = [entry for entry in entries if entry["name"] == name]
    return dict(entry)


def refused(ground: Ground, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """The problem that a call is answered with."""
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(RefusedError) as caught:
        ground.client.send(method, path, content, headers=sent)
    return caught.value.problem


def test_what_is_stored_runs_now_and_stays_while_it_is_in_use(ground: Ground) -> None:
    client = ground.client
    assert put(ground, "/datasets/small", TEXT)[0] == 201
    answer = client.send("GET", "/datasets/small")
    assert answer.content == TEXT
    assert answer.headers["content-type"].startswith("application/yaml")
    job = {"kind": "generate", "dataset": "small", "units": 200}
    status, etag = put(ground, "/jobs/nightly", job)
    assert (status, put(ground, "/jobs/nightly", job, If_Match=etag)[0]) == (201, 200)
    assert put(ground, "/schedules/leap-days", {"cron": NEVER, "job": "nightly"})[0] == 201

    answers = [
        client.send("POST", "/jobs/nightly/run", b'{"units": 3}', headers={"Idempotency-Key": etag})
        for _ in range(2)
    ]
    first = answers[0].json()["run"]
    assert (answers[0].status_code, answers[1].json()["run"]) == (202, first)
    assert [answer.json()["existing"] for answer in answers] == [False, True]
    assert answers[0].headers["location"].endswith(f"/api/runs/{first}")
    shown = ground.finish(first)
    assert (shown["state"], shown["status"]["units"]["total"]) == ("Succeeded", 3)

    key = {"Idempotency-Key": f"{ground.schema}-now"}
    put(ground, "/jobs/nightly", {**job, "units": 4})
    second = client.call("POST", "/schedules/leap-days/run", headers=key)["run"]
    assert client.call("POST", "/schedules/leap-days/run", headers=key)["run"] == second
    shown = ground.finish(second)
    assert (shown["state"], shown["status"]["units"]["total"]) == ("Succeeded", 4)
    assert shown["schedule"] == "leap-days"

    entry = listed(ground, "schedules", "leap-days")
    assert [(run["run"], run["state"]) for run in entry["runs"]] == [(second, "Succeeded")]
    assert (entry["decisions"], entry["faults"], entry["job"]) == ([], [], "nightly")
    assert entry["next_due"].startswith(f"{leap_day()}T00:00:00")
    assert listed(ground, "jobs", "nightly")["dataset"] == "small"

    for path, user in (
        ("/datasets/small", "job nightly"),
        ("/jobs/nightly", "schedule leap-days"),
    ):
        problem = refused(ground, "DELETE", path)
        assert problem["status"] == 409
        assert problem["detail"].endswith(f"is in use by {user}")
    for path in ("/schedules/leap-days", "/jobs/nightly", "/datasets/small"):
        assert client.send("DELETE", path).status_code == 204
        assert refused(ground, "GET", path)["status"] == 404
        assert refused(ground, "DELETE", path)["status"] == 404


def test_a_schedule_is_not_run_now_while_one_of_its_runs_goes_on(ground: Ground) -> None:
    request = ground.pipeline(units=2_000)
    put(ground, "/schedules/busy", {"cron": NEVER, "request": request, "enabled": False})
    run = ground.client.call("POST", "/schedules/busy/run")["run"]
    problem = refused(ground, "POST", "/schedules/busy/run")
    assert (problem["status"], run in problem["detail"]) == (409, True)
    assert listed(ground, "schedules", "busy")["runs"][0]["run"] == run
    ground.client.call("POST", f"/runs/{run}/cancel")
    ground.wait(run, ended)


def test_a_version_that_is_not_there_any_more_changes_nothing(ground: Ground) -> None:
    _, first = put(ground, "/datasets/small", TEXT, If_None_Match="*")
    _, second = put(ground, "/datasets/small", TEXT + b"\n", If_Match=first)
    for method, headers in (
        ("PUT", {"If_Match": first}),
        ("PUT", {"If_None_Match": "*"}),
        ("DELETE", {"If_Match": first}),
    ):
        problem = refused(ground, method, "/datasets/small", TEXT, **headers)
        assert (problem["status"], second in problem["detail"]) == (412, True)
    headers = {"If-None-Match": first}
    answer = ground.client.send("GET", "/datasets/small", headers=headers)
    assert (answer.content, answer.headers["etag"]) == (TEXT + b"\n", second)
    problem = refused(ground, "GET", "/datasets/small", If_None_Match=second)
    assert problem == {"detail": ""}  # 304, which has no body
    assert refused(ground, "PUT", "/jobs/new", ground.nothing(), If_Match="*")["status"] == 412


GIVEN = {"kind": "ingest", "source": {"container": "empty"}, "sink": {"schema": "s"}}


@table(
    "path, body, fields",
    {
        "a dataset of nothing": ("datasets/x", b"version: 1", {"dataset", "records"}),
        "a dataset that is no YAML": ("datasets/x", b"a: [1", {"line 1"}),
        "a name that is not allowed": ("jobs/X", GIVEN, {"name"}),
        "a member that there is not": ("jobs/x", {**GIVEN, "colour": 1}, {"colour"}),
        "a dataset that is not stored": ("jobs/x", {**GIVEN, "dataset": "none"}, {"dataset"}),
        "a schedule of nothing": ("schedules/x", {"cron": "* * * * *"}, {"job"}),
        "a cron that is none": ("schedules/x", {"cron": "daily", "job": "x"}, {"cron"}),
        "a job that is not stored": ("schedules/x", {"cron": NEVER, "job": "none"}, {"job"}),
        "a faulty request": (
            "schedules/x",
            {"cron": NEVER, "request": {**GIVEN, "dataset": "none"}},
            {"request.dataset"},
        ),
    },
)
def test_what_has_a_fault_is_not_stored(
    ground: Ground, path: str, body: Any, fields: set[str]
) -> None:
    problem = refused(ground, "PUT", f"/{path}", body)
    assert problem["status"] == 400
    assert {fault["field"] for fault in problem["errors"]} == fields
    noun = path.partition("/")[0]
    assert ground.client.call("GET", f"/{noun}") == {noun: []}


def test_what_became_faulty_is_listed_with_its_fault(ground: Ground) -> None:
    ground.store("datasets", "odd.yaml", b"version: 1")
    ground.store("jobs", "odd.json", b"[]")
    ground.store("schedules", "odd.json", json.dumps({"cron": NEVER, "job": "gone"}).encode())
    assert listed(ground, "datasets", "odd")["faults"][0]["field"] == "dataset"
    assert listed(ground, "jobs", "odd")["faults"][0]["field"] == ""
    entry = listed(ground, "schedules", "odd")
    assert entry["faults"] == [
        {"field": "job", "reason": "there is no job 'gone'", "value": "gone"}
    ]
    assert refused(ground, "POST", "/schedules/odd/run")["status"] == 400
    put(ground, "/schedules/odd", {"cron": NEVER, "job": "gone", "enabled": False})
    entry = listed(ground, "schedules", "odd")
    assert (entry["enabled"], entry["next_due"]) == (False, None)


# ------------------------------------------------------------------------------ by command


def named(ground: Ground) -> dict[str, str]:
    """The variables that name the app to the commands."""
    return {"ACI_JOBS_URL": ground.client.url, "ACI_JOBS_KEY": ground.client.key}


def command(ground: Ground, *words: str) -> Result:
    return CliRunner().invoke(cli, words, env=named(ground))


def said(ground: Ground, *words: str) -> str:
    done = command(ground, *words)
    assert (done.exit_code, done.stderr) == (0, "")
    return str(done.stdout)


@pytest.mark.parametrize("noun", ["dataset", "job", "schedule"])
def test_the_real_process(ground: Ground, noun: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "command_line", noun, "list"],
        cwd=CHECKOUT,
        env={**os.environ, **named(ground)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"no {noun} is stored\n"


def test_the_commands_store_list_run_and_delete(ground: Ground, tmp_path: Path) -> None:
    files = {
        "dataset.yaml": TEXT.decode(),
        "job.yaml": yaml.safe_dump(ground.nothing()),
        "schedule.yaml": f"cron: {NEVER!r}\njob: idle\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    stored = json.loads(said(ground, "dataset", "put", "d", f"{tmp_path}/dataset.yaml", "--json"))
    assert said(ground, "dataset", "get", "d") == files["dataset.yaml"]
    put = said(ground, "job", "put", "idle", f"{tmp_path}/job.yaml")
    assert put.startswith("job idle is stored; its version")
    said(ground, "schedule", "put", "s", f"{tmp_path}/schedule.yaml")
    assert said(ground, "schedule", "disable", "s") == "schedule s is disabled\n"
    heading, _, row = said(ground, "schedule", "list").splitlines()
    assert heading.split()[:3] == ["name", "cron", "starts"]
    assert " ".join(row.split()).startswith(f"s {NEVER} UTC idle disabled ")
    said(ground, "schedule", "enable", "s")
    (entry,) = json.loads(said(ground, "schedule", "list", "--json"))["schedules"]
    assert (entry["enabled"], entry["job"]) == (True, "idle")

    runs = [
        json.loads(said(ground, "job", "run", "idle", "--set", "random_seed=5", "--json"))["run"],
        said(ground, "schedule", "run", "s").split()[1],
    ]
    assert [ground.finish(run)["state"] for run in runs] == ["Succeeded"] * 2

    old = command(ground, "dataset", "put", "d", f"{tmp_path}/dataset.yaml", "--if-match", "0x0")
    assert (old.exit_code, stored["etag"] in old.stderr) == (3, True)
    etag = stored["etag"].strip('"')
    said(ground, "dataset", "delete", "d", "--if-match", etag)
    assert said(ground, "dataset", "list") == "no dataset is stored\n"
    kept = command(ground, "job", "delete", "idle")
    assert (kept.exit_code, kept.stderr) == (3, "409 job idle is in use by schedule s\n")
    said(ground, "schedule", "delete", "s")
    said(ground, "job", "delete", "idle")
