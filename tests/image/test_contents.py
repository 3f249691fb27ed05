"""What is in the image, and what is not."""

import json
import subprocess
from pathlib import Path

import pytest
from support.images import Worker

from local_host import images
from local_host.system import CHECKOUT

pytestmark = pytest.mark.image

MADE = (".pyc", ".json")  # compiled modules and vocabularies
FILES = """
import os
for folder in ("/app", "/mnt", "/opt"):
    for found, _, names in os.walk(folder):
        for name in names:
            print(f"{found}/{name}")
"""
INSTALLERS = """
from importlib.util import find_spec
from shutil import which
print(which("pip"), which("pip3"), find_spec("pip"), find_spec("setuptools"))
"""
STAGES = """
import sys
import worker_image.__main__, worker_image.making, worker_image.ingester.postgresql.sink
import azure.identity, faker.factory
faker.factory.Factory.create("cs_CZ")
loaded = {name: getattr(module, "__spec__", None) for name, module in sys.modules.items()}
for name, spec in loaded.items():
    if spec and spec.has_location and spec.origin.endswith(".py"):
        with open(spec.cached, "rb") as compiled:
            assert compiled.read(8)[4:] == bytes([1, 0, 0, 0]), name  # by a hash, unchecked
print(len(loaded))
"""


def test_it_starts_the_worker_as_nobody_in_particular(worker: Worker) -> None:
    found = json.loads(images.buildah("inspect", "--type", "image", images.IMAGE))
    config = found["OCIv1"]["config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["python", "-m", "worker_image"]
    assert "Cmd" not in config
    assert {item.split("=")[0] for item in config["Env"]} == {
        *("LANG", "PATH", "HOME", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONDONTWRITEBYTECODE"),
        *("PYTHONUNBUFFERED", "PYDANTIC_DISABLE_PLUGINS"),
    }
    assert str(CHECKOUT) not in json.dumps(found)


def test_of_the_worker_it_holds_the_code_alone(worker: Worker, tmp_path: Path) -> None:
    files = worker.python(tmp_path, FILES).splitlines()
    held = [name for name in files if name.startswith("/app/") and not name.endswith(MADE)]
    listed = subprocess.run(
        ["git", "ls-files", "worker_image/*.py"],  # noqa: S607 - wherever it is
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert sorted(held) == sorted(f"/app/{name}" for name in listed.stdout.split())


def test_nothing_that_installs_or_tests_is_left(worker: Worker, tmp_path: Path) -> None:
    assert worker.python(tmp_path, INSTALLERS) == "None None None None\n"
    files = worker.python(tmp_path, FILES)
    assert "/tests/" not in files
    assert "requirements" not in files
    assert "/mnt/" not in files


def test_whatever_a_worker_imports_is_compiled(worker: Worker, tmp_path: Path) -> None:
    assert int(worker.python(tmp_path, STAGES)) > 500


def test_nothing_of_this_machine_is_in_it(worker: Worker) -> None:
    name = images.buildah("from", "--pull-never", images.IMAGE)
    try:
        tree = Path(images.buildah("mount", name))
        for file in ("etc/resolv.conf", "etc/hosts", "etc/hostname"):
            assert (tree / file).read_text() == ""
        for file in ("etc/pip.conf", "root/.config", "root/.cache"):
            assert not (tree / file).exists()
    finally:
        images.buildah("rm", name)
