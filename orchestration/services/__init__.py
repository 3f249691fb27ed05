"""The Azure services that the control plane drives, each through its real SDK."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..model import RunRequest, Trial
from ..settings import Settings
from ..telemetry import Telemetry
from .container_groups import ContainerGroups
from .definitions import Noun
from .queues import Queues
from .records import Records
from .webhook import Webhook

Faults = list[tuple[str, str]]
"""Pairs of a path and what is wrong there."""


@dataclass(frozen=True)
class Services:
    """What triggers and activities work with.

    `read_dataset` takes a dataset specification as text or as data, the number of units that it
    must last for, the format that is to hold its rows, and what reads the lists that it names by
    their address; it gives the specification back as data, with the lists in it, and what is wrong
    with it.

    `try_dataset` makes some units of a request for as long as that takes seconds, not minutes; or
    says why it cannot.

    `webhook` is told of runs; None where nobody is. `telemetry` is what the control plane says of
    itself, to nobody by default.
    """

    settings: Settings
    records: Records
    queues: Queues
    groups: ContainerGroups
    read_dataset: Callable[
        [bytes | dict[str, Any], int | None, str | None, Callable[[str], bytes | None]],
        tuple[dict[str, Any], Faults],
    ]
    try_dataset: Callable[[RunRequest], Trial | str]
    webhook: Webhook | None = None
    telemetry: Telemetry = field(default_factory=Telemetry)


__all__ = ["ContainerGroups", "Faults", "Noun", "Queues", "Records", "Services", "Webhook"]
