"""The function app: settings and clients are made here, once, and handed to the blueprints."""

from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.identity import DefaultAzureCredential

from orchestration import activities, orchestrator
from orchestration.services import ContainerGroups, Queues, Records, Services
from orchestration.services.container_groups import open_client
from orchestration.services.storage import open_storage
from orchestration.settings import Settings
from orchestration.triggers import http_api, timers
from worker_image.generator import SpecError, parse


def check_dataset(dataset: Any) -> list[tuple[str, str]]:
    """The faults of a dataset specification, as the generator finds them."""
    try:
        parse(dataset)
    except SpecError as error:
        return [(fault.path, fault.reason) for fault in error.problems]
    return []


def compose(settings: Settings) -> df.DFApp:
    """The app on its services; nothing is sent before the first trigger fires."""
    credential = DefaultAzureCredential()
    storage = open_storage(settings, credential)
    services = Services(
        settings=settings,
        records=Records(storage.blobs),
        queues=Queues(storage.queues),
        groups=ContainerGroups(open_client(settings, credential), settings),
        check_dataset=check_dataset,
    )
    composed = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
    composed.register_functions(orchestrator.blueprint())
    for part in (activities, http_api, timers):
        composed.register_functions(part.blueprint(services))
    return composed


app = compose(Settings())
