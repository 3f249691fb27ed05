"""The worker in its container: a file system that it cannot write to, signals, and its end."""

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from support.container_instances import has_ended
from support.images import Worker
from support.services import eventually
from support.things import DATASET
from support.worker import Bench

from worker_image.contract import (
    PROGRAM_ENDINGS,
    CommandPayload,
    DatasetSource,
    GeneratePayload,
    Message,
    Stage,
)

pytestmark = pytest.mark.image

IN_MEMORY = ("/tmp", "/dev/shm")  # noqa: S108 - the container's own
CODES = {str(code): ending.value for code, ending in PROGRAM_ENDINGS.items()}
WRITE = """
import os
print()
for folder in ("/", "/app", "/opt/worker", "/etc", "/tmp", "/dev", "/dev/shm", "/var/tmp"):
    try:
        open(f"{folder}/file", "w").close()
        print(folder)
    except OSError:
        pass
print(os.getuid(), os.getgid(), os.getgroups(), os.getpid())
"""


def variables(bench: Bench, **changes: object) -> dict[str, str]:
    return {item.name: item.value for item in bench.environment(**changes).variables()}


def sleeping(bench: Bench) -> Message:
    """A unit whose program never ends."""
    payload = CommandPayload(("sleep", "1000"), "{}", {}, CODES)
    return bench.message(0, stage=Stage.COMMAND, payload=payload.members())


def tree_of(process: "subprocess.Popen[str]") -> list[int]:
    return [child.pid for child in psutil.Process(process.pid).children(recursive=True)]


def test_only_what_is_in_memory_can_be_written_to(worker: Worker, tmp_path: Path) -> None:
    assert worker.python(tmp_path, WRITE).split("\n") == ["", *IN_MEMORY, "65532 65532 [] 1", ""]


def test_it_makes_a_unit(worker: Worker, bench: Bench, tmp_path: Path) -> None:
    payload = GeneratePayload(DatasetSource(inline=DATASET), "documents", "", "zstd")
    bench.seed(bench.message(0, payload=payload.members()))
    with worker.start(tmp_path, variables(bench, idle_seconds=0.2)) as process:
        printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed
    assert [receipt.unit for receipt in bench.receipts()] == [0]


def test_sigterm_ends_it_and_its_unit_is_released(
    worker: Worker, bench: Bench, tmp_path: Path
) -> None:
    bench.seed(sleeping(bench))
    settings = variables(bench, visibility_seconds=600, grace_seconds=0.5)
    with worker.start(tmp_path, settings) as process:
        eventually(lambda: "command/0000000" in getattr(bench.heartbeat(), "current", ()))
        left = tree_of(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert all(has_ended(pid) for pid in left)
    eventually(lambda: len(bench.visible()) == 1)


def test_a_stop_while_it_imports_is_not_lost(worker: Worker, bench: Bench, tmp_path: Path) -> None:
    with worker.start(tmp_path, variables(bench, idle_seconds=600)) as process:
        eventually(lambda: any("_ssl." in path for path in mapped(process)))  # half of the way
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def mapped(process: "subprocess.Popen[str]") -> list[str]:
    """What a container has loaded of modules in C."""
    return [part.path for pid in tree_of(process) for part in psutil.Process(pid).memory_maps()]


def test_killed_it_leaves_no_process(worker: Worker, bench: Bench, tmp_path: Path) -> None:
    bench.seed(sleeping(bench))
    with worker.start(tmp_path, variables(bench)) as process:
        eventually(lambda: "command/0000000" in getattr(bench.heartbeat(), "current", ()))
        left = tree_of(process)
        assert len(left) > 2
        os.kill(process.pid, signal.SIGKILL)
        eventually(lambda: all(has_ended(pid) for pid in left))
