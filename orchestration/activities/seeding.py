"""Planning a run and putting its messages on the work queue."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from azure.core.exceptions import ResourceNotFoundError
from pydantic import TypeAdapter

from worker_image.contract import DatasetSource, Message, Receipt, naming

from .. import planning
from ..model import Kind, Outcome, Plan, Prepare, Refusal, Remedy, RunRecord, Seed, Value
from ..reports import Report
from ..services import Services

FREEZE_PAGES = 200
# Names of container groups are never used again: each round of redrives has its own attempts.
ATTEMPTS_A_ROUND = 1_000
# Units that one audit looks at: their names share all digits but the last four.
PART = 10_000

Missing = Mapping[str, list[int]]


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
    pages = [blob.name for blob in services.records.listing(naming.RUNS, f"{record.run}/plan/")]
    size = services.settings.seed_page
    frozen = _page(services, record.run, len(pages) - 1) if pages else []
    if pages and len(frozen) < size:
        return (len(pages) - 1) * size + len(frozen)
    behind = frozen[-1].path if frozen else ""
    listing = (
        Entry(path=str(blob.name), etag=str(blob.etag))
        for blob in services.records.listing(source.container, source.prefix)
        if str(blob.name) > behind
    )
    for number in range(len(pages), len(pages) + FREEZE_PAGES):
        page = list(islice(listing, size))
        services.records.create(naming.plan_page(record.run, number), PAGE.dump_json(page))
        if len(page) < size:
            return number * size + len(page)
    return None


def _page(services: Services, run: str, number: int) -> list[Entry]:
    content = services.records.read(naming.plan_page(run, number))
    return PAGE.validate_json(content) if content else []


def seed(services: Services, decision: Seed) -> Outcome:
    """Put one page of units on the work queue."""
    record = load(services, decision.run)
    units = range(decision.first, decision.first + decision.count)
    if record.request.kind is Kind.INGEST:
        messages = _listed_messages(services, record, units)
    else:
        dataset = _dataset(record)
        assert dataset
        messages = (planning.generate_message(record, unit, dataset) for unit in units)
    return Outcome(count=_send(services, record.run, messages))


def reseed(
    services: Services,
    record: RunRecord,
    missing: dict[str, list[int]],
    written: dict[int, Receipt],
) -> int:
    """Put the messages of missing units on the work queue, at most a few pages of them.

    `written` are the receipts of the generate stage, by unit: the documents still to be loaded.
    """
    room = services.settings.seed_page * 4
    messages = islice(_missing_messages(services, record, missing, written), room)
    return _send(services, record.run, messages)


def _missing_messages(
    services: Services,
    record: RunRecord,
    missing: dict[str, list[int]],
    written: dict[int, Receipt],
) -> Iterator[Message]:
    dataset = _dataset(record)
    if record.request.kind is Kind.INGEST:
        yield from _listed_messages(services, record, missing["ingest"])
        return
    assert dataset
    for unit in missing["generate"]:
        yield planning.generate_message(record, unit, dataset)
    for unit in missing.get("ingest", []):
        container, path = written[unit].document.split("/", 1)
        yield planning.ingest_message(record, unit, container, path, dataset)


def _listed_messages(
    services: Services, record: RunRecord, units: Iterable[int]
) -> Iterator[Message]:
    source = record.request.source
    assert source
    pages: dict[int, list[Entry]] = {}
    for unit in units:
        number, place = divmod(unit, services.settings.seed_page)
        if number not in pages:
            pages = {number: _page(services, record.run, number)}
        entry = pages[number][place]
        yield planning.ingest_message(record, unit, source.container, entry.path, _dataset(record))


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
