"""What containers are: processes of this machine, or images of an engine that is on it."""

from pathlib import Path

from local_host.container_instances.engines.base import Engine, EngineError, Program
from local_host.container_instances.engines.buildah import Buildah
from local_host.container_instances.engines.client import Client
from local_host.container_instances.engines.process import Process
from local_host.container_instances.options import EngineName, Images

__all__ = ["Engine", "EngineError", "Program", "open_engine"]


def open_engine(name: EngineName, images: Images, storage: Path | None, state: Path) -> Engine:
    """The engine of a name.

    `images` is for `process` alone, `storage` where buildah and podman keep images if not in their
    own place, and `state` the stand-in's folder.

    Raises:
        EngineError: it is not there, or does not work.
    """
    match name:
        case "process":
            return Process(images)
        case "buildah":
            return Buildah(storage, state / "roots")
        case "podman" | "docker":
            return Client(name, storage)
