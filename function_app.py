"""The function app: settings and clients are made here, once, and handed to the blueprints."""

import atexit
from collections.abc import Callable
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.identity import DefaultAzureCredential

from orchestration import activities, logs, orchestrator
from orchestration.model import RunRequest, Trial
from orchestration.services import ContainerGroups, Faults, Queues, Records, Services, Webhook
from orchestration.services.arm import open_client
from orchestration.services.storage import open_storage
from orchestration.settings import Settings
from orchestration.telemetry import open_telemetry
from orchestration.triggers import http_api, timers
from worker_image.generator import (
    Compression,
    Form,
    Format,
    SpecError,
    check_form,
    load,
    parse,
    resolve,
)
from worker_image.generator.trial import TrialError, trial


def read_dataset(
    source: bytes | dict[str, Any],
    units: int | None,
    written: str | None,
    read_list: Callable[[str], bytes | None],
) -> tuple[dict[str, Any], Faults]:
    """A dataset specification as plain data, with its faults as the generator finds them."""
    document: Any = {}
    try:
        document = load(source) if isinstance(source, bytes) else source
        document = resolve(document, read_list)
        dataset = parse(document)
        if written is not None:
            check_form(dataset, Form(Format(written)))
    except SpecError as error:
        return document, [(fault.path, fault.reason) for fault in error.problems]
    most = dataset.max_units
    if units is not None and units > most:
        return document, [("", f"its keys last for {most} units; {units} are asked for")]
    return document, []


def try_dataset(request: RunRequest) -> Trial | str:
    """Some units of a request, made in a process of their own; or why there are none."""
    assert isinstance(request.dataset, dict)
    assert request.units
    documents = request.documents
    form = Form(Format(documents.format), Compression(documents.compression))
    try:
        tried = trial(request.dataset, form, units=request.units, random_seed=request.random_seed)
    except TrialError as error:
        return str(error)
    return Trial.model_validate(tried)


def compose(settings: Settings) -> df.DFApp:
    """The app on its services; nothing is sent before the first trigger fires."""
    logs.configure(settings)
    credential = DefaultAzureCredential()
    storage = open_storage(settings, credential)
    telemetry = open_telemetry(settings, credential)
    atexit.register(telemetry.close)
    services = Services(
        settings=settings,
        records=Records(storage.blobs),
        queues=Queues(storage.queues),
        groups=ContainerGroups(open_client(settings, credential), settings),
        read_dataset=read_dataset,
        try_dataset=try_dataset,
        webhook=Webhook.of(settings),
        telemetry=telemetry,
    )
    composed = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
    composed.register_functions(orchestrator.blueprint())
    for part in (activities, http_api, timers):
        composed.register_functions(part.blueprint(services))
    return composed


app = compose(Settings.read())
