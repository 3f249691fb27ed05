"""Whole runs on the local app, drained by container groups that are started from images."""

import json
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import yaml
from support.container_instances import running
from support.examples import docx
from support.runs import Ground, until

from local_host import images
from local_host.system import CHECKOUT

pytestmark = pytest.mark.image

EXAMPLE = CHECKOUT / "examples" / "docx"


def mounts() -> list[str]:
    return Path("/proc/self/mounts").read_text().splitlines()


def users(ground: Ground, run: str) -> set[int]:
    """The ids of the users whose processes the run's container groups are."""
    found = set()
    for pid in ground.processes(run):
        with suppress(psutil.NoSuchProcess):
            inside = psutil.Process(pid).children(recursive=True)
            found |= {process.uids().real for process in inside}
    return found


def test_a_run_is_drained_and_nothing_is_left(ground: Ground) -> None:
    before = mounts()
    run = ground.client.start(ground.pipeline(units=20))
    until(lambda: users(ground, run) == {65532}, 120)
    shown = ground.finish(run, 120)
    assert shown["state"] == "Succeeded"
    assert shown["report"]["account"]["done"] == {"generate": 20, "ingest": 20}
    assert (ground.groups(run), ground.processes(run)) == ([], [])
    assert running(str(ground.app.folder / "container_instances" / "roots")) == []
    assert mounts() == before
    assert images.buildah("containers", "--quiet") == ""


def test_the_image_of_the_example_runs_its_job(ground: Ground) -> None:
    container = f"docx-{ground.schema.replace('_', '-')}"
    names = [f"{number}.docx" for number in range(3)]
    for name in names:
        ground.store(container, name, docx(f"Letter {name}"))
    lines = [json.dumps({"container": container, "path": name}) for name in names]
    ground.store(container, "list.ndjson", "\n".join(lines).encode())
    job = yaml.safe_load((EXAMPLE / "job.yaml").read_text())
    run = ground.client.start({**job, "payloads": f"{container}/list.ndjson"})
    assert ground.finish(run, 120)["state"] == "Succeeded"
    texts = ground.blobs.get_container_client(container)
    for name in names:
        assert texts.download_blob(f"{name}.txt").readall() == f"Letter {name}\n".encode()
