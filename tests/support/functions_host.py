"""The local Functions host as a process of its own, for tests."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from local_host.functions.durable.client_binding import rpc_path
from local_host.loopback import NO_CERTIFICATES, request

APPS = Path(__file__).parent / "apps"
_ROOT = Path(__file__).parents[2]
T = TypeVar("T")
_READY = re.compile(r"is ready at (http://\S+)")


@dataclass(frozen=True)
class FunctionsHost:
    """A running host; `base_url` has no slash at its end, the keys open what their names say."""

    base_url: str
    function_key: str
    system_key: str
    master_key: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def rpc_url(self) -> str:
        """Where the SDK's client of the app calls, without a key."""
        return f"{self.base_url}{rpc_path(self.system_key)}"

    def client(self) -> httpx.Client:
        """Return a client that calls the app's functions with the function key."""
        headers = {"x-functions-key": self.function_key}
        return httpx.Client(
            base_url=self.base_url, headers=headers, timeout=20, verify=NO_CERTIFICATES
        )

    def kill(self) -> None:
        """End the process at once, as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)

    def stop(self) -> int:
        """Ask the process to end and return its exit code."""
        self.process.terminate()
        return self.process.wait(60)

    def status(self, instance_id: str, **query: str) -> dict[str, Any]:
        """Return the status document of an instance."""
        url = f"{self.base_url}/runtime/webhooks/durabletask/instances/{instance_id}"
        answer = request("GET", url, params=query | {"code": self.system_key})
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document

    def wait_for_status(
        self, instance_id: str, *states: str, timeout: float = 60
    ) -> dict[str, Any]:
        """Wait until the instance is in one of the states and return its status document."""
        return wait_until(
            lambda: (
                status if (status := self.status(instance_id))["runtimeStatus"] in states else None
            ),
            timeout,
        )


def wait_until(probe: Callable[[], T | None], timeout: float = 60) -> T:
    """Return the first truthy value of the probe. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if value := probe():
            return value
        time.sleep(0.01)
    raise TimeoutError(f"not reached in {timeout} s")


@contextmanager
def functions_host(
    app: Path, state: Path, environment: Mapping[str, str], settings: Path | None = None
) -> Iterator[FunctionsHost]:
    """Run the host for an app folder until the block ends; the environment is all it gets."""
    state.mkdir(parents=True, exist_ok=True)
    log = state / "host.log"
    command = [sys.executable, "-m", "local_host.functions", "--port", "0"]
    command += ["--app", str(app), "--state", str(state)]
    if settings:
        command += ["--settings", str(settings)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=_ROOT, env=dict(environment), stdout=output, stderr=output
        )
    try:
        address = wait_until(lambda: _address(process, log), timeout=60)
        keys = json.loads((state / "keys.json").read_text("utf-8"))
        yield FunctionsHost(address, keys["function"], keys["system"], keys["master"], process, log)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _address(process: subprocess.Popen[bytes], log: Path) -> str | None:
    text = log.read_text("utf-8")
    if process.poll() is not None:
        raise RuntimeError(f"the host ended with {process.returncode}: {text}")
    match = _READY.search(text)
    return match[1] if match else None
