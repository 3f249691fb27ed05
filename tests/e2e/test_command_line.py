"""What people do with runs, through the command itself on the local app."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.runs import CONTAINER, DATASET, Ground, done, until

from local_host.checks import check_run
from local_host.services.process import base_environment
from local_host.system import CHECKOUT

pytestmark = pytest.mark.long


class Shell:
    """A person's shell in a folder, whose environment names the app."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self._folder = folder
        self._key = ground.app.key
        self._environment = {
            **base_environment(),
            "PYTHONPATH": str(CHECKOUT),
            "ACI_JOBS_URL": ground.app.url,
            "ACI_JOBS_KEY": self._key,
        }

    def start(self, *words: object) -> "subprocess.Popen[str]":
        """Start a command whose output is kept."""
        return subprocess.Popen(
            [sys.executable, "-m", "command_line", *map(str, words)],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, process: "subprocess.Popen[str]", code: int = 0) -> str:
        """Wait for the end of a command with this exit code; what it printed."""
        output, errors = process.communicate(timeout=90)
        assert process.returncode == code, output + errors
        assert self._key not in output + errors
        return output

    def run(self, *words: object, code: int = 0) -> str:
        """A command from its start to its end; what it printed."""
        return self.end(self.start(*words), code)

    def json(self, *words: object, code: int = 0) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.run(*words, "--json", code=code))

    def write(self, name: str, value: Any) -> None:
        """Write a file in YAML."""
        (self._folder / name).write_text(yaml.safe_dump(value))


def test_a_job_in_a_file_is_run_and_followed_to_its_end(ground: Ground, tmp_path: Path) -> None:
    shell = Shell(ground, tmp_path)
    shell.write("things.yaml", DATASET)
    shell.write("job.yaml", ground.pipeline(units=40, dataset="things.yaml"))
    plan = shell.json("plan", "job.yaml", "--units", 12)
    assert (plan["units"], plan["kind"]) == (12, "pipeline")

    output = shell.run("run", "job.yaml", "--units", 12)
    run = output.split()[1]
    last = output.partition("Report of")[0].splitlines()[-1]
    assert last.split()[:3] == ["Succeeded", "12/12", "units"]
    checks = check_run(run, 12, ground.schema, CONTAINER, ground.settings)
    assert [check for check in checks if not check.holds] == []

    (listed,) = shell.json("list", "--text", run)["runs"]
    assert (listed["run"], listed["state"], listed["done"]) == (run, "Succeeded", 12)
    status = shell.json("status", run[-5:])
    assert (status["run"], status["report"]["units"]) == (run, 12)
    assert f"{run}-002-01" in shell.run("groups", run)


def test_units_that_fail_are_looked_at_mended_and_redriven(ground: Ground, tmp_path: Path) -> None:
    shell = Shell(ground, tmp_path)
    container = f"cli-{ground.schema.replace('_', '-')}"
    rows = [f'{{"type": "city", "id": {number}}}' for number in range(6)]
    for number, row in enumerate(rows):
        ground.store(container, f"in/{number}.ndjson", row.encode())
    ground.store(container, "in/4.ndjson", rows[4][:-3].encode())
    shell.write("city.yaml", CITY)
    source, sink = {"container": container, "prefix": "in/"}, {"schema": ground.schema}
    job = {"kind": "ingest", "dataset": "city.yaml", "source": source, "sink": sink}
    shell.write("job.yaml", {**job, "instances": {"count": 1, "cpu": 0.5, "memory_gb": 1}})

    looks = shell.run("run", "job.yaml", "--json", code=1).splitlines()
    run = json.loads(looks[0])["run"]
    assert json.loads(looks[-1])["state"] == "CompletedWithFailures"

    page = shell.json("dead", run)
    (group,) = page["groups"]
    assert (page["count"], group["units"]) == (1, 1)
    letter = shell.run("dead", run, "ingest/4")
    assert '"path": "in/4.ndjson"' in letter
    assert "Traceback" in letter
    shell.run("redrive", run, "--unit", 5, code=3)

    ground.store(container, "in/4.ndjson", rows[4].encode())
    assert shell.json("redrive", run, "--fingerprint", group["fingerprint"])["dead_letters"] == 1
    shell.run("watch", run)
    assert ground.count("city") == 6


def test_a_run_obeys_and_outlives_who_watches_it(ground: Ground, tmp_path: Path) -> None:
    shell = Shell(ground, tmp_path)
    shell.write("job.json", ground.pipeline(units=2000))
    run = shell.json("run", "job.json", "--detach")["run"]
    watching = shell.start("watch", run, "--json")
    assert watching.stdout
    json.loads(watching.stdout.readline())
    os.kill(watching.pid, signal.SIGINT)
    shell.end(watching, 130)

    ground.wait(run, done(1))
    shell.run("pause", run)
    shell.run("scale", run, 1)
    ground.wait(run, lambda view: view["state"] == "Paused")
    until(lambda: ground.groups(run) == [])
    assert f"aci-jobs resume {run}" in shell.run("status", run)

    shell.run("resume", run)
    until(lambda: len(ground.groups(run)) == 1)
    shell.run("cancel", run, "--reason", "it is enough")
    assert "Cancelled: it is enough" in shell.run("watch", run, code=1)
    shell.run("pause", run, code=3)
    assert ground.groups(run) == []


CITY = {
    "dataset": "cities",
    "version": 1,
    "records": {"city": {"count": 1, "fields": {"id": {"key": True}}}},
}
