"""A worker's clock is shifted while it runs, and nothing else of its time is."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .ground import CLOCK, faketime, worker_environment

pytestmark = pytest.mark.long

SHOWN = """
import datetime, threading, time
input()
steady = time.monotonic()
time.sleep(0.2), threading.Event().wait(0.2)
print(datetime.datetime.now(datetime.UTC).timestamp(), time.time(), time.monotonic() - steady)
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
        (tmp_path / CLOCK).write_text(f"{shift:+.0f}\n")
        said, _ = process.communicate("\n")
    day, day_too, steady = map(float, said.split())
    assert day == pytest.approx(time.time() + shift, abs=20)
    assert day_too == pytest.approx(day, abs=5)
    assert 0.4 <= steady < 10
