"""Locks, states and burials, without a shim."""

import os
import subprocess
import sys
from pathlib import Path

from pydantic import TypeAdapter

from local_host.container_instances import processes
from local_host.container_instances.shim import LAUNCH, Run, State, write_private


def keep(folder: Path, state: State) -> None:
    write_private(folder / "state.json", TypeAdapter(State).dump_json(state).decode())


def test_a_container_lives_while_another_holds_its_lock(tmp_path: Path) -> None:
    assert not processes.alive(tmp_path)  # never launched
    (tmp_path / LAUNCH).touch()
    assert not processes.alive(tmp_path)
    with processes.held_lock(tmp_path) as lock:
        assert lock is not None
        assert processes.alive(tmp_path)
    assert not processes.alive(tmp_path)


def test_an_end_that_nobody_recorded_is_a_platform_kill(tmp_path: Path) -> None:
    keep(tmp_path, State(1, 2, "running", Run(10)))
    processes.bury(tmp_path, now=20)
    assert processes.state(tmp_path) == State(1, None, "terminated", Run(10, 20, 137))


def test_a_recorded_end_stays(tmp_path: Path) -> None:
    for known in (
        State(1, None, "terminated", Run(10, 11, 0)),
        State(1, None, "waiting", Run(10, 11, 3)),
    ):
        keep(tmp_path, known)
        processes.bury(tmp_path, now=20)
        buried = processes.state(tmp_path)
        assert buried
        assert (buried.phase, buried.run) == ("terminated", known.run)


def test_strays_are_known_by_their_home(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    others = {**os.environ, "HOME": str(tmp_path)}
    mine = {**os.environ, "HOME": str(tmp_path / "home")}
    with (
        subprocess.Popen(command, env=mine, start_new_session=True) as stray,
        subprocess.Popen(command, env=others) as other,
    ):
        processes.bury(tmp_path, now=20)
        assert stray.wait(10) == -9
        assert other.poll() is None
        other.kill()


def test_no_state_before_the_first_start(tmp_path: Path) -> None:
    assert processes.state(tmp_path) is None
    processes.bury(tmp_path, now=20)
    assert processes.state(tmp_path) is None
