import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from support.container_instances import has_ended

from local_host.services.process import Service, ServiceError

READY = "open('ready', 'w').close()"
SLEEP = "import time; time.sleep(60)"
IGNORE_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
# What another process runs to start a service of the same folder.
STARTER = """
import sys
from pathlib import Path
from local_host.services.process import Service
folder = Path(sys.argv[1])
Service("sleeper", (sys.executable, "-ISc", sys.argv[2]), folder, (folder / "ready").exists).start()
"""


def service(folder: Path, *statements: str, patience: float = 10, grace: float = 10) -> Service:
    command = (sys.executable, "-ISc", "\n".join(statements))
    ready = (folder / "ready").exists
    return Service("sleeper", command, folder, ready, patience=patience, grace=grace)


def test_a_started_service_is_ready_and_stops(tmp_path: Path) -> None:
    sleeper = service(tmp_path, READY, SLEEP)
    sleeper.start()
    pid = sleeper.pid
    assert pid
    assert (tmp_path / "ready").exists()
    assert os.getsid(pid) == pid
    assert sleeper.stop()
    assert sleeper.pid is None
    assert not psutil.pid_exists(pid)
    assert not sleeper.stop()


def test_it_survives_its_starter_and_is_adopted(tmp_path: Path) -> None:
    code = f"{READY}\n{SLEEP}"
    subprocess.run([sys.executable, "-c", STARTER, str(tmp_path), code], check=True)
    adopting = service(tmp_path, "raise SystemExit('it runs already')")
    pid = adopting.pid
    adopting.start()
    assert adopting.pid == pid is not None
    adopting.stop()
    assert has_ended(pid)


def test_starters_at_once_start_one_process(tmp_path: Path) -> None:
    services = [service(tmp_path, "print('started', flush=True)", READY, SLEEP) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Service.start, services))
    assert len({each.pid for each in services}) == 1
    assert services[0].log.read_text().count("started") == 1
    services[0].stop()
    assert [each.pid for each in services] == [None] * 4


def test_a_service_that_ends_says_why(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"(?s)sleeper ended.*no such luck"):
        service(tmp_path, "raise SystemExit('no such luck')").start()


def test_a_service_that_does_not_get_ready_is_stopped(tmp_path: Path) -> None:
    sleeper = service(tmp_path, "print('still loading', flush=True)", SLEEP, patience=3)
    with pytest.raises(ServiceError, match=r"(?s)not ready after 3 s.*still loading"):
        sleeper.start()
    assert sleeper.pid is None


def test_a_stubborn_service_is_killed_with_its_children(tmp_path: Path) -> None:
    child = f"subprocess.Popen([sys.executable, '-ISc', {f'{IGNORE_SIGTERM}; {SLEEP}'!r}])"
    sleeper = service(
        tmp_path, "import subprocess, sys", IGNORE_SIGTERM, child, READY, SLEEP, grace=0.2
    )
    sleeper.start()
    family = [psutil.Process(sleeper.pid), *psutil.Process(sleeper.pid).children()]
    sleeper.stop()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert len(family) == 2
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []


def test_a_pid_that_belongs_to_another_now_is_neither_adopted_nor_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-ISc", SLEEP]) as stranger:
        known = {"pid": stranger.pid, "started": psutil.Process(stranger.pid).create_time() - 60}
        (tmp_path / "sleeper.pid").write_text(json.dumps(known))
        sleeper = service(tmp_path, READY, SLEEP)
        assert sleeper.pid is None
        sleeper.start()
        assert sleeper.pid != stranger.pid
        sleeper.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_its_environment_is_the_given_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_STARTER", "x")
    sleeper = service(tmp_path, "import os; print(sorted(os.environ), flush=True)", READY, SLEEP)
    sleeper.environment = {"LC_ALL": "C", "COLOUR": "blue"}
    sleeper.start()
    sleeper.stop()
    assert sleeper.log.read_text() == "['COLOUR', 'LC_ALL']\n"
