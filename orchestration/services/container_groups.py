"""Container groups through the management SDK.

No call waits for the platform: a creation returns while the group is Pending, a deletion while
it is going on, and what became of either is seen at the next look.
"""

import contextlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.containerinstance import ContainerInstanceManagementClient, models

from worker_image.contract import Variable, naming

from ..model import GroupView, Instances, Provision, Refusal, Remedy
from ..settings import Settings

CONTAINER = "worker"
READERS = 8
LOG_TAIL = 1_000

# Azure's own words for what no repetition can mend; anything else is tried again.
FATAL_CODES = frozenset(
    {
        "AuthorizationFailed",
        "InaccessibleImage",
        "InvalidContainerEnvironmentVariable",
        "InvalidContainerGroupUpdate",
        "InvalidImageRegistryIdentity",
        "LinkedAuthorizationFailed",
        "MissingSubscriptionRegistration",
        "OperationNotAllowed",
        "OsVersionNotSupported",
        "ResourceGroupNotFound",
        "SubscriptionNotFound",
    }
)


class _LocalToken(SansIOHTTPPolicy[Any, Any]):
    """Stands in for the bearer token policy, which refuses plain http, on a local endpoint."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["Authorization"] = "Bearer local"


def open_client(
    settings: Settings, credential: TokenCredential
) -> ContainerInstanceManagementClient:
    """Make the SDK's client; an `http://` endpoint is taken for the local stand-in."""
    local = settings.arm_endpoint.startswith("http://")
    return ContainerInstanceManagementClient(
        credential,
        settings.subscription_id,
        base_url=settings.arm_endpoint,
        credential_scopes=[f"{settings.arm_endpoint}/.default"],
        **({"authentication_policy": _LocalToken()} if local else {}),
    )


class ContainerGroups:
    """The container groups of this app in its resource group."""

    APP = "aci-jobs"

    def __init__(self, client: ContainerInstanceManagementClient, settings: Settings) -> None:
        self._groups = client.container_groups
        self._containers = client.containers
        self._settings = settings
        self._resource_group = settings.resource_group

    def of_run(self, run: str) -> tuple[GroupView, ...]:
        """Every group of the run that exists, with its state."""
        names = [group.name for group in self._ours() if (group.tags or {}).get("run") == run]
        with ThreadPoolExecutor(READERS) as pool:
            views = pool.map(self._view, names)
            return tuple(view for view in views if view)

    def tagged(self) -> Iterator[tuple[str, str, datetime | None]]:
        """Name, run and expiry of every group that carries our tag."""
        for group in self._ours():
            tags = group.tags or {}
            yield str(group.name), tags.get("run", ""), _time(tags.get("expires"))

    def create(
        self,
        wanted: Provision,
        instances: Instances,
        variables: Iterable[Variable],
        image: str | None = None,
    ) -> bool:
        """Create a group, or adopt the one of that name; True if this call created it.

        Without `image` it is the app's own. A name is never put twice: an existing group, even a
        finished one, is left as it is.

        Raises:
            AzureError: Azure refused, or the reply was lost; `refusal` tells what it means.
        """
        name = naming.container_group(wanted.run, wanted.ordinal, wanted.attempt)
        if self._get(name):
            return False
        tags = {
            "app": self.APP,
            "run": wanted.run,
            "ordinal": str(wanted.ordinal),
            "attempt": str(wanted.attempt),
            "expires": wanted.expires.isoformat(),
        }
        self._groups.begin_create_or_update(
            self._resource_group,
            name,
            self._definition(instances, variables, tags, image),
            polling=False,
            retry_total=0,
        )
        return True

    def delete(self, name: str) -> bool:
        """Ask for a group's deletion; True once it does not exist any more."""
        if not self._get(name):
            return True
        with contextlib.suppress(ResourceNotFoundError):
            self._groups.begin_delete(self._resource_group, name, polling=False, retry_total=0)
        return self._get(name) is None

    def log_tail(self, name: str) -> str:
        """The end of the container's output as the platform kept it; empty if there is none."""
        try:
            logs = self._containers.list_logs(
                self._resource_group, name, CONTAINER, tail=LOG_TAIL, retry_total=0
            )
        except HttpResponseError:
            return ""
        return logs.content or ""

    def _ours(self) -> Iterator[models.ContainerGroup]:
        for group in self._groups.list_by_resource_group(self._resource_group):
            if (group.tags or {}).get("app") == self.APP:
                yield group

    def _get(self, name: str) -> models.ContainerGroup | None:
        try:
            return self._groups.get(self._resource_group, name)
        except ResourceNotFoundError:
            return None

    def _view(self, name: str) -> GroupView | None:
        group = self._get(name)
        return view(group) if group else None

    def _definition(
        self,
        instances: Instances,
        variables: Iterable[Variable],
        tags: dict[str, str],
        image: str | None,
    ) -> models.ContainerGroup:
        size = models.ResourceRequests(cpu=instances.cpu, memory_in_gb=instances.memory_gb)
        container = models.Container(
            name=CONTAINER,
            image=image or self._settings.worker_image,
            resources=models.ResourceRequirements(requests=size),
            environment_variables=[_variable(variable) for variable in variables],
        )
        return models.ContainerGroup(
            location=self._settings.location,
            os_type="Linux",
            restart_policy="Never",
            containers=[container],
            identity=self._identity(),
            image_registry_credentials=self._registry(),
            tags=tags,
        )

    def _identity(self) -> models.ContainerGroupIdentity | None:
        identity = self._settings.worker_identity_id
        if not identity:
            return None
        assigned = {identity: models.UserAssignedIdentities()}
        return models.ContainerGroupIdentity(type="UserAssigned", user_assigned_identities=assigned)

    def _registry(self) -> list[models.ImageRegistryCredential] | None:
        server = self._settings.registry_server
        if not server:
            return None
        identity = self._settings.worker_identity_id
        return [models.ImageRegistryCredential(server=server, identity=identity)]


def _variable(variable: Variable) -> models.EnvironmentVariable:
    if variable.secret:
        return models.EnvironmentVariable(name=variable.name, secure_value=variable.value)
    return models.EnvironmentVariable(name=variable.name, value=variable.value)


def view(group: models.ContainerGroup) -> GroupView:
    """What the SDK's model shows of a group."""
    tags = group.tags or {}
    seen = group.containers[0].instance_view
    current = seen.current_state if seen else None
    events: list[models.Event] = (seen.events or []) if seen else []
    pulls = [event.first_timestamp for event in events if event.name == "Pulling"]
    began = [time for time in pulls if time] or [current.start_time if current else None]
    return GroupView(
        name=str(group.name),
        ordinal=int(tags.get("ordinal", 0)),
        attempt=int(tags.get("attempt", 0)),
        provisioning=group.provisioning_state or "",
        state=(group.instance_view.state if group.instance_view else None) or "Pending",
        started=began[0],
        ended=current.finish_time if current else None,
        exit_code=current.exit_code if current else None,
        detail=(current.detail_status if current else None) or "",
    )


def refusal(error: Exception) -> Refusal:
    """Whether asking again can help. By Azure's code, for the SDK's classes mix the causes."""
    code = error.error.code if isinstance(error, HttpResponseError) and error.error else None
    remedy = Remedy.FATAL if code in FATAL_CODES else Remedy.AGAIN
    return Refusal(code=code or type(error).__name__, remedy=remedy)


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
