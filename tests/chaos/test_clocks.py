"""A worker's clock is shifted while it runs, and nothing else of its time is."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.runs import until

from .ground import CLOCK, faketime, worker_environment

pytestmark = pytest.mark.long

SHOWN = """
import datetime, sys, threading, time
for _ in sys.stdin:
    steady = time.monotonic()
    time.sleep(0.2), threading.Event().wait(0.2)
    now = datetime.datetime.now(datetime.UTC).timestamp()
    print(now, time.time(), time.monotonic() - steady, flush=True)
"""


@pytest.mark.parametrize("shift", [-26 * 3600, 0, 9 * 86400])
def test_the_time_of_day_alone_is_another(tmp_path: Path, shift: float) -> None:
    if not faketime() and not os.environ.get("CI"):
        pytest.skip("libfaketime is not installed: clocks stay right")
    environment = worker_environment(tmp_path, tmp_path) | {"HOME": str(tmp_path)}
    command = [sys.executable, "-c", SHOWN]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout

        def shifted() -> tuple[float, ...] | None:
            print(file=process.stdin, flush=True)
            assert process.stdout
            found = tuple(map(float, process.stdout.readline().split()))
            return found if abs(found[0] - time.time() - shift) < 20 else None

        assert bool(shifted()) == (shift == 0)
        (tmp_path / CLOCK).write_text(f"{shift:+.0f}\n")
        found = until(shifted)  # the file is looked at once a second
        process.stdin.close()
    assert found
    day, day_too, steady = found
    assert day_too == pytest.approx(day, abs=5)
    assert 0.4 <= steady < 10
