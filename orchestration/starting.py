"""Accepting a request for a run: validated as a whole before anything is created."""

import asyncio
import hashlib
import json
import secrets
import string
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from worker_image.contract import naming

from . import commands, sinks
from .activities.auditing import catalogue_entry
from .model import Phase, RunRecord, RunRequest, Value
from .orchestrations import Orchestrations
from .problems import Invalid, InvalidRequestError, below
from .services import Noun, Services
from .settings import Settings

KEYS = "keys/"
NONCE = string.ascii_lowercase + string.digits


class Claim(Value):
    """Which run an idempotency key stands for, and the digest of its request."""

    run: str
    digest: str


class KeyReusedError(Exception):
    """The idempotency key stands for another request."""


def accept(
    services: Services,
    request: RunRequest,
    *,
    key: str | None,
    now: datetime,
    schedule: str | None = None,
    caller: str | None = None,
) -> RunRecord:
    """Validate a request as a whole and keep it; the same key again gives the same run.

    `schedule` is the one on whose behalf it is, `caller` the trace context of who asks.

    Raises:
        InvalidRequestError: every fault of the request by its place; nothing was created.
        KeyReusedError: the key came with another request before.
    """
    request = validated(services, request)
    services.records.create_container()
    run = _claim(services, request, key, now)
    trace = services.telemetry.trace(run, caller)
    record = RunRecord(run=run, created=now, request=request, schedule=schedule, **trace)
    return keep(services, record)


def validated(services: Services, request: RunRequest) -> RunRequest:
    """A request without a fault, its dataset in full; creates nothing.

    Raises:
        InvalidRequestError: every fault of the request by its place.
    """
    settings = services.settings
    unfit = [
        *commands.faults(request, settings.worker_image),
        *sinks.faults(request, settings.http_hosts),
        *_out_of_reach(request, settings),
        *_in_our_way(request),
    ]
    if unfit:
        raise InvalidRequestError(unfit)
    return request.model_copy(update={"dataset": _resolved_dataset(services, request)})


def _out_of_reach(request: RunRequest, settings: Settings) -> Iterator[Invalid]:
    """The regions in which no container group can join the subnet that they all join."""
    others = sorted(set(request.instances.regions) - {settings.location})
    if settings.subnet_id and others:
        reason = f"container groups join a subnet here, which is in {settings.location} alone"
        yield Invalid(field="instances.regions", reason=reason, value=", ".join(others))


def _in_our_way(request: RunRequest) -> Iterator[Invalid]:
    """The containers in which the app keeps its own things: a purge would take documents along."""
    ours = (naming.RUNS, *(noun.container for noun in Noun))
    if request.documents.container in ours:
        reason = "the app keeps its own things there; another container is needed"
        yield Invalid(field="documents.container", reason=reason, value=request.documents.container)


def keep(services: Services, record: RunRecord) -> RunRecord:
    """Keep a record and list its run, unless that is done; the record that is kept."""
    services.records.create(naming.record(record.run), record.model_dump_json(by_alias=True))
    entry = catalogue_entry(record, Phase.PLANNING)
    services.records.catalogue.write(record.run, entry, new=True)
    return services.records.record(record.run) or record


def new_run(now: datetime) -> str:
    """A run id that no other run has."""
    return naming.run_id(now, "".join(secrets.choice(NONCE) for _ in range(5)))


async def start(
    services: Services, orchestrations: Orchestrations, record: RunRecord, now: datetime
) -> None:
    """Start the run of an accepted record, once; a run that has ended is left as it is.

    So is one that did not start in time, and that the sweep has closed: a redrive starts it.
    """
    if await orchestrations.find(record.run):
        return
    if await asyncio.to_thread(services.records.report, record.run) is None:
        await orchestrations.start(record, now)


def _resolved_dataset(services: Services, request: RunRequest) -> dict[str, Any] | None:
    """The dataset of a request, looked up if it is a name, and without a fault."""
    if request.dataset is None:
        return None
    given = request.dataset
    source = _stored_dataset(services, given) if isinstance(given, str) else given
    written = request.documents.format if request.source is None else None
    with below("dataset"):
        return sound_dataset(services, source, request.units, written)


def sound_dataset(
    services: Services,
    source: bytes | dict[str, Any],
    units: int | None = None,
    written: str | None = None,
) -> dict[str, Any]:
    """A dataset as data, its lists in it, that lasts for so many units written in that format.

    Raises:
        InvalidRequestError: every fault of the dataset by its place in it.
    """
    dataset, faults = services.read_dataset(source, units, written, partial(_listed, services))
    if faults:
        raise InvalidRequestError([Invalid(field=path, reason=reason) for path, reason in faults])
    return dataset


def _listed(services: Services, address: str) -> bytes | None:
    """A blob, by `container/path`."""
    container, _, path = address.partition("/")
    return services.records.read(path, container=container) if path else None


def _stored_dataset(services: Services, name: str) -> bytes:
    stored = services.records.definitions(Noun.DATASET).read(name)
    if stored is None:
        reason = f"there is no dataset {name!r}: give one inline, or store it as {name}.yaml"
        raise InvalidRequestError([Invalid(field="dataset", reason=reason, value=name)])
    return stored.content


def claimed(services: Services, key: str) -> str | None:
    """The run that an idempotency key stands for."""
    claim = services.records.read_as(Claim, f"{KEYS}{_digest(key)}")
    return claim.run if claim else None


def _claim(services: Services, request: RunRequest, key: str | None, now: datetime) -> str:
    run = new_run(now)
    if key is None:
        return run
    # What a plan said differs each time, and asks for nothing.
    asked = request.model_dump(mode="json", exclude={"expected"})
    digest = _digest(json.dumps(asked, sort_keys=True))
    path = f"{KEYS}{_digest(key)}"
    if services.records.create(path, Claim(run=run, digest=digest).model_dump_json()):
        return run
    claim = services.records.read_as(Claim, path)
    if claim is None or claim.digest != digest:
        raise KeyReusedError("the idempotency key came with another request before")
    return claim.run


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
