"""Another version of the app takes the place of one with runs in flight, and is taken back."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest
from support.runs import CONTAINER, Ground, done, ended, until

from deployment.package import APP, write
from local_host.checks import check_run
from local_host.services.process import Service
from worker_image.contract import naming

pytestmark = pytest.mark.long

Edits = Mapping[str, tuple[str, str]]

# A newer app has a member more in all that it carries, and in the record of a run.
ADDED = {
    "orchestration/model/value.py": (
        'return self.model_dump(mode="json", exclude_defaults=True)',
        'return {**self.model_dump(mode="json", exclude_defaults=True), "mood": "good"}',
    ),
    "orchestration/model/request.py": (
        "    schedule: str | None = None\n",
        '    schedule: str | None = None\n    mood: str = "good"\n',
    ),
}
# One that decides otherwise has an orchestrator of another name, and has not kept the old one.
RENAMED = {"orchestration/orchestrator.py": ('NAME = "run_v1"', 'NAME = "run_v2"')}
UNITS = 60


def deployed(ground: Ground, folder: Path, edits: Edits) -> Service:
    """The host of another version of the app: this one's package, edited."""
    write(APP, folder / "app.zip")
    with ZipFile(folder / "app.zip") as archive:
        archive.extractall(folder / "app")
    for name, (old, new) in edits.items():
        module = folder / "app" / name
        text = module.read_text()
        assert text.count(old) == 1
        module.write_text(text.replace(old, new))
    return ground.app.functions_of(folder / "app")


def test_runs_in_flight_go_on_under_a_newer_app_and_after_its_roll_back(
    ground: Ground, tmp_path: Path
) -> None:
    older, newer = ground.app.functions, deployed(ground, tmp_path, ADDED)
    first = ground.client.start(ground.pipeline(units=UNITS))
    ground.wait(first, done(UNITS // 10))

    older.stop()
    newer.start()
    ground.wait(first, done(UNITS // 3))
    second = ground.client.start(ground.nothing())
    record = ground.blobs.get_blob_client(naming.RUNS, naming.record(second))
    assert b'"mood":"good"' in record.download_blob().readall()

    newer.stop()
    older.start()
    assert ground.finish(first)["state"] == "Succeeded"
    assert ground.finish(second)["state"] == "Succeeded"
    everything_is_there(ground, first)
    carried = str([execution.history for execution in ground.executions(first)])
    assert "mood" in carried, "the newer one has carried the run on"


def test_a_run_that_the_new_app_cannot_carry_on_goes_on_after_a_redrive(
    ground: Ground, tmp_path: Path
) -> None:
    older, newer = ground.app.functions, deployed(ground, tmp_path, RENAMED)
    run = ground.client.start(ground.pipeline(units=UNITS))
    ground.wait(run, done(UNITS // 10))
    older.stop()
    newer.start()
    try:
        until(lambda: swept(ground, run))
        assert ground.processes(run) == []
        ground.client.call("POST", f"/runs/{run}/redrive", {})
        shown = ground.wait(run, ended, 90)
    finally:
        newer.stop()
        older.start()
    assert shown["state"] == "Succeeded"
    assert shown["report"]["redrives"] == 1
    everything_is_there(ground, run)


def swept(ground: Ground, run: str) -> bool:
    """Whether a sweep has closed the run, no container group left."""
    ground.trigger("sweep_orphans")
    return not ground.groups(run) and bool(ground.client.show(run)["report"])


def everything_is_there(ground: Ground, run: str) -> None:
    """Each document is written, and each row loaded once."""
    checks = check_run(run, UNITS, ground.schema, CONTAINER, ground.settings)
    assert [check for check in checks if not check.holds] == []
    assert ground.count("aci_jobs_ledger") == UNITS
