"""What the stand-in is told at its start."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import from_json

from local_host.container_instances.definition import Container

EngineName = Literal["process", "buildah", "podman", "docker"]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Region(_Told):
    """The quotas of a region, and its `capacity`, the cores that it has in all; None: any."""

    groups: int = 100
    cores: int = 100
    spot_cores: int = 100
    capacity: float | None = None


def _parsed(value: object) -> object:
    return from_json(value) if isinstance(value, str) else value


class Options(_Told):
    """Times in seconds, and the limits of regions: of those in `regions`, and of all others.

    `storage` is where buildah and podman keep images, if not where they do by themselves.
    """

    provisioning_seconds: float = 2.0  # until the images are pulled
    grace_seconds: float = 10.0  # from SIGTERM to SIGKILL
    backoff_seconds: float = 10.0  # before the first restart; then it doubles
    tick_seconds: float = 0.2
    groups: int = 100
    cores: int = 100
    spot_cores: int = 100
    regions: Annotated[Mapping[str, Region], BeforeValidator(_parsed)] = {}  # JSON, as an option
    per_5_minutes: int = 100  # creates, and as many deletes
    per_hour: int = 300
    page_size: int = 100
    engine: EngineName = "process"
    storage: Path | None = None

    def region(self, location: str) -> Region:
        """The limits of a region."""
        rest = Region(groups=self.groups, cores=self.cores, spot_cores=self.spot_cores)
        return self.regions.get(location, rest)


class Image(_Told):
    """What stands for a container image: a command, and the folder that its Python imports from.

    It runs in the folder `workdir`, or else in a home of its own.
    """

    command: tuple[str, ...] = ()
    root: Path | None = None
    workdir: Path | None = None
    environment: dict[str, str] = {}

    def command_for(self, container: Container) -> tuple[str, ...]:
        """The container's own command, or else the image's."""
        return container.command or self.command

    def environment_for(self, container: Container, home: Path) -> dict[str, str]:
        """The whole environment: nothing of the stand-in's own gets in."""
        path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", os.defpath])
        root = {"PYTHONPATH": str(self.root)} if self.root else {}
        own = {"PATH": path, "HOME": str(home)}
        return {**own, **root, **self.environment, **container.environment()}


class Images(_Told):
    """The images file: images by reference."""

    images: dict[str, Image] = {}
