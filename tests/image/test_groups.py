"""Whole runs on the local app, drained by container groups that are started from images."""

import json
from pathlib import Path

import psutil
import pytest
import yaml
from support.examples import docx
from support.runs import Ground, until

from local_host import images
from local_host.system import CHECKOUT

pytestmark = pytest.mark.image

EXAMPLE = CHECKOUT / "examples" / "docx"


def mounts() -> list[str]:
    return Path("/proc/self/mounts").read_text().splitlines()


def of_the_image(ground: Ground) -> list[psutil.Process]:
    """The processes that run below a tree of the app's."""
    roots = ground.app.folder / "container_instances" / "roots"
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if str(roots) in " ".join(process.info["cmdline"] or ())]


def test_a_run_is_drained_and_nothing_is_left(ground: Ground) -> None:
    before = mounts()
    run = ground.client.start(ground.pipeline(units=20))
    until(lambda: of_the_image(ground))
    assert {psutil.Process(pid).username() for pid in ground.processes(run)} == {"root"}
    shown = ground.finish(run, 120)
    assert shown["state"] == "Succeeded"
    assert shown["report"]["account"]["done"] == {"generate": 20, "ingest": 20}
    assert (ground.groups(run), ground.processes(run)) == ([], [])
    assert of_the_image(ground) == []
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
