"""The state folder: whatever the stand-in knows, it knows from here.

``groups/<subscription>/<resource group>/<name>/group.json`` is a group, with its secrets; beside
it each deployment has a folder, with a folder for each container. Everything is the owner's alone.
"""

import shutil
from pathlib import Path

from pydantic import TypeAdapter

from local_host.container_instances.model import Address, Group
from local_host.container_instances.shim import write_private

_GROUP = TypeAdapter(Group)


class Store:
    """The groups on disk; every write is whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._groups = folder / "groups"
        self._groups.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[Address, Group]:
        """All groups by the key of their address."""
        groups = [
            _GROUP.validate_json(path.read_bytes())
            for path in sorted(self._groups.glob("*/*/*/group.json"))
        ]
        return {group.address.key: group for group in groups}

    def write(self, group: Group) -> None:
        """Keep a group."""
        folder = self._folder(group)
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / "group.json", _GROUP.dump_json(group).decode())

    def remove(self, group: Group) -> None:
        """Forget a group; first its record, so that what a crash leaves behind is no group."""
        (self._folder(group) / "group.json").unlink(missing_ok=True)
        shutil.rmtree(self._folder(group), ignore_errors=True)

    def container(self, group: Group, container: str) -> Path:
        """The folder of a container in the group's latest deployment."""
        return self._folder(group) / group.operation / container

    def containers(self, group: Group) -> list[Path]:
        """The folders of the containers in the group's latest deployment."""
        return [self.container(group, c.name) for c in group.definition.containers]

    def earlier(self, group: Group) -> list[Path]:
        """The folders of deployments that the latest one replaces."""
        folders = [path for path in self._folder(group).iterdir() if path.is_dir()]
        return [path for path in folders if path.name != group.operation]

    def _folder(self, group: Group) -> Path:
        return self._groups.joinpath(*group.address.key)
