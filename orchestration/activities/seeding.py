"""Planning a run and putting its messages on the work queue."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice

from azure.core.exceptions import ResourceNotFoundError
from pydantic import TypeAdapter

from worker_image.contract import DatasetSource, Message, naming

from .. import planning
from ..model import Kind, Outcome, Plan, Prepare, Refusal, Remedy, RunRecord, Seed, Value
from ..reports import Report
from ..services import Services
from .parts import Part, look

FROZEN = 50_000  # documents that one call lists: half a minute of work
# Names of container groups are never used again: each round of redrives has its own attempts.
ATTEMPTS_A_ROUND = 1_000
# Units that one audit looks at: their names share all digits but the last four.
PART = 10_000
RESEEDED = 1_000  # messages that one audit of a part puts on the work queue


class Entry(Value):
    """One document of a frozen listing; its place in the listing is its unit."""

    path: str
    etag: str


PAGE = TypeAdapter(list[Entry])


def prepare(services: Services, decision: Prepare) -> Outcome:
    """Create queues and containers, freeze what there is to do, and return the plan.

    A long listing is frozen over several calls; until it is complete there is no plan.
    """
    record = load(services, decision.run)
    request = record.request
    services.queues.create(record.run)
    if request.kind is Kind.INGEST:
        try:
            units = _freeze(services, record)
        except ResourceNotFoundError:
            assert request.source
            reason = f"source.container: there is no container {request.source.container!r}"
            refusal = Refusal(code="ContainerNotFound", remedy=Remedy.FATAL)
            return Outcome(refusal=refusal, error=reason)
    else:
        services.records.create_container(request.documents.container)
        _store_dataset(services, record)
        units = request.units
    return Outcome() if units is None else Outcome(plan=_plan(services, record, units))


def _plan(services: Services, record: RunRecord, units: int) -> Plan:
    settings = services.settings
    earlier = services.records.read_as(Report, naming.report(record.run))
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
        first_attempt=1 + ATTEMPTS_A_ROUND * rounds,
        redrives_done=earlier.redrives if earlier else 0,
        resumed=earlier is not None,
    )


def _freeze(services: Services, record: RunRecord) -> int | None:
    """Write the listing down page by page; the number of units once it is complete.

    A page that was written stays as it is, and the listing goes on behind its last name: blobs
    that appear later shift nothing.
    """
    source = record.request.source
    assert source
    pages, frozen = _frozen(services, record.run)
    size = services.settings.seed_page
    if pages and len(frozen) < size:
        return (pages - 1) * size + len(frozen)
    behind = frozen[-1].path if frozen else ""
    listing = (
        Entry(path=str(blob.name), etag=str(blob.etag))
        for blob in services.records.listing(source.container, source.prefix, behind)
    )
    for number in range(pages, pages + FROZEN // size):
        page = list(islice(listing, size))
        path = naming.plan_page(record.run, number)
        if not services.records.create(path, PAGE.dump_json(page)):
            return None  # somebody else is at it, and may have seen other documents
        if len(page) < size:
            return number * size + len(page)
    return None


def _frozen(services: Services, run: str) -> tuple[int, list[Entry]]:
    """How many pages are written down, and the last of them."""
    pages = sum(1 for _ in services.records.listing(naming.RUNS, naming.plan(run)))
    return pages, _page(services, run, pages - 1) if pages else []


def planned_units(services: Services, record: RunRecord) -> int:
    """The units of a run that may have no plan: those of the request, or what is frozen by now."""
    if record.request.units is not None:
        return record.request.units
    pages, last = _frozen(services, record.run)
    return max(0, pages - 1) * services.settings.seed_page + len(last)


def _page(services: Services, run: str, number: int) -> list[Entry]:
    content = services.records.read(naming.plan_page(run, number))
    return PAGE.validate_json(content) if content else []


def seed(services: Services, decision: Seed) -> Outcome:
    """Put one page of units on the work queue, or what is missing of it."""
    record = load(services, decision.run)
    units = range(decision.first, decision.first + decision.count)
    if decision.missing:
        messages = _missing_messages(services, record, look(services, record, units))
    else:
        messages = _messages(services, record, units)
    return Outcome(count=_send(services, record.run, messages))


def reseed(services: Services, record: RunRecord, part: Part) -> int:
    """Put messages of a part's missing units on the work queue, a bounded number; how many."""
    messages = islice(_missing_messages(services, record, part), RESEEDED)
    return _send(services, record.run, messages)


def _missing_messages(services: Services, record: RunRecord, part: Part) -> Iterator[Message]:
    first, *later = planning.STAGES[record.request.kind]
    yield from _messages(services, record, part.missing[first])
    dataset = _dataset(record)
    for stage in later:  # loads what the first stage has written
        for unit in part.missing[stage]:
            container, path = part.done[first][unit].document.split("/", 1)
            yield planning.ingest_message(record, unit, container, path, dataset)


def _messages(services: Services, record: RunRecord, units: Iterable[int]) -> Iterator[Message]:
    """The messages of units in the first stage."""
    if record.request.kind is Kind.INGEST:
        yield from _listed_messages(services, record, units)
        return
    dataset = _dataset(record)
    assert dataset
    for unit in units:
        yield planning.generate_message(record, unit, dataset)


def _listed_messages(
    services: Services, record: RunRecord, units: Iterable[int]
) -> Iterator[Message]:
    source, dataset = record.request.source, _dataset(record)
    assert source
    pages: dict[int, list[Entry]] = {}
    for unit in units:
        number, place = divmod(unit, services.settings.seed_page)
        if number not in pages:
            pages = {number: _page(services, record.run, number)}
        entry = pages[number][place]
        yield planning.ingest_message(record, unit, source.container, entry.path, dataset)


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


def _dataset(record: RunRecord) -> DatasetSource | None:
    if record.dataset is None:
        return None
    text, digest = _canonical(record.dataset)
    return planning.dataset_source(record.run, text, record.dataset, digest)


def _store_dataset(services: Services, record: RunRecord) -> None:
    source = _dataset(record)
    if source and source.blob and record.dataset is not None:
        services.records.create(source.blob, _canonical(record.dataset)[0])


def _canonical(dataset: dict[str, object]) -> tuple[str, str]:
    text = json.dumps(dataset, separators=(",", ":"))
    return text, hashlib.sha256(text.encode()).hexdigest()
