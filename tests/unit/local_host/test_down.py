"""`make down` says what it stopped."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local_host.__main__ import cli
from local_host.services.process import Service


def test_what_was_stopped_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACI_JOBS_POSTGRESQL_URL", "postgresql://elsewhere/db")
    sleep = (sys.executable, "-ISc", "import time; time.sleep(60)")
    sleeper = Service("functions", sleep, tmp_path, ready=lambda: True)
    sleeper.start()
    down = ["down", "--state", str(tmp_path)]
    first, second = (CliRunner().invoke(cli, down) for _ in range(2))
    assert sleeper.pid is None
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.output == "the app and its container groups: stopped\n"
    assert second.output == "Nothing was running.\n"
