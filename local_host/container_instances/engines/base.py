"""What the stand-in asks of an engine, and the programs of engines."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local_host.container_instances.definition import Container

_PATIENCE = 120.0  # seconds: a copy of a large image on a slow disk


class EngineError(Exception):
    """An engine is not there or does not work; the message ends with what it said."""


@dataclass(frozen=True)
class Program:
    """The process that stands for a container: once it has ended, so has the container.

    `environment` is the whole of it, secrets included; `memory_bytes` the limit that the process
    gets, None where the engine sets it; `removal` the command that ends the container where to
    kill the process does not.
    """

    command: tuple[str, ...]
    environment: dict[str, str]
    workdir: str
    memory_bytes: int | None
    removal: tuple[str, ...] = ()


class Engine(Protocol):
    """Turns the images that containers name into programs."""

    def has(self, image: str) -> bool:
        """Whether there is such an image."""

    def program(self, container: Container, home: Path) -> Program | None:
        """What to start for a container; None while its image is being made ready.

        `home` is a folder of the container's own on this machine.

        Raises:
            EngineError: the image cannot be used.
        """

    def close(self) -> None:
        """Let go of what no container needs; none of them runs any more."""


def find(program: str) -> str:
    """Where a program is.

    Raises:
        EngineError: it is not there.
    """
    found = shutil.which(program)
    if found is None:
        raise EngineError(f"{program} is not installed")
    return found


def run(*command: str, patience: float = _PATIENCE) -> str:
    """What a command prints.

    Raises:
        EngineError: it failed, or did not end within `patience` seconds.
    """
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=patience)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or "").strip()[-1000:]
        raise EngineError(f"{' '.join(command[:4])} …: {said or error}") from None
    return done.stdout.strip()
