"""podman and docker: their client is the process that stands for a container."""

import hashlib
import os
from pathlib import Path

from local_host.container_instances.definition import Container
from local_host.container_instances.engines.base import EngineError, Program, find, run

# What the client itself needs of the stand-in's environment: where it is and whom it talks to.
_OWN = ("PATH", "HOME", "USER", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
_OWN_PREFIXES = ("DOCKER_", "CONTAINER_", "CONTAINERS_")
_INFO_SECONDS = 20.0


class Client:
    """Runs images as they would run elsewhere; networking alone is this machine's.

    A container's variables are in the client's environment and on no command line. So one that is
    named like a variable of the client's own would change what the client does.
    """

    def __init__(self, name: str, storage: Path | None) -> None:
        self._command: tuple[str, ...] = (find(name),)
        if name == "podman" and storage:
            self._command += ("--root", str(storage), "--runroot", str(storage / "run"))
        self._at_once = ("--time", "0") if name == "podman" else ()  # docker gives no grace
        # A client may be there without the service that it talks to.
        run(*self._command, "info", patience=_INFO_SECONDS)

    def has(self, image: str) -> bool:
        """Whether the engine has it; nothing is pulled."""
        try:
            run(*self._command, "image", "inspect", image)
        except EngineError:
            return False
        return True

    def program(self, container: Container, home: Path) -> Program:
        """`run` in the foreground, which hands on SIGTERM, and `rm` for what a kill leaves."""
        name = f"aci-jobs-{hashlib.sha256(str(home).encode()).hexdigest()[:16]}"
        variables = container.environment()
        # As in Azure a command replaces the image's entry point too.
        entry = ("--entrypoint", container.command[0]) if container.command else ()
        return Program(
            command=(
                *self._command,
                *("run", "--rm", "--pull", "never", "--name", name),
                *("--network", "host", "--read-only", "--tmpfs", "/tmp"),  # noqa: S108 - its own
                *("--security-opt", "no-new-privileges", "--cap-drop", "ALL"),
                *("--memory", str(container.memory_bytes), "--cpus", f"{container.cpu:g}"),
                *(word for variable in variables for word in ("--env", variable)),
                *entry,
                container.image,
                *(container.command or ())[1:],
            ),
            environment={**_own_environment(), **variables},
            workdir=str(home),
            memory_bytes=None,
            removal=(*self._command, "rm", "--force", *self._at_once, name),
        )

    def close(self) -> None:
        """Containers remove themselves; images are the user's."""


def _own_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _OWN or name.startswith(_OWN_PREFIXES)
    }
