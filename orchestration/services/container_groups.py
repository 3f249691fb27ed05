"""Container groups through the management SDK.

No call waits for the platform: a creation returns while the group is Pending, a deletion while
it is going on, and what became of either is seen at the next look. Whatever Azure refuses is
raised, and `refusals` tells what it means.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceResponseError,
)
from azure.core.pipeline import PipelineResponse
from azure.mgmt.containerinstance import ContainerInstanceManagementClient, models

from worker_image.contract import Variable, naming

from ..model import GroupView, Instances, Provision, Room, moment
from ..policy.sweeping import Tagged
from ..settings import Settings
from . import arm
from .group_definition import APP, CONTAINER, definition, is_wanted
from .group_views import room, view
from .refusals import ForeignGroupError, code_of

READERS = 8
LOG_TAIL = 1_000
LOG_READS = 3


@dataclass(frozen=True)
class Answer:
    """Whether a request is done, and how many more Azure allows in five minutes and an hour.

    `group` is how a group looked before its deletion was asked for.
    """

    done: bool
    left: tuple[int, int] | None = None
    group: GroupView | None = None


class ContainerGroups:
    """The container groups of this app in its resource group."""

    def __init__(self, client: ContainerInstanceManagementClient, settings: Settings) -> None:
        self._groups = client.container_groups
        self._containers = client.containers
        self._locations = client.location
        self._settings = settings
        self._resource_group = settings.resource_group

    def of_run(self, run: str) -> tuple[GroupView, ...]:
        """Every group of the run that exists, with its state; one list, and one GET for each.

        A group that vanishes in between is left out. One that cannot be read, after a few tries,
        fails the whole: a look without it would show it as deleted.

        Raises:
            AzureError: the list or a group could not be read.
        """
        names = [group.name for group in self._ours() if (group.tags or {}).get("run") == run]
        with ThreadPoolExecutor(READERS) as pool:
            groups = pool.map(self._get, names)
            return tuple(view(group) for group in groups if group)

    def tagged(self) -> Iterator[Tagged]:
        """Every group that carries our tag."""
        for group in self._ours():
            run, expires = ((group.tags or {}).get(name) for name in ("run", "expires"))
            yield Tagged(name=str(group.name), run=run or "", expires=moment(expires))

    def room(self, region: str) -> Room:
        """What the quotas of a region have left; no spot groups in a subnet.

        Raises:
            AzureError, KeyError: the region could not be read, or lacks a quota.
        """
        found = room(self._locations.list_usage(region))
        return found.model_copy(update={"spot_cores": 0}) if self._settings.subnet_id else found

    def create(
        self,
        wanted: Provision,
        instances: Instances,
        variables: Iterable[Variable],
        image: str | None = None,
    ) -> Answer:
        """Create a group, or adopt the one that is there; done if this call created it.

        Without `image` it is the app's own. A name is never put twice: the group of that name,
        even a finished one, is left as it is. A lost reply and a conflict are settled by looking.

        Raises:
            ForeignGroupError: the group of that name is not the one that is wanted.
            AzureError: Azure refused, or could not be reached, and the group is not there.
        """
        if self._adopted(wanted):
            return Answer(done=False)
        group = definition(
            wanted, instances, variables, self._settings, image or self._settings.worker_image
        )
        try:
            return Answer(done=True, left=self._put(_name(wanted), group))
        except (ResourceExistsError, ServiceResponseError):
            if self._adopted(wanted):
                return Answer(done=False)
            raise

    def delete(self, name: str) -> Answer:
        """Ask for a group's deletion; done once it does not exist any more.

        Raises:
            ForeignGroupError: the group does not carry our tag; it is left alone.
            AzureError: Azure refused, or could not be reached.
        """
        group = self._get(name)
        if group is None:
            return Answer(done=True)
        if not _is_ours(group):
            raise ForeignGroupError(f"the container group {name} does not carry our tag")
        begin: Any = self._groups.begin_delete
        deletion = begin(self._resource_group, name, polling=False, retry_total=0, cls=_left)
        done = self._get(name) is None
        return Answer(done=done, left=deletion.result(), group=view(group))

    def log_tail(self, name: str) -> str:
        """The end of the container's output as the platform kept it; empty if it has none to give.

        Just after its end the output may be missing for a moment: a few reads bridge that.
        """
        for _ in range(LOG_READS):
            try:
                logs = self._containers.list_logs(
                    self._resource_group, name, CONTAINER, tail=LOG_TAIL, retry_total=0
                )
            except AzureError as error:
                if code_of(error) != "ContainerLogNotAvailable":
                    break
            else:
                return logs.content or ""
        return ""

    def _ours(self) -> Iterator[models.ContainerGroup]:
        return filter(_is_ours, self._groups.list_by_resource_group(self._resource_group))

    def _get(self, name: str) -> models.ContainerGroup | None:
        try:
            return self._groups.get(self._resource_group, name)
        except ResourceNotFoundError:
            return None

    def _adopted(self, wanted: Provision) -> bool:
        name = _name(wanted)
        group = self._get(name)
        if group and not is_wanted(group.tags, wanted):
            raise ForeignGroupError(f"the name {name} is taken by a container group of others")
        return group is not None

    def _put(self, name: str, group: models.ContainerGroup) -> tuple[int, int] | None:
        begin: Any = self._groups.begin_create_or_update
        creation = begin(self._resource_group, name, group, polling=False, retry_total=0, cls=_left)
        left: tuple[int, int] | None = creation.result()
        return left


def _name(wanted: Provision) -> str:
    return naming.container_group(wanted.run, wanted.ordinal, wanted.attempt)


def _is_ours(group: models.ContainerGroup) -> bool:
    return (group.tags or {}).get("app") == APP


def _left(response: PipelineResponse[Any, Any], *_: object) -> tuple[int, int] | None:
    return arm.left(response.http_response.headers)
