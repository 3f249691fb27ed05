"""The packages of the image are there, compiled, for both kinds of machine that it is built for."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from local_host.system import CHECKOUT

pytestmark = pytest.mark.image

FOLDER = CHECKOUT / "worker_image"
LISTS = ("requirements.txt", "requirements-parquet.txt")
GLIBC = ("2_17", "2_27", "2_28", "2_34")  # up to that of Debian bookworm, 2.36


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_package_has_a_wheel(machine: str, tmp_path: Path) -> None:
    base = re.search(r"^ARG BASE=python:([0-9.]+)-slim-", (FOLDER / "Dockerfile").read_text(), re.M)
    assert base
    platforms = [f"manylinux{version}_{machine}" for version in ("2014", *(f"_{g}" for g in GLIBC))]
    found = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet"),
            *("--ignore-installed", "--only-binary", ":all:", "--target", str(tmp_path)),
            *("--python-version", base[1], "--implementation", "cp"),
            *(word for platform in platforms for word in ("--platform", platform)),
            *(word for name in LISTS for word in ("--requirement", str(FOLDER / name))),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
