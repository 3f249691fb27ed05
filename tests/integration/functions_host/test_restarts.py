"""A host that is killed, stopped or refused: what was begun goes on, nothing is applied twice."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.functions_host import APPS, FunctionsHost, functions_host, wait_until

from local_host.functions.durable.framework import FunctionNames, Replay
from local_host.functions.durable.history import Event, Kind
from local_host.functions.durable.sdk import Execution, Handle, replay
from local_host.functions.durable.store import Store

pytestmark = pytest.mark.long

SAMPLE = APPS / "durable_sample"
ROOT = Path(__file__).parents[3]
OUTCOMES = {Kind.TASK_COMPLETED, Kind.TASK_FAILED}


class Place:
    """One state folder; hosts are started on it one after another."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.gate = folder / "gate.txt"
        self.trace = folder / "trace.txt"
        self.trace.touch()

    def host(self, settings: Path | None = None) -> AbstractContextManager[FunctionsHost]:
        environment = {"TRACE_FILE": str(self.trace)}
        return functions_host(SAMPLE, self.state, environment, settings)

    def marks(self, line: str) -> int:
        return self.trace.read_text("utf-8").splitlines().count(line)

    @property
    def lines(self) -> int:
        return len(self.trace.read_text("utf-8").splitlines())

    def has_more_than(self, lines: int) -> bool:
        return self.lines > lines

    def executions(self, instance_id: str) -> list[Execution]:
        store = Store(self.state / "durable.sqlite3")
        try:
            return store.executions(instance_id)
        finally:
            store.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def start(host: FunctionsHost, name: str, instance_id: str, payload: Any = None) -> None:
    url = f"{host.rpc_url}/orchestrators/{name}/{instance_id}"
    # The client in the app sends its JSON as a JSON string, and so does this.
    body = None if payload is None else json.dumps(payload)
    assert httpx.post(url, json=body).status_code == 202


def raise_go(host: FunctionsHost, instance_id: str, payload: Any) -> None:
    url = f"{host.rpc_url}/instances/{instance_id}/raiseEvent/go"
    assert httpx.post(url, json=payload).status_code == 202


def outcomes(history: list[Event]) -> Counter[int]:
    return Counter(
        item["TaskScheduledId"] for item in history if Kind(item["EventType"]) in OUTCOMES
    )


def test_a_kill_in_an_activity_runs_it_again_and_applies_one_result(place: Place) -> None:
    waiting = f"waiting {place.gate}"
    with place.host() as host:
        start(host, "held", "one", str(place.gate))
        wait_until(lambda: place.marks(waiting) == 1)
        host.kill()
    place.gate.write_text("open", "utf-8")
    with place.host() as host:
        assert host.wait_for_status("one", "Completed", "Failed")["output"] == "open"
    assert place.marks(waiting) == 2
    (execution,) = place.executions("one")
    assert outcomes(execution.history) == {0: 1}


def test_events_and_timers_survive_a_kill(place: Place) -> None:
    with place.host() as host:
        start(host, "held_then_go", "early", str(place.gate))
        start(host, "wait_for_go", "late")
        raise_go(host, "early", {"n": 1})
        host.wait_for_status("late", "Running")
        start(host, "nap", "timer")
        host.wait_for_status("timer", "Running")
        host.kill()
    place.gate.write_text("open", "utf-8")
    with place.host() as host:
        raise_go(host, "late", 2)
        assert host.wait_for_status("early", "Completed")["output"] == {"n": 1}
        assert host.wait_for_status("late", "Completed")["output"] == 2
        assert host.wait_for_status("timer", "Completed")["output"] == "rested"


@pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")
def test_many_kills_lose_nothing_and_every_history_replays(place: Place) -> None:
    names = [f"tour{n}" for n in range(20)]
    done = 0
    for _ in range(3):
        with place.host() as host:
            if not done:
                for name in names:
                    start(host, "tour", name, {"round": 1, "rounds": 8})
            wait_until(partial(place.has_more_than, min(done + 60, 20 * 8 * 3 - 1)))
            host.kill()
        done = place.lines
    with place.host() as host:
        for name in names:
            status = host.wait_for_status(name, "Completed", "Failed")
            assert status["output"] == {"sums": [3, 3, 3], "child": 16}
    handles = sample_orchestrators()
    for name in names:
        executions = place.executions(name)
        assert len(executions) == 8
        for execution in executions:
            assert set(outcomes(execution.history).values()) == {1}
            assert_replays(handles["tour"], execution)


def sample_orchestrators() -> dict[str, Handle]:
    spec = importlib.util.spec_from_file_location("durable_sample", SAMPLE / "function_app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {
        item.get_function_name(): item.get_user_function() for item in module.app.get_functions()
    }


def assert_replays(handle: Handle, execution: Execution) -> None:
    """The code asks again for exactly what the history holds, and for nothing more."""
    state = replay(handle, execution)
    everything = FunctionNames(frozenset({"traced"}), frozenset({"one_activity"}))
    again = Replay(execution.execution_id, state.actions, everything)
    for item in execution.history:
        again.play(item)
    assert state.is_done
    assert (again.finished, again.unrecorded) == (True, {})


def test_a_stop_lets_a_running_activity_finish(place: Place) -> None:
    with place.host() as host:
        start(host, "held", "one", str(place.gate))
        wait_until(lambda: place.marks(f"waiting {place.gate}") == 1)
        host.process.terminate()
        wait_until(lambda: "stopping" in host.log.read_text("utf-8"))
        place.gate.write_text("open", "utf-8")
        assert host.process.wait(20) == 0
    with place.host() as host:
        assert host.wait_for_status("one", "Completed")["output"] == "open"
    assert place.marks(f"waiting {place.gate}") == 1


def test_a_stop_does_not_wait_for_ever(place: Place) -> None:
    with place.host() as host:
        start(host, "held", "one", str(place.gate))
        wait_until(lambda: place.marks(f"waiting {place.gate}") == 1)
        assert host.stop() == 0
    assert outcomes(place.executions("one")[0].history) == {}


def test_settings_of_a_file_reach_the_app(place: Place, tmp_path: Path) -> None:
    settings = tmp_path / "local.settings.json"
    settings.write_text('{"IsEncrypted": false, "Values": {"GREETING": "from file"}}', "utf-8")
    with place.host(settings) as host:
        assert httpx.get(f"{host.base_url}/api/echo/a/b").json()["greeting"] == "from file"


def test_a_second_host_on_the_same_state_is_refused(place: Place) -> None:
    with place.host():
        refused = run_to_its_end(SAMPLE, place.state)
    assert (refused.returncode, "another host uses" in refused.stderr) == (2, True)


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    refused = run_to_its_end(tmp_path, tmp_path / "state")
    assert refused.returncode == 2
    assert refused.stderr == f"Functions host: no function_app.py in {tmp_path}\n"


def run_to_its_end(app: Path, state: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local_host.functions", "--port", "0"]
    command += ["--app", str(app), "--state", str(state)]
    return subprocess.run(
        command, cwd=ROOT, env={}, capture_output=True, text=True, timeout=30, check=False
    )
