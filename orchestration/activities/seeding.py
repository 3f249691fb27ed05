"""Planning a run and putting its messages on the work queue."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice

from worker_image.contract import DatasetSource, Message, Receipt

from .. import planning
from ..model import Kind, Outcome, Plan, Prepare, Refusal, Remedy, RunRecord, Seed
from ..services import Services
from . import listing, payloads
from .freezing import SourceError, frozen, frozen_units
from .parts import Part, look

# Units that one audit looks at: their names share all digits but the last four.
PART = 10_000
RESEEDED = 1_000  # messages that one audit of a part puts on the work queue

FREEZE = {Kind.INGEST: listing.freeze, Kind.COMMAND: payloads.freeze}


def prepare(services: Services, decision: Prepare) -> Outcome:
    """Create queues and containers, freeze what there is to do, and return the plan.

    What is long is frozen over several calls; until it is complete there is no plan.
    """
    record = load(services, decision.run)
    request = record.request
    services.queues.create(record.run)
    _store_dataset(services, record)
    if request.kind in FREEZE:
        try:
            units = FREEZE[request.kind](services, record)
        except SourceError as error:
            refusal = Refusal(code="SourceRefused", remedy=Remedy.FATAL)
            return Outcome(refusal=refusal, error=str(error))
    else:
        services.records.create_container(request.documents.container)
        units = request.units
    return Outcome() if units is None else Outcome(plan=_plan(services, record, units))


def _plan(services: Services, record: RunRecord, units: int) -> Plan:
    settings, command = services.settings, record.request.command
    earlier = services.records.report(record.run)
    rounds = len(services.records.control(record.run).redrives)
    return Plan(
        kind=record.request.kind,
        units=units,
        stages=planning.STAGES[record.request.kind],
        instances=record.request.instances,
        limits=record.request.limits,
        prices=settings.prices,
        regions=record.request.instances.regions or (settings.location,),
        part=PART,
        window=settings.seed_window,
        page=settings.seed_page,
        tick=settings.tick_seconds,
        first_attempt=1 + planning.ATTEMPTS_A_ROUND * rounds,
        redrives_done=earlier.redrives if earlier else 0,
        resumed=earlier is not None,
        finish=units > 0 and planning.finishes(record.request),
        round=rounds,
        notify=record.request.notify if services.webhook else None,
        expected=record.request.expected,
        image=(command and command.image) or settings.worker_image,
    )


def planned_units(services: Services, record: RunRecord) -> int:
    """The units of a run that may have no plan: those of the request, or what is frozen by now."""
    if record.request.units is not None:
        return record.request.units
    if record.request.source is None:
        return frozen_units(services, record.run, payloads.PAGE)
    return frozen_units(services, record.run, listing.PAGE)


def seed(services: Services, decision: Seed) -> Outcome:
    """Put one page of units on the work queue, or what is missing of it."""
    record = load(services, decision.run)
    units = range(decision.first, decision.first + decision.count)
    if decision.missing:
        wanted = _missing_messages(services, record, look(services, record, units))
    else:
        wanted = messages(services, record, units)
    return Outcome(count=_send(services, record.run, wanted))


def reseed(services: Services, record: RunRecord, part: Part) -> int:
    """Put messages of a part's missing units on the work queue, a bounded number; how many."""
    missing = islice(_missing_messages(services, record, part), RESEEDED)
    return _send(services, record.run, missing)


def _missing_messages(services: Services, record: RunRecord, part: Part) -> Iterator[Message]:
    first, *later = planning.STAGES[record.request.kind]
    # A document may have been mended since it was listed.
    yield from messages(services, record, part.missing[first], as_listed=False)
    dataset = dataset_of(record)
    for stage in later:
        for unit in part.missing[stage]:
            yield following(record, part.done[first][unit], dataset)


def following(record: RunRecord, written: Receipt, dataset: DatasetSource | None) -> Message:
    """The message of the stage that loads what the first one has written."""
    container, path = written.document.split("/", 1)
    return planning.ingest_message(record, written.unit, container, path, dataset)


def messages(
    services: Services, record: RunRecord, units: Iterable[int], *, as_listed: bool = True
) -> Iterator[Message]:
    """The messages of units in the first stage; documents of versions as listed, or any."""
    if record.request.kind in FREEZE:
        yield from _frozen_messages(services, record, units, as_listed=as_listed)
        return
    dataset = dataset_of(record)
    assert dataset
    for unit in units:
        yield planning.generate_message(record, unit, dataset)


def _frozen_messages(
    services: Services, record: RunRecord, units: Iterable[int], *, as_listed: bool
) -> Iterator[Message]:
    source = record.request.source
    if source is None:
        for unit, payload in frozen(services, record.run, payloads.PAGE, units):
            yield planning.command_message(record, unit, payload.text)
        return
    dataset = dataset_of(record)
    for unit, entry in frozen(services, record.run, listing.PAGE, units):
        etag = entry.etag if as_listed else None
        yield planning.ingest_message(
            record, unit, source.container, entry.path, dataset, etag=etag
        )


def _send(services: Services, run: str, messages: Iterable[Message]) -> int:
    return services.queues.seed(run, (message.encode() for message in messages))


def load(services: Services, run: str) -> RunRecord:
    """The run's record.

    Raises:
        LookupError: there is none.
    """
    record = services.records.record(run)
    if record is None:
        raise LookupError(f"run {run} has no record")
    return record


def dataset_of(record: RunRecord) -> DatasetSource | None:
    """The dataset as the run's messages have it."""
    if record.dataset is None:
        return None
    text, digest = canonical(record.dataset)
    return planning.dataset_source(record.run, text, record.dataset, digest)


def _store_dataset(services: Services, record: RunRecord) -> None:
    source = dataset_of(record)
    if source and source.blob and record.dataset is not None:
        services.records.create(source.blob, canonical(record.dataset)[0])


def canonical(dataset: dict[str, object]) -> tuple[str, str]:
    """A specification as workers read it, and the digest that names it."""
    text = json.dumps(dataset, separators=(",", ":"))
    return text, hashlib.sha256(text.encode()).hexdigest()
