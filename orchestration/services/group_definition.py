"""What a container group is created with."""

from collections.abc import Iterable, Mapping

from azure.mgmt.containerinstance import models

from worker_image.contract import Variable

from ..model import Instances, Provision
from ..settings import Settings

APP = "aci-jobs"
CONTAINER = "worker"


def identity_tags(wanted: Provision) -> dict[str, str]:
    """The tags by which a group is known as the one that is wanted."""
    return {
        "app": APP,
        "run": wanted.run,
        "ordinal": str(wanted.ordinal),
        "attempt": str(wanted.attempt),
    }


def is_wanted(tags: Mapping[str, str] | None, wanted: Provision) -> bool:
    """Whether a group of these tags is the one that is wanted."""
    return identity_tags(wanted).items() <= (tags or {}).items()


def definition(
    wanted: Provision,
    instances: Instances,
    variables: Iterable[Variable],
    settings: Settings,
    image: str,
) -> models.ContainerGroup:
    """One container that is run once; no public address, as spot groups may have none."""
    size = models.ResourceRequests(cpu=instances.cpu, memory_in_gb=instances.memory_gb)
    container = models.Container(
        name=CONTAINER,
        image=image,
        resources=models.ResourceRequirements(requests=size),
        environment_variables=[_variable(variable) for variable in variables],
    )
    return models.ContainerGroup(
        location=wanted.region,
        priority="Spot" if wanted.spot else None,
        os_type="Linux",
        restart_policy="Never",
        containers=[container],
        identity=_identity(settings),
        image_registry_credentials=_registry(settings),
        subnet_ids=_subnets(settings),
        tags={**identity_tags(wanted), "expires": wanted.expires.isoformat()},
    )


def _identity(settings: Settings) -> models.ContainerGroupIdentity | None:
    identity = settings.worker_identity_id
    if not identity:
        return None
    assigned = {identity: models.UserAssignedIdentities()}
    return models.ContainerGroupIdentity(type="UserAssigned", user_assigned_identities=assigned)


def _registry(settings: Settings) -> list[models.ImageRegistryCredential] | None:
    server = settings.registry_server
    if not server:
        return None
    return [models.ImageRegistryCredential(server=server, identity=settings.worker_identity_id)]


def _subnets(settings: Settings) -> list[models.ContainerGroupSubnetId] | None:
    if not settings.subnet_id:
        return None
    return [models.ContainerGroupSubnetId(id=settings.subnet_id)]


def _variable(variable: Variable) -> models.EnvironmentVariable:
    if variable.secret:
        return models.EnvironmentVariable(name=variable.name, secure_value=variable.value)
    return models.EnvironmentVariable(name=variable.name, value=variable.value)
