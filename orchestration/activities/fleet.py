"""Creating and deleting container groups."""

import logging
from math import ceil

from azure.core.exceptions import AzureError

from worker_image.contract import WorkerEnvironment, naming

from .. import sinks
from ..model import Outcome, Provision, Remove, RunRecord
from ..services import Services, arm
from ..services.refusals import refusal, words
from .seeding import load

log = logging.getLogger(__name__)


def provision(services: Services, decision: Provision) -> Outcome:
    """Create one container group, or adopt it; a refusal is an outcome, never an exception."""
    record = load(services, decision.run)
    name = naming.container_group(decision.run, decision.ordinal, decision.attempt)
    request = record.request
    environment = worker_environment(services, name, record)
    # A plan that an older version of the app has made names no image.
    image = decision.image or (request.command.image if request.command else None)
    try:
        answer = services.groups.create(decision, request.instances, environment.variables(), image)
    except AzureError as error:
        return _refused(name, error)
    return Outcome(count=int(answer.done), left=answer.left)


def worker_environment(services: Services, worker: str, record: RunRecord) -> WorkerEnvironment:
    """What a container is told; of secrets, what its sink needs."""
    settings, instances = services.settings, record.request.instances
    return WorkerEnvironment(
        run=record.run,
        worker=worker,
        queue_endpoint=settings.queue_endpoint,
        blob_endpoint=settings.blob_endpoint,
        identity_client_id=settings.worker_identity_client_id,
        storage_connection_string=settings.storage_connection_string.get_secret_value(),
        **sinks.reached_by(record.request, settings),
        applicationinsights_connection_string=(
            settings.applicationinsights_connection_string.get_secret_value()
        ),
        otlp_endpoint=settings.otlp_endpoint,
        otlp_headers=settings.otlp_headers.get_secret_value(),
        concurrency=instances.concurrency,
        connections=sinks.connections(record.request),
        processes=ceil(instances.cpu),
        visibility_seconds=settings.worker_visibility_seconds,
        idle_seconds=settings.worker_idle_seconds,
        heartbeat_seconds=settings.worker_heartbeat_seconds,
        retry_seconds=settings.worker_retry_seconds,
    )


def remove(services: Services, decision: Remove) -> Outcome:
    """Delete one container group, the end of its output saved first; 1 once it is gone.

    Output that cannot be read keeps no group alive; a refusal is an outcome, never an exception.
    """
    tail = services.groups.log_tail(decision.name)
    if tail:
        services.records.write(naming.platform_log(decision.run, decision.name), tail)
    try:
        answer = services.groups.delete(decision.name)
    except AzureError as error:
        return _refused(decision.name, error)
    return Outcome(count=int(answer.done), left=answer.left, group=answer.group)


def _refused(name: str, error: AzureError) -> Outcome:
    reason = f"{name}: {words(error)}"
    log.warning("refused: %s", reason)
    left = arm.left(arm.headers_of(error))
    return Outcome(refusal=refusal(error), error=reason, left=left)
