"""States, exit codes and restart counts follow from what the processes really do."""

import os
import signal

import pytest
from support.container_instances import StandIn, container_group, running, until
from support.images import ENGINES

pytestmark = pytest.mark.parametrize("shared", ENGINES, indirect=True)

FOREVER = "import time; time.sleep(600)"
DEAF = f"import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); {FOREVER}"


@pytest.mark.parametrize(
    ("policy", "code", "exit_code"),
    [
        ("Never", "pass", 0),
        ("Never", "exit(2)", 2),
        ("Never", "import ctypes; ctypes.string_at(0)", 139),
        ("OnFailure", "pass", 0),
    ],
)
def test_ends(machine: StandIn, name: str, policy: str, code: str, exit_code: int) -> None:
    state, detail = ("Failed", "Error") if exit_code else ("Succeeded", "Completed")
    ended = machine.run(name, container_group(code, restart_policy=policy), state)
    assert ended.provisioning_state == "Succeeded"
    view = ended.containers[0].instance_view
    seen = view.current_state
    assert (seen.state, seen.exit_code, seen.detail_status) == ("Terminated", exit_code, detail)
    assert seen.start_time <= seen.finish_time
    assert view.restart_count == 0
    machine.delete(name)


@pytest.mark.parametrize(("policy", "code"), [("OnFailure", "exit(3)"), ("Always", "pass")])
def test_restarts_with_back_off(machine: StandIn, name: str, policy: str, code: str) -> None:
    machine.put(name, container_group(code, restart_policy=policy))
    until(lambda: (view := machine.container(name)) and view.restart_count >= 2)
    waiting = until(
        lambda: (view := machine.container(name)).current_state.state == "Waiting" and view
    )
    assert waiting.current_state.detail_status == "CrashLoopBackOff"
    assert waiting.previous_state.exit_code == (3 if code == "exit(3)" else 0)
    counts = {event.name: event.count for event in waiting.events}
    assert counts["BackOff"] == counts["Started"] == waiting.restart_count + 1
    group = machine.get(name)
    assert (group.provisioning_state, group.instance_view.state) == ("Succeeded", "Running")
    machine.delete(name)


def test_a_run_ends_with_its_first_process(machine: StandIn, name: str) -> None:
    leave = (
        "import subprocess, sys, time\n"
        "word = f'left-{time.time_ns()}'\n"
        f"subprocess.Popen([sys.executable, '-c', {FOREVER!r}, word])\n"
        "print(word, flush=True)\n"
        "exit(1)\n"
    )
    machine.put(name, container_group(leave, restart_policy="OnFailure"))
    until(lambda: (view := machine.container(name)) and view.restart_count)
    left = machine.log(name).split()[0]
    until(lambda: not running(left))
    machine.delete(name)


def test_stopped_it_ends_as_it_likes(machine: StandIn, name: str) -> None:
    polite = "import signal; signal.signal(15, lambda *_: exit(5)); print('up', flush=True)\n"
    machine.run(name, container_group(polite + FOREVER))
    until(lambda: machine.log(name))
    machine.client.container_groups.stop("jobs", name)
    machine.wait(name, "Stopped")
    assert machine.container(name).current_state.exit_code == 5
    machine.delete(name)


def test_killed_container(machine: StandIn, name: str) -> None:
    machine.run(name, container_group(FOREVER))
    os.kill(machine.process_of(name), signal.SIGKILL)
    machine.wait(name, "Failed")
    assert machine.container(name).current_state.exit_code == 137
    machine.delete(name)


def test_killed_container_is_restarted_on_failure(machine: StandIn, name: str) -> None:
    machine.run(name, container_group(FOREVER, restart_policy="OnFailure"))
    first = machine.process_of(name)
    os.kill(first, signal.SIGKILL)
    until(lambda: machine.process_of(name) != first)
    view = machine.container(name)
    assert view.restart_count == 1
    assert view.previous_state.exit_code == 137
    machine.delete(name)


def test_a_container_deaf_to_sigterm_is_killed_after_the_grace(machine: StandIn, name: str) -> None:
    machine.run(name, container_group(DEAF))
    until(lambda: machine.log(name))
    machine.client.container_groups.stop("jobs", name)
    machine.wait(name, "Stopped")
    assert machine.container(name).current_state.exit_code == 137
    machine.delete(name)


@pytest.mark.parametrize("command", [["no-such-program"], ["nul\0"]])
def test_a_command_that_cannot_be_run(machine: StandIn, name: str, command: list[str]) -> None:
    machine.run(name, container_group(command=command), "Failed")
    assert machine.container(name).current_state.exit_code == 127
    assert machine.log(name)
    machine.delete(name)


def test_every_container_of_a_group_counts(machine: StandIn, name: str) -> None:
    group = container_group("pass")
    other = container_group(FOREVER).containers[0]
    other.name = "other"
    group.containers.append(other)
    machine.run(name, group)
    until(lambda: (v := machine.container(name)) and v.current_state.state == "Terminated")
    assert machine.get(name).instance_view.state == "Running"
    os.kill(machine.process_of(name), signal.SIGKILL)
    machine.wait(name, "Failed")
    machine.delete(name)
