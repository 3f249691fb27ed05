"""What a container gets, what it leaves behind and what is kept of its output."""

import ast
import stat
from pathlib import Path
from uuid import uuid4

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from support.container_instances import (
    RESOURCE_GROUP,
    StandIn,
    code_of,
    container_group,
    has_ended,
    running,
    stand_in,
    until,
)
from support.images import ENGINES

SHOW = "import os; print({**os.environ, 'cwd': os.getcwd()})"
FOREVER = "import time; time.sleep(600)"


def test_the_environment_is_exactly_what_was_asked_for(machine: StandIn, name: str) -> None:
    group = container_group(SHOW, environment={"PLAIN": "1"}, secrets={"SECRET": "Zoë €"})
    machine.run(name, group, "Succeeded")
    environment = ast.literal_eval(machine.log(name))
    environment.pop("LC_CTYPE", None)  # Python's own
    home = environment.pop("HOME")
    assert environment.pop("cwd") == home
    assert Path(home).is_relative_to(machine.state)
    assert environment.pop("PATH")
    assert environment == {"PLAIN": "1", "SECRET": "Zoë €"}
    machine.delete(name)


def test_an_image_brings_its_command_modules_and_environment(state: Path, tmp_path: Path) -> None:
    (tmp_path / "greeting.py").write_text("import os; print('hello', os.environ['WHO'])")
    image = {
        "command": ["python", "-m", "greeting"],
        "root": str(tmp_path),
        "environment": {"WHO": "image", "PORT": "1"},
    }
    with stand_in(state, {"worker:1": image}) as machine:
        machine.run("a", container_group(image="worker:1"), "Succeeded")
        assert machine.log("a") == "hello image\n"
        machine.run("b", container_group(image="worker:1", environment={"WHO": "b"}), "Succeeded")
        assert machine.log("b") == "hello b\n"


def test_secrets_are_never_shown_and_their_files_are_private(machine: StandIn, name: str) -> None:
    group = container_group(FOREVER, secrets={"KEY": "do-not-tell"})
    machine.run(name, group)
    shown = machine.get(name)
    assert [variable.name for variable in shown.containers[0].environment_variables] == ["KEY"]
    assert "do-not-tell" not in str(shown.as_dict())
    files = [path for path in machine.state.rglob("*") if path.is_file()]
    telling = [path for path in files if b"do-not-tell" in path.read_bytes()]
    assert telling
    assert not [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    machine.delete(name)


@pytest.mark.parametrize("shared", ENGINES, indirect=True)
def test_a_secret_is_on_no_command_line(machine: StandIn, name: str) -> None:
    show = "import os; print(os.environ['KEY'], flush=True)\n"
    machine.run(name, container_group(show + FOREVER, secrets={"KEY": "not-for\nall"}))
    until(lambda: machine.log(name) == "not-for\nall\n")
    assert running("not-for") == []
    machine.delete(name)


@pytest.mark.parametrize("shared", ENGINES, indirect=True)
def test_delete_leaves_no_process_not_even_in_another_session(machine: StandIn, name: str) -> None:
    word = f"word-{uuid4().hex}"
    spawn = (
        "import subprocess as s, sys\n"
        f"child = [sys.executable, '-c', {FOREVER!r}, '-'.join(['word', {word[5:]!r}])]\n"
        "s.Popen(child), s.Popen(child, start_new_session=True)\n"
    )
    machine.run(name, container_group(spawn + FOREVER))
    until(lambda: len(running(word)) == 2)
    pids = [*machine.processes()[name][0].values()][1:]
    assert not any(has_ended(pid) for pid in pids)
    machine.delete(name)
    until(lambda: not running(word) and all(has_ended(pid) for pid in pids))


@pytest.mark.parametrize("shared", ["process", ENGINES[1]], indirect=True)  # as a process's own
def test_memory_beyond_the_limit_is_refused(machine: StandIn, name: str) -> None:
    machine.run(name, container_group("bytearray(600 << 20)"), "Failed")
    assert "MemoryError" in machine.log(name)
    machine.delete(name)


def test_an_image_without_a_command_cannot_be_run(machine: StandIn, name: str) -> None:
    machine.run(name, container_group(command=None), "Failed")
    assert machine.container(name).current_state.exit_code == 127
    assert machine.log(name)
    machine.delete(name)


@pytest.mark.parametrize("shared", ENGINES[1:], indirect=True)
def test_an_image_that_is_not_there_is_refused_as_in_azure(machine: StandIn, name: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        machine.put(name, container_group(image="no-such-image:1"))
    assert (refused.value.status_code, code_of(refused.value)) == (400, "InaccessibleImage")
    assert machine.gone(name)


def test_log_before_the_start_and_after_the_delete(machine: StandIn, name: str) -> None:
    machine.fault("stuck_pending", group=name)
    machine.put(name, container_group(FOREVER))
    with pytest.raises(ResourceNotFoundError) as early:
        machine.log(name)
    assert code_of(early.value) == "ContainerLogNotAvailable"
    with pytest.raises(ResourceNotFoundError) as wrong:
        machine.client.containers.list_logs(RESOURCE_GROUP, name, "another")
    assert code_of(wrong.value) == "ContainerNotFound"
    machine.delete(name)
    with pytest.raises(ResourceNotFoundError) as late:
        machine.log(name)
    assert code_of(late.value) == "ResourceNotFound"


def test_log_limits_while_running_and_once_ended(machine: StandIn, name: str) -> None:
    noisy = "print(''.join(f'{n:09}\\n' for n in range(500_000)), end='')\nopen('end')\n"
    machine.run(name, container_group("import os; os.mkfifo('end')\n" + noisy))
    until(lambda: machine.log(name, tail=1) == "000499999\n")
    running = machine.log(name)
    assert len(running) == 4 << 20
    assert machine.log(name, tail=2) == "000499998\n000499999\n"
    (home,) = machine.state.glob(f"groups/*/*/{name}/*/worker/home")
    (home / "end").write_text("")
    machine.wait(name, "Succeeded")
    assert machine.log(name) == running[-1000 * 10 :]
    with pytest.raises(HttpResponseError):
        machine.client.containers.list_logs(RESOURCE_GROUP, name, "worker", tail=-1)
    machine.delete(name)


def test_no_output_is_null(machine: StandIn, name: str) -> None:
    machine.run(name, container_group("pass"), "Succeeded")
    logs = machine.client.containers.list_logs(RESOURCE_GROUP, name, "worker")
    assert logs.content is None
    machine.delete(name)
