"""Kills of the stand-in, of shims and of containers, in any order."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from support.container_instances import ROOT, StandIn, container_group, has_ended, stand_in, until
from support.images import ENGINES, make_ready, options_of

from local_host.container_instances.options import EngineName

pytestmark = pytest.mark.long

FOREVER = "import time; print('up', flush=True); time.sleep(600)"
UNTIL_TOLD = "import os; os.mkfifo('end'); print('up', flush=True); exit(int(open('end').read()))"


def home(state: Path, group: str) -> Path:
    (found,) = state.glob(f"groups/*/*/{group}/*/worker/home")
    return found


def test_a_killed_stand_in_is_followed_by_one_that_adopts_all(state: Path) -> None:
    with stand_in(state) as machine:
        for name in ("stays", "ends", "fails"):
            machine.run(name, container_group(UNTIL_TOLD))
            until(partial(machine.log, name))
        machine.put("restarts", container_group("exit(1)", restart_policy="OnFailure"))
        until(lambda: machine.container("restarts"))
        processes = machine.processes()
        machine.kill()
        (home(state, "ends") / "end").write_text("0")
        (home(state, "fails") / "end").write_text("7")
        until(lambda: has_ended(processes["fails"][0]["shim"]))
        machine.start()
        machine.wait("ends", "Succeeded")
        machine.wait("fails", "Failed")
        assert machine.container("fails").current_state.exit_code == 7
        assert machine.get("stays").instance_view.state == "Running"
        assert machine.processes()["stays"] == processes["stays"]
        assert machine.processes()["restarts"][0]["shim"] == processes["restarts"][0]["shim"]
        until(lambda: machine.container("restarts").restart_count > 1)
        machine.delete("stays")
        assert has_ended(processes["stays"][0]["process"])


def test_a_group_that_was_being_created_or_deleted_goes_on(state: Path) -> None:
    with stand_in(state, provisioning_seconds=0.3) as machine:
        slow = "import signal,time; signal.signal(15, lambda *_: time.sleep(.5) or exit(0));"
        machine.run("deleted", container_group(slow + FOREVER))
        until(lambda: machine.log("deleted"))
        machine.put("created", container_group(FOREVER))
        machine.client.container_groups.begin_delete("jobs", "deleted", polling=False).result()
        machine.kill()
        machine.start()
        until(lambda: machine.gone("deleted"))
        machine.wait("created", "Running")


def test_a_shim_killed_with_its_container_is_a_platform_kill(state: Path) -> None:
    with stand_in(state) as machine:
        machine.run("lost", container_group(FOREVER, restart_policy="Always"))
        ids = machine.processes()["lost"][0]
        os.kill(ids["shim"], signal.SIGKILL)
        os.kill(ids["process"], signal.SIGKILL)
        machine.wait("lost", "Failed")
        assert machine.container("lost").current_state.exit_code == 137
        machine.delete("lost")


@pytest.mark.parametrize("engine", ENGINES)
def test_what_runs_is_adopted_and_does_not_outlive_its_shim(
    state: Path, engine: EngineName
) -> None:
    with stand_in(state, **options_of(engine)) as machine:
        make_ready(machine)
        machine.run("lost", container_group(FOREVER))
        machine.process_of("lost")
        processes = machine.processes()
        machine.kill()
        machine.start()
        assert machine.processes() == processes
        assert machine.get("lost").instance_view.state == "Running"
        ids = machine.processes()["lost"][0]
        machine.kill()
        os.kill(ids["shim"], signal.SIGKILL)
        machine.start()
        machine.wait("lost", "Failed")
        until(lambda: has_ended(ids["process"]))


def test_switched_off_it_stops_every_container(state: Path) -> None:
    with stand_in(state) as machine:
        machine.run("on", container_group(FOREVER))
        process = machine.process_of("on")
        machine.terminate()
        assert has_ended(process)
        machine.start()
        machine.wait("on", "Failed")
        assert machine.container("on").current_state.exit_code == 143


def test_a_state_folder_has_one_stand_in(machine: StandIn) -> None:
    command = [sys.executable, "-m", "local_host.container_instances"]
    command += ["--state", str(machine.state)]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=20, check=False)
    assert second.returncode == 2
    assert b"another stand-in" in second.stderr
