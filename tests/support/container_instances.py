"""The stand-in for Azure Container Instances as a process, driven by the real SDK."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.containerinstance import ContainerInstanceManagementClient
from azure.mgmt.containerinstance.models import (
    Container,
    ContainerGroup,
    EnvironmentVariable,
    ResourceRequests,
    ResourceRequirements,
)

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
RESOURCE_GROUP = "jobs"
LOCATION = "eastus"
PYTHON = "python:local"  # an image that is in the images file by default
QUICK = {"grace_seconds": 0.5, "backoff_seconds": 0.1, "tick_seconds": 0.03}


class _Credential:
    def get_token(self, *_scopes: str, **_: Any) -> AccessToken:
        return AccessToken("local", 2**31)


class _PlainHttpToken(SansIOHTTPPolicy[Any, Any]):
    """The SDK's own policy refuses to send a token over plain http."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["Authorization"] = "Bearer local"


def sdk_client(url: str, retries: int = 0, **options: Any) -> ContainerInstanceManagementClient:
    """The real client on a stand-in; it neither retries nor waits 30 s between polls."""
    return ContainerInstanceManagementClient(
        credential=_Credential(),
        subscription_id=SUBSCRIPTION,
        base_url=url,
        authentication_policy=_PlainHttpToken(),
        retry_total=retries,
        polling_interval=0.05,
        **options,
    )


def code_of(error: HttpResponseError) -> str | None:
    """ARM's own code, by which alone errors can be told apart."""
    return error.error.code if error.error else None


def retry_after(error: HttpResponseError) -> str | None:
    """The header, in seconds."""
    response: Any = error.response
    value: str | None = response.headers.get("Retry-After")
    return value


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or a zombie that whoever adopted it has yet to reap."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def running(word: str) -> list[psutil.Process]:
    """The processes, in whatever container, that have a word on their command line."""
    found = psutil.process_iter(["cmdline", "status"])
    return [
        process
        for process in found
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and any(word in part for part in process.info["cmdline"] or ())
    ]


def until(read: Callable[[], T], seconds: float = 60) -> T:
    """Read again and again until the answer is true; the answer.

    Raises:
        AssertionError: it still is not after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (answer := read()):
        assert time.monotonic() < deadline, f"after {seconds} s: {answer!r}"
        time.sleep(0.01)
    return answer


def container_group(
    code: str = "",
    *,
    restart_policy: str = "Never",
    image: str = PYTHON,
    command: list[str] | None = None,
    environment: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    cpu: float = 0.5,
    **options: Any,
) -> ContainerGroup:
    """A group of one container `worker`: Python code, a command, or what the image says."""
    plain = [EnvironmentVariable(name=k, value=v) for k, v in (environment or {}).items()]
    secure = [EnvironmentVariable(name=k, secure_value=v) for k, v in (secrets or {}).items()]
    container = Container(
        name="worker",
        image=image,
        command=["python", "-u", "-c", code] if code else command,
        environment_variables=plain + secure,
        resources=ResourceRequirements(requests=ResourceRequests(memory_in_gb=0.5, cpu=cpu)),
    )
    return ContainerGroup(
        location=options.pop("location", LOCATION),
        os_type="Linux",
        containers=[container],
        restart_policy=restart_policy,
        **options,
    )


class StandIn:
    """A stand-in on a state folder, and what tests do with it."""

    def __init__(self, state: Path, command: list[str], environment: Mapping[str, str]) -> None:
        self.state = state
        self._command, self._environment = command, {**os.environ, **environment}
        self.start()

    def start(self) -> None:
        """Start it, again after `kill` or `terminate`; returns when it serves."""
        endpoint = self.state / "endpoint.json"
        endpoint.unlink(missing_ok=True)
        self.process = subprocess.Popen(self._command, cwd=ROOT, env=self._environment)

        def listening() -> str:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}"
            with suppress(FileNotFoundError):
                return str(json.loads(endpoint.read_text())["url"])
            return ""

        self.url = until(listening)
        self.client = sdk_client(self.url)

    def kill(self) -> None:
        """Kill it at once; its containers run on."""
        self.client.close()
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        """Switch the machine off, with every container on it."""
        self.client.close()
        self.process.terminate()
        assert self.process.wait(timeout=15) == 0

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Call the admin path; the JSON of its answer, None when it has none."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/admin/{path}", data, method=method)  # noqa: S310 - http alone
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - http alone
            return json.loads(response.read() or b"null")

    def fault(self, kind: str, **fault: object) -> None:
        """Put a fault in force."""
        self.admin("POST", "faults", {"kind": kind, **fault})

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.admin("DELETE", "faults")

    def processes(self) -> dict[str, list[dict[str, Any]]]:
        """Process ids by group: `container`, `process` and its `shim`."""
        found: dict[str, list[dict[str, Any]]] = self.admin("GET", "processes")
        return found

    def container(self, name: str) -> Any:
        """The instance view of a group's only container; None before its start."""
        return self.get(name).containers[0].instance_view

    def process_of(self, group: str) -> int:
        """The process of a group's only container, once it runs."""
        return until(lambda: int(self.processes().get(group, [{}])[0].get("process") or 0))

    def put(self, name: str, group: ContainerGroup) -> tuple[int, Mapping[str, str]]:
        """PUT a group without waiting for it: status and headers of the answer."""

        def answer(response: Any, *_: object) -> tuple[int, Mapping[str, str]]:
            return response.http_response.status_code, response.http_response.headers

        begin: Any = self.client.container_groups.begin_create_or_update
        reply: tuple[int, Mapping[str, str]] = begin(
            RESOURCE_GROUP, name, group, polling=False, cls=answer
        ).result()
        return reply

    def get(self, name: str) -> Any:
        """GET a group, untyped: the SDK declares what only the server sets as None."""
        return self.client.container_groups.get(RESOURCE_GROUP, name)

    def wait(self, name: str, state: str) -> Any:
        """GET a group until its instance view has a state."""

        def in_state() -> Any:
            found = self.get(name)
            return found if found.instance_view.state == state else None

        return until(in_state)

    def run(self, name: str, group: ContainerGroup, state: str = "Running") -> Any:
        """PUT a group and wait for a state."""
        self.put(name, group)
        return self.wait(name, state)

    def delete(self, name: str) -> None:
        """DELETE a group and wait until it is gone."""
        groups = self.client.container_groups
        groups.begin_delete(RESOURCE_GROUP, name, polling=False).result()
        until(lambda: self.gone(name))

    def gone(self, name: str) -> bool:
        """Whether a group does not exist."""
        try:
            self.get(name)
        except ResourceNotFoundError:
            return True
        return False

    def log(self, name: str, **options: Any) -> str:
        """The output of a group's container."""
        containers = self.client.containers
        return containers.list_logs(RESOURCE_GROUP, name, "worker", **options).content or ""


@contextmanager
def stand_in(
    state: Path,
    images: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    provisioning_seconds: float = 0.05,
    environment: Mapping[str, str] | None = None,
    **options: object,
) -> Iterator[StandIn]:
    """The stand-in for as long as the context lasts; then no container is left.

    `images` are added to the one that runs Python, `options` to those that keep tests quick;
    `environment` is added to that of the stand-in itself.
    """
    state.mkdir(parents=True, exist_ok=True)
    known = state.with_name(f"{state.name}-images.json")
    known.write_text(json.dumps({"images": {PYTHON: {}, **(images or {})}}))
    command = [sys.executable, "-m", "local_host.container_instances"]
    command += ["--state", str(state), "--images", str(known)]
    command += ["--provisioning-seconds", str(provisioning_seconds)]
    for name, value in {**QUICK, **options}.items():
        command += ["--option", f"{name}={value}"]
    machine = StandIn(state, command, environment or {})
    try:
        yield machine
    finally:
        if machine.process.poll() not in (None, 0):  # killed: another one ends its containers
            machine.start()
        if machine.process.poll() is None:
            machine.terminate()
