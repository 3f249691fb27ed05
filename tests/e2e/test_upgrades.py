"""Another version of the app takes the place of one with runs in flight, and is taken back."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from support.runs import CONTAINER, Ground, done

from deployment.package import APP, write
from local_host.checks import check_run
from local_host.services.process import Service
from worker_image.contract import naming

pytestmark = pytest.mark.long

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
UNITS = 120


@pytest.fixture
def newer(ground: Ground, tmp_path: Path) -> Service:
    """The host of a newer version of the app."""
    write(APP, tmp_path / "app.zip")
    with ZipFile(tmp_path / "app.zip") as archive:
        archive.extractall(tmp_path / "app")
    for name, (old, new) in ADDED.items():
        module = tmp_path / "app" / name
        text = module.read_text()
        assert text.count(old) == 1
        module.write_text(text.replace(old, new))
    return ground.app.functions_of(tmp_path / "app")


def test_runs_in_flight_go_on_under_a_newer_app_and_after_its_roll_back(
    ground: Ground, newer: Service
) -> None:
    older = ground.app.functions
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
    shown = ground.finish(first)
    assert shown["state"] == "Succeeded"
    assert ground.finish(second)["state"] == "Succeeded"
    checks = check_run(first, UNITS, ground.schema, CONTAINER, ground.settings)
    assert [check for check in checks if not check.holds] == []
    carried = str([execution.history for execution in ground.executions(first)])
    assert "mood" in carried, "the newer one has carried the run on"
