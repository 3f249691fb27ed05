"""The deployed app under Microsoft's worker library, in a process and an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

from deployment.package import APP, write
from local_host.services.process import base_environment

_ROOT = Path(__file__).parents[2]
_PROGRAM = _ROOT / "tests" / "functions_worker" / "worker.py"
ENVIRONMENTS = _ROOT / ".local" / "functions-worker"

Input = tuple[str, Any]
"""What a parameter is given: how the host sends it, and the value."""


class InvocationError(Exception):
    """The library answered with an error; the message is its traceback."""


class IndexingError(Exception):
    """The library could not index the app; the message is its own."""


class FunctionsWorker:
    """The process; `functions` has what was indexed: each function's bindings, by its name."""

    def __init__(self, asked: IO[str], answered: IO[str]) -> None:
        self._asked, self._answered = asked, answered
        first = self._read()
        if "error" in first:
            raise IndexingError(first["error"])
        self.functions: dict[str, list[dict[str, Any]]] = first["functions"]

    def call(self, name: str, **inputs: Input) -> Any:
        """What a function returns, as the host gets it. Raises InvocationError."""
        self._asked.write(json.dumps({"name": name, "inputs": inputs}) + "\n")
        self._asked.flush()
        answer = self._read()
        if "error" in answer:
            raise InvocationError(answer["error"].rstrip("\n"))
        return answer["value"]

    def trigger(self, name: str) -> dict[str, Any]:
        """The trigger among a function's bindings."""
        bindings = self.functions[name]
        return next(binding for binding in bindings if binding["type"].endswith("Trigger"))

    def _read(self) -> dict[str, Any]:
        line = self._answered.readline()
        if not line:
            raise RuntimeError("the process of the worker library has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def functions_worker(
    sdk: str, app: Path, settings: Mapping[str, str], log: Path
) -> Iterator[FunctionsWorker]:
    """Run the library until the block ends, on the Durable SDK of major version `sdk`."""
    python = environment(sdk)
    command = [str(python), "-I", str(_PROGRAM), str(ENVIRONMENTS / "library"), str(app)]
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            env={**base_environment(), **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        yield FunctionsWorker(process.stdin, process.stdout)
        process.stdin.close()
        process.wait(30)


def environment(sdk: str) -> Path:
    """The interpreter of an environment with the app's requirements alone."""
    python = ENVIRONMENTS / sdk / "bin" / "python"
    assert python.exists(), f"`make {python.parents[1].relative_to(_ROOT)}` makes what is missing"
    return python


def http(method: str, path: str, body: Any = None, route: Mapping[str, str] | None = None) -> Input:
    """A call of the API as the host gives it to a function; `route` has the path's parameters."""
    text = "" if body is None else json.dumps(body)
    headers = {"content-type": "application/json"} if text else {}
    url = f"http://127.0.0.1/api/{path}"
    request = {"method": method, "url": url, "headers": headers, "body": text}
    return "http", {**request, "params": dict(route or {}), "query": {}}


def unpacked(folder: Path) -> Path:
    """The deployment package, unpacked in a folder where nothing else is."""
    write(APP, folder / "app.zip")
    with ZipFile(folder / "app.zip") as archive:
        archive.extractall(folder / "app")
    return folder / "app"
