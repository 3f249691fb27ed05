"""Images of buildah, run by a launcher of our own.

`buildah run` answers SIGTERM by killing the container, whose exit code is lost then, and needs a
copy of the image for each container where the kernel has no overlays. So buildah builds and keeps
images; the tree of one is copied once, and every container sees it read-only (see `contained`).
"""

import json
import os
import shutil
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_host.container_instances import contained
from local_host.container_instances.definition import Container
from local_host.container_instances.engines.base import EngineError, Program, find, run
from local_host.services.once import fill_once


@dataclass(frozen=True)
class _Image:
    id: str
    config: dict[str, Any]  # as OCI has it

    @property
    def command(self) -> tuple[str, ...]:
        return (*(self.config.get("Entrypoint") or ()), *(self.config.get("Cmd") or ()))

    @property
    def environment(self) -> dict[str, str]:
        return dict(item.split("=", 1) for item in self.config.get("Env") or ())


class Buildah:
    """Runs images with this machine's network; needs root, as mounts do."""

    def __init__(self, storage: Path | None, roots: Path) -> None:
        if os.geteuid() != 0:
            raise EngineError("the engine buildah needs root; podman and docker do not")
        self._command = buildah_on(storage)
        self._roots = roots
        self._thread = ThreadPoolExecutor(1)
        self._found: dict[str, _Image] = {}
        self._copies: dict[str, Future[Path]] = {}

    def has(self, image: str) -> bool:
        """Whether its storage has it; nothing is pulled."""
        found = self._find(image)
        if found:
            self._found[image] = found
        return found is not None

    def program(self, container: Container, home: Path) -> Program | None:
        """The image's entry point or the container's command, below the image's tree."""
        image = self._found.get(container.image) or self._find(container.image)
        if image is None:
            raise EngineError(f"the image {container.image} is gone")
        root = self._root(image)
        if root is None:
            return None
        user = contained.user_of(root, image.config.get("User") or "")
        workdir = image.config.get("WorkingDir") or "/"
        return Program(
            command=(
                *(sys.executable, "-I", "-S", contained.__file__),
                *(str(root), *map(str, user), workdir),
                *(container.command or image.command),
            ),
            environment={**image.environment, **container.environment()},
            workdir=str(home),
            memory_bytes=container.memory_bytes,
        )

    def close(self) -> None:
        """Forget the trees of images that are gone."""
        self._thread.shutdown()
        kept = set(run(*self._command, "images", "--quiet", "--no-trunc").split())
        for root in self._roots.glob("*/") if self._roots.exists() else ():
            if f"sha256:{root.name}" not in kept:
                shutil.rmtree(root, ignore_errors=True)

    def _find(self, image: str) -> _Image | None:
        try:
            found = json.loads(run(*self._command, "inspect", "--type", "image", image))
        except EngineError:
            return None
        return _Image(found["FromImageID"], found["OCIv1"]["config"])

    def _root(self, image: _Image) -> Path | None:
        """The tree of an image, once it is copied; the first that asks has it copied.

        Raises:
            EngineError: it could not be copied; who asks again tries again.
        """
        copy = self._copies.get(image.id)
        if copy is None:
            copy = self._copies[image.id] = self._thread.submit(self._copied, image.id)
        if not copy.done():
            return None
        if copy.exception():
            del self._copies[image.id]
        return copy.result()

    def _copied(self, image: str) -> Path:
        return fill_once(self._roots / image, lambda folder: self._copy(image, folder))

    def _copy(self, image: str, folder: Path) -> None:
        name = f"aci-jobs-{folder.name}"
        run(*self._command, "from", "--pull-never", "--name", name, image)
        try:
            tree = run(*self._command, "mount", name)
            run("cp", "--archive", "--reflink=auto", f"{tree}/.", str(folder))
        finally:
            run(*self._command, "rm", name)


def buildah_on(storage: Path | None) -> tuple[str, ...]:
    """The command, on a storage of its own if there is one."""
    places = ("--root", str(storage), "--runroot", str(storage / "run")) if storage else ()
    return (find("buildah"), *places)
