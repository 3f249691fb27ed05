"""What container groups take of the quotas and the machines of their region."""

from collections import defaultdict
from collections.abc import Sequence

from local_host.container_instances.definition import Definition, no_capacity
from local_host.container_instances.limits import Usage
from local_host.container_instances.options import Region


def usages(groups: Sequence[Definition], limits: Region) -> list[Usage]:
    """The quotas of a region, by Azure's names, with what its groups take of them."""
    cores: dict[str, float] = defaultdict(float)
    for group in groups:
        cores[group.cores] += group.cpu
    return [
        Usage("ContainerGroups", len(groups), limits.groups),
        Usage("StandardCores", cores["StandardCores"], limits.cores),
        Usage("StandardSpotCores", cores["StandardSpotCores"], limits.spot_cores),
    ]


def check_room(wanted: Definition, others: Sequence[Definition], limits: Region) -> None:
    """Refuse a group that a quota or the region's machines have no room for.

    Raises:
        ArmError: 409.
    """
    asked = {"ContainerGroups": 1, wanted.cores: wanted.cpu}
    for usage in usages(others, limits):
        refused = usage.refusal(asked.get(usage.name, 0), wanted.location)
        if refused and usage.name in asked:
            raise refused
    taken = sum(group.cpu for group in others)
    if limits.capacity is not None and taken + wanted.cpu > limits.capacity:
        raise no_capacity(wanted)
