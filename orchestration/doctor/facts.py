"""What the commands of a finding can name."""

from ..settings import Settings
from .advice import Facts
from .evidence import RunEvidence

REGISTRIES = ".azurecr.io"


def of_app(settings: Settings, **more: str | None) -> Facts:
    """The settings that commands of `az` need; nothing of them is a secret."""
    return {
        "subscription": settings.subscription_id,
        "resource_group": settings.resource_group,
        "arm": settings.arm_endpoint,
        "region": settings.location,
        "identity": settings.worker_identity_id,
        "identity_client": settings.worker_identity_client_id,
        **_image(settings.worker_image),
        **more,
    }


def of_run(evidence: RunEvidence, **more: str | None) -> Facts:
    """The same with the run, its image and the first of its regions."""
    request = evidence.record.request
    image = request.command.image if request.command else None
    regions = request.instances.regions
    return {
        **of_app(evidence.settings),
        **(_image(image) if image else {}),
        **({"region": regions[0]} if regions else {}),
        "run": evidence.record.run,
        **more,
    }


def _image(image: str) -> dict[str, str]:
    """The registry and what it calls the image, of one in a registry of Azure."""
    server, _, repository = image.partition("/")
    if not server.endswith(REGISTRIES):
        return {}
    return {"registry": server.removesuffix(REGISTRIES), "repository": repository}
