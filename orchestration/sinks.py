"""What a sink means beyond its request: whether it may be reached, with what, and how often."""

from collections.abc import Iterator
from typing import Any

from worker_image.contract import hosts

from .model import HttpSink, PostgresqlSink, RunRequest
from .problems import Invalid
from .settings import Settings


def faults(request: RunRequest, http_hosts: str) -> Iterator[Invalid]:
    """Why workers must not reach the sink of a valid request, at its place."""
    sink = request.sink
    if isinstance(sink, HttpSink) and (reason := hosts.fault(sink.url, hosts.listed(http_hosts))):
        yield Invalid(field="sink.url", reason=reason)


def reached_by(request: RunRequest, settings: Settings) -> dict[str, Any]:
    """The members of a worker's environment that its sink is reached by, and those alone."""
    match request.sink:
        case None:
            return {}
        case PostgresqlSink():
            return {"postgresql_url": settings.postgresql_url.get_secret_value()}
        case HttpSink():
            secret = settings.sink_secret.get_secret_value()
            return {"sink_secret": secret, "http_hosts": settings.http_hosts}
    return {"sink_secret": settings.sink_secret.get_secret_value()}


def connections(request: RunRequest) -> int:
    """How many units of a worker are in the sink at once, so that a run keeps to its limit."""
    instances, sink = request.instances, request.sink
    if sink is None or sink.connections is None:
        return instances.concurrency
    return max(1, min(instances.concurrency, sink.connections // instances.most))
