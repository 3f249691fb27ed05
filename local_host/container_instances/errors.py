"""The refusals of Azure Container Instances, in its own codes and words."""

from dataclasses import dataclass

_KNOWN = {
    "AuthenticationFailed": (401, "Authentication failed. The 'Authorization' header is missing."),
    "MissingApiVersionParameter": (
        400,
        "The api-version query parameter (?api-version=) is required for all requests.",
    ),
    "ResourceNotFound": (
        404,
        "The Resource 'Microsoft.ContainerInstance/containerGroups/{group}' under resource group "
        "'{resource_group}' was not found.",
    ),
    "ContainerNotFound": (404, "The container '{container}' in group '{group}' was not found."),
    "OperationNotFound": (404, "The operation '{operation}' was not found."),
    "ContainerLogNotAvailable": (
        404,
        "Log of container '{container}' in container group '{group}' is not available yet. "
        "Please check container 'InstanceView' for more information or retry later.",
    ),
    "InaccessibleImage": (
        400,
        "The image '{image}' in container group '{group}' is not accessible. "
        "Please check the image and registry credential.",
    ),
    "InvalidContainerGroupUpdate": (
        400,
        "The updates on container group '{group}' are invalid. If you are going to update the "
        "os type, restart policy, network profile, CPU, memory or GPU resources for a container "
        "group, you must delete it first and then create a new one.",
    ),
    "ContainerGroupTransitioning": (
        409,
        "The container group '{group}' is still transitioning, please retry later.",
    ),
    "ContainerGroupQuotaReached": (
        409,
        "Resource type 'Microsoft.ContainerInstance/containerGroups' container group quota "
        "'{quota}' exceeded in region '{location}'. "
        "Limit: '{limit}', Usage: '{used:.0f}' Requested: '{requested:g}'.",
    ),
    "ServiceUnavailable": (
        409,
        "The requested resource is not available in the location '{location}' at this moment. "
        "Please retry with a different resource request or in another location. "
        "Resource requested: '{cpu:g}' CPU '{memory_gb:g}' GB memory 'Linux' OS",
    ),
    "TooManyRequests": (429, "The request rate is too high, please retry later."),
}


@dataclass(eq=False)
class ArmError(Exception):
    """A refusal as ARM answers it; `retry_after` is in seconds."""

    status: int
    code: str
    message: str
    retry_after: float | None = None


def refusal(code: str, *, retry_after: float | None = None, **words: object) -> ArmError:
    """A refusal of the catalogue above, with the words that its message needs."""
    status, message = _KNOWN[code]
    return ArmError(status, code, message.format(**words), retry_after)


def invalid(code: str, message: str) -> ArmError:
    """The request is wrong and stays wrong."""
    return ArmError(400, code, message)
