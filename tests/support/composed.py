"""The services of an app, as tests put them together."""

from local_host.checks import NoToken
from orchestration.services import ContainerGroups, Queues, Records, Services
from orchestration.services.arm import open_client
from orchestration.services.storage import open_storage
from orchestration.settings import Settings

URL = "postgresql://u:topsecret@nowhere/d"
KEY = "Bearer t0psecret"
SETTINGS = {
    "storage_connection_string": "UseDevelopmentStorage=true",
    "subscription_id": "s",
    "resource_group": "g",
    "location": "l",
    "arm_endpoint": "http://127.0.0.1:1",
    "worker_image": "worker:local",
    "postgresql_url": URL,
    "sink_secret": KEY,
    "http_hosts": " a.example, b.example:8080 ",
}


def services_of(settings: Settings) -> Services:
    """Real ones; datasets are taken as they are, and no unit is made."""
    storage = open_storage(settings, NoToken())
    return Services(
        settings=settings,
        records=Records(storage.blobs),
        queues=Queues(storage.queues),
        groups=ContainerGroups(open_client(settings, NoToken()), settings),
        read_dataset=lambda source, *_: (dict(source), []),
        try_dataset=lambda _: "units are not made here",
    )


def services(**changes: str) -> Services:
    """Those that are nowhere, for what is decided before any is called."""
    return services_of(Settings.model_validate(SETTINGS | changes))
