"""The Azure services that the control plane drives, each through its real SDK."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..settings import Settings
from .container_groups import ContainerGroups
from .queues import Queues
from .records import Records


@dataclass(frozen=True)
class Services:
    """What triggers and activities work with.

    `check_dataset` names what is wrong with a dataset: pairs of path and reason, none if nothing.
    """

    settings: Settings
    records: Records
    queues: Queues
    groups: ContainerGroups
    check_dataset: Callable[[Any], list[tuple[str, str]]]


__all__ = ["ContainerGroups", "Queues", "Records", "Services"]
