"""The demonstration as a person interrupts it: nothing is left. Its good end CI runs itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from support.runs import until

from local_host.services.process import base_environment
from local_host.services.toolchain import Toolchain
from local_host.system import CHECKOUT

pytestmark = pytest.mark.long


def start(state: Path, output: Path, units: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "local_host", "demo"]
    toolchain = {"ACI_JOBS_TOOLCHAIN": str(Toolchain.from_environment().folder)}
    with output.open("wb") as file:
        return subprocess.Popen(
            [*command, "--units", str(units), "--state", str(state)],
            cwd=CHECKOUT,
            env=base_environment() | toolchain,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def left(state: Path) -> list[str]:
    """Processes that have anything to do with the folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        info = process.info
        if str(state) in " ".join([*(info["cmdline"] or []), str(info["cwd"])]):
            found.append(" ".join(info["cmdline"] or []))
    return found


def test_interrupted_it_leaves_no_process(services_folder: Path, tmp_path: Path) -> None:
    state, output = services_folder / "interrupted", tmp_path / "output"
    with start(state, output, units=5_000) as demo:
        until(lambda: "4 groups" in output.read_text())
        os.kill(demo.pid, signal.SIGINT)
        assert demo.wait(60) == 1
    assert "Interrupted" in output.read_text()
    assert left(state) == []
