"""The worker's image, built here, and its containers."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local_host import images
from local_host.container_instances.definition import Container
from local_host.container_instances.engines import Engine, EngineError, Program, open_engine
from local_host.container_instances.options import EngineName, Images
from support.container_instances import PYTHON, StandIn, container_group, until


@cache
def built() -> None:
    """Build the images; if they are not to be had, skip the test, or fail it where CI is set."""
    try:
        images.build()
        images.buildah("tag", images.IMAGE, PYTHON)
    except EngineError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the image cannot be built: {error}")


@cache
def broken(name: EngineName) -> str:
    """Why an engine runs no container here; nothing if it does."""
    home = Path(tempfile.gettempdir())
    try:
        engine = open_engine(name, Images(), images.STORAGE, home)
        program = engine.program(container(PYTHON, {}, "true"), home)
        assert program
        subprocess.run(
            program.command, env=program.environment, check=True, capture_output=True, text=True
        )
    except (EngineError, subprocess.CalledProcessError) as error:
        return str(getattr(error, "stderr", "") or error).strip()[-300:]
    return ""


def container(image: str, variables: Mapping[str, str], *command: str) -> Container:
    """A container as it is asked for."""
    properties: dict[str, Any] = {
        "image": image,
        "command": command or None,
        "environmentVariables": [{"name": k, "value": v} for k, v in variables.items()],
        "resources": {"requests": {"cpu": 1, "memoryInGB": 1.5}},
    }
    return Container.model_validate({"name": "worker", "properties": properties})


ENGINES: list[Any] = ["process", pytest.param("buildah", marks=pytest.mark.image)]
"""What containers may be; podman and docker where their clients are."""
ENGINES += [
    pytest.param(name, marks=pytest.mark.image)
    for name in ("podman", "docker")
    if shutil.which(name)
]


def options_of(name: EngineName) -> dict[str, Any]:
    """Those of a stand-in with an engine that has `PYTHON`; a skip where a client alone is."""
    if name == "process":
        return {}
    built()
    if name != "buildah" and (reason := broken(name)):
        pytest.skip(f"{name} runs no container here: {reason}")
    return {"engine": name, "storage": images.STORAGE}


def make_ready(machine: StandIn) -> None:
    """Return when a stand-in has what it needs to start groups of `PYTHON` at once."""
    machine.put("first", container_group("pass"))
    until(lambda: machine.get("first").instance_view.state == "Succeeded", 120)
    machine.delete("first")


class Worker:
    """Containers of the worker's image, each a process that ends with the test."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def program(self, home: Path, variables: Mapping[str, str], *command: str) -> Program:
        """What the stand-in would start."""
        wanted = container(images.IMAGE, variables, *command)
        program = until(lambda: self._engine.program(wanted, home), 120)
        assert program
        return program

    @contextmanager
    def start(
        self, home: Path, variables: Mapping[str, str], *command: str
    ) -> Iterator["subprocess.Popen[str]"]:
        """A container; killed at the end."""
        program = self.program(home, variables, *command)
        with subprocess.Popen(
            program.command,
            env=program.environment,
            cwd=program.workdir,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def python(self, home: Path, code: str) -> str:
        """What some code prints in the image."""
        with self.start(home, {}, "python", "-c", code) as process:
            printed, _ = process.communicate(timeout=60)
            assert process.returncode == 0, printed
            return printed
