"""A meter sees the processes of its folder, and no others."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.headline.processes import POSTGRESQL, Meter

BUSY = """
import time
while time.process_time() < {}: pass
print(flush=True)
input()
"""


@contextmanager
def _busy(folder: Path, seconds: float, *words: str) -> Iterator[None]:
    """A process that uses the processor for so long and waits until the end."""
    code = BUSY.format(seconds)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, *words], cwd=folder, **pipes) as child:  # type: ignore[call-overload]
        child.stdout.readline()
        yield
        child.communicate(b"\n")


def test_what_a_process_uses_counts_from_the_start_on_and_by_its_command(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    stand_in = "local_host/container_instances/shim.py"
    with (
        _busy(own, 0.5, "before"),
        Meter(own) as meter,
        _busy(own, 0.2),
        _busy(own, 0.2, stand_in),
        _busy(other, 0.2),
    ):
        meter.look()
    used = meter.used()
    assert set(used) == {POSTGRESQL, "ARM stand-in"}
    for kind in used.values():
        assert 0.15 <= kind.cpu < 0.5  # the system counts in hundredths
        assert kind.memory > 0
