"""From a request to a plan, to messages, to money: pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from worker_image.contract import (
    SIZE_LIMIT,
    CommandPayload,
    DatasetSource,
    FinishPayload,
    GeneratePayload,
    IngestPayload,
    Limits,
    Message,
    Reading,
    Stage,
    encoded,
    naming,
)
from worker_image.contract.telemetry import TraceParent

from .model import (
    MOST_UNITS,
    SAMPLE,
    Account,
    Instances,
    Kind,
    PostgresqlSink,
    Prices,
    RunRecord,
    RunRequest,
    sink_payload,
)

INLINE_DATASET = 16_000
ANY_TRACE = TraceParent("0" * 32, "0" * 16)  # all are equally long
# Names of container groups are never used again: each round of redrives has its own attempts.
ATTEMPTS_A_ROUND = 100_000

STAGES: Mapping[Kind, tuple[Stage, ...]] = {
    Kind.GENERATE: (Stage.GENERATE,),
    Kind.INGEST: (Stage.INGEST,),
    Kind.PIPELINE: (Stage.GENERATE, Stage.INGEST),
    Kind.COMMAND: (Stage.COMMAND,),
}


def cost(instances: Instances, prices: Prices, seconds: float, spot_seconds: float = 0.0) -> float:
    """The money that container groups cost in so many billed seconds, some of them of spot."""
    each = instances.cpu * prices.vcpu_second + instances.memory_gb * prices.gb_second
    return each * (seconds - spot_seconds * prices.spot_discount)


def generate_message(record: RunRecord, unit: int, dataset: DatasetSource) -> Message:
    """The message of one unit of a generate or pipeline run."""
    request = record.request
    sink = request.sink
    return Message(
        run=record.run,
        stage=Stage.GENERATE,
        unit=unit,
        payload=GeneratePayload(
            dataset=dataset,
            container=request.documents.container,
            prefix=request.documents.prefix,
            compression=request.documents.compression,
            format=request.documents.format,
        ).members(),
        random_seed=request.random_seed,
        limits=limits(record),
        traceparent=traceparent(record, unit),
        then={"stage": Stage.INGEST, "sink": sink_payload(sink)} if sink else None,
    )


def ingest_message(
    record: RunRecord,
    unit: int,
    container: str,
    path: str,
    dataset: DatasetSource | None,
    *,
    etag: str | None = None,
) -> Message:
    """The message that loads one document, of the version that a listing has found.

    The path that a pipeline names may be of several, one for each record type.
    """
    request = record.request
    assert request.sink
    reading = request.source.reading() if request.source else {}
    several = request.kind is Kind.PIPELINE and request.documents.format != "ndjson"
    return Message(
        run=record.run,
        stage=Stage.INGEST,
        unit=unit,
        payload=IngestPayload(
            container=container,
            path=path,
            sink=sink_payload(request.sink),
            dataset=dataset,
            reading=Reading.read(reading),
            each_record=several,
            etag=etag,
        ).members(),
        random_seed=request.random_seed,
        limits=limits(record),
        traceparent=traceparent(record, unit),
    )


def finish_message(record: RunRecord, dataset: DatasetSource | None) -> Message:
    """The message of the finishing step: the one unit that comes after all others."""
    request = record.request
    assert request.sink
    given = request.limits
    return Message(
        run=record.run,
        stage=Stage.FINISH,
        unit=0,
        payload=FinishPayload(sink_payload(request.sink), dataset).members(),
        limits=Limits(attempts=given.attempts, timeout_seconds=given.finish_timeout),
        traceparent=traceparent(record, 0, Stage.FINISH),
    )


def finishes(request: RunRequest) -> bool:
    """Whether anything is left to do in the target once all documents are loaded.

    Foreign keys to shared record types, for one, can be made only then.
    """
    sink = request.sink
    if not isinstance(sink, PostgresqlSink):
        return False
    dataset = request.dataset if isinstance(request.dataset, dict) else {}
    shared = any(record.get("shared") for record in dataset.get("records", {}).values())
    return sink.constraints == "after" or bool(sink.indexes) or shared


def command_message(record: RunRecord, unit: int, text: str) -> Message:
    """The message that starts the program on one payload, given as JSON text."""
    command = record.request.command
    assert command
    return Message(
        run=record.run,
        stage=Stage.COMMAND,
        unit=unit,
        payload=CommandPayload(
            program=command.program,
            text=text,
            environment=command.environment,
            exit_codes=command.endings,
            connection_string=command.connection_string,
        ).members(),
        limits=limits(record),
        traceparent=traceparent(record, unit),
    )


def payload_room(record: RunRecord) -> int:
    """The most that `payload_size` may be of a payload of this run."""
    # A message grows on its way, by the deliveries that were released; and a trace may be in it.
    empty = replace(
        command_message(record, MOST_UNITS, ""), released=MOST_UNITS, traceparent=str(ANY_TRACE)
    )
    return SIZE_LIMIT - len(empty.encode())


def payload_size(text: str) -> int:
    """The bytes that a payload, as JSON text, adds to its message."""
    return len(encoded(text)) - len(encoded(""))


def limits(record: RunRecord) -> Limits:
    """What each message of the run says of tries and time."""
    request = record.request.limits
    return Limits(attempts=request.attempts, timeout_seconds=request.unit_timeout)


def traceparent(record: RunRecord, unit: int, stage: Stage | None = None) -> str | None:
    """What a unit's messages carry of the run's trace; None if nobody is told of it.

    The stages of a pipeline share it, as a worker sends the message of the next one: a unit's
    whole way is in the trace, or nothing of it.
    """
    trace = TraceParent.read(record.traceparent)
    if trace is None:
        return None
    return str(trace.of_unit(stage or STAGES[record.request.kind][0], unit, record.trace_share))


def dataset_source(run: str, text: str, members: Mapping[str, Any], digest: str) -> DatasetSource:
    """In the message where it fits, by reference where it does not; `text` is its JSON."""
    if len(text) <= INLINE_DATASET:
        return DatasetSource(inline=members)
    return DatasetSource(blob=naming.dataset(run, digest))


def parts(first: int, count: int, size: int) -> list[range]:
    """`count` units from `first` on, in ranges of `size`, the last of which may be shorter."""
    end = first + count
    return [range(start, min(start + size, end)) for start in range(first, end, size)]


def missing_units(
    units: Collection[int],
    stages: Collection[str],
    done: Mapping[str, Collection[int]],
    dead: Mapping[str, Collection[int]],
) -> dict[str, list[int]]:
    """By stage, the units that ought to have a receipt or a dead letter and have neither.

    A stage's units are those that the stage before it has done.
    """
    missing: dict[str, list[int]] = {}
    expected = units
    for stage in stages:
        missing[stage] = sorted(set(expected) - set(done[stage]) - set(dead[stage]))
        expected = done[stage]
    return missing


def account(
    missing: Mapping[str, list[int]],
    done: Mapping[str, Collection[int]],
    dead: Mapping[str, Collection[int]],
) -> Account:
    """The audit's result in numbers, with a few missing units by name."""
    names: Iterator[str] = (f"{stage}/{unit}" for stage in missing for unit in missing[stage])
    return Account(
        done={stage: len(units) for stage, units in done.items()},
        dead={stage: len(set(units) - set(done[stage])) for stage, units in dead.items()},
        missing={stage: len(units) for stage, units in missing.items()},
        sample=tuple(name for name, _ in zip(names, range(SAMPLE), strict=False)),
    )
