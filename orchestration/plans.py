"""What a request would come to; nothing is created."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from . import planning
from .activities.listing import documents
from .estimating import Estimate
from .model import Kind, RunRequest, Size, Trial, Value
from .problems import Invalid, InvalidRequestError
from .services import Services

LISTED = 20_000
# How fast one vCPU loads, measured with primary and foreign keys on PostgreSQL beside it.
ROWS_A_SECOND = 100_000
PACKED_BYTES_A_SECOND, PLAIN_BYTES_A_SECOND = 2_000_000, 15_000_000
PACKED = (".gz", ".zst", ".parquet")


class Measured(Value):
    """So many units were made to know the seconds of one on one vCPU."""

    units: int
    seconds_each: float


class Data(Value):
    """What a run makes in all: rows by record type, documents, and their bytes."""

    records: dict[str, int]
    rows: int
    documents: int
    bytes_raw: int
    bytes_stored: int


class DocumentsFound(Value):
    """Documents that there are to load; `at_least` so many where not all were listed."""

    count: int
    bytes: int
    at_least: bool


class PlanView(Value):
    """What a request would come to.

    Where nobody can know the time of a unit there are no `groups`, `minutes`, `billed_seconds` and
    `cost`. Of units to make there are `measured`, `data` and the first `rows` of unit 0, of
    documents to load `documents`.
    """

    kind: Kind
    units: int
    messages: dict[str, int]
    groups: int | None = None
    minutes: float | None = None
    billed_seconds: int | None = None
    cost: float | None = None
    warnings: list[str]
    assumptions: list[str]
    measured: Measured | None = None
    data: Data | None = None
    rows: dict[str, list[dict[str, Any]]] | None = None
    documents: DocumentsFound | None = None


@dataclass(frozen=True)
class Work:
    """The units of a run, the seconds that one takes on one vCPU, and what is said of them.

    Without `seconds` nothing can be reckoned; `members` are of the plan as they are.
    """

    units: int
    seconds: float | None = None
    members: dict[str, Any] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plan(services: Services, request: RunRequest, listed: int = LISTED) -> PlanView:
    """The answer to a valid request: what there is to do, how long it takes, and what it costs.

    Some units are made, or up to so many documents are `listed`.

    Raises:
        InvalidRequestError: the documents or payloads are not there.
    """
    found = _work(services, request, listed)
    return PlanView(
        kind=request.kind,
        units=found.units,
        messages=dict.fromkeys(planning.STAGES[request.kind], found.units),
        **_estimated(services, request, found),
        **found.members,
    )


def _work(services: Services, request: RunRequest, listed: int) -> Work:
    if request.payloads is not None:
        return _payloads(services, request.payloads, listed)
    return _documents(services, request, listed) if request.source else _made(services, request)


def _estimated(services: Services, request: RunRequest, work: Work) -> dict[str, Any]:
    if work.seconds is None:
        return {"warnings": list(work.warnings), "assumptions": []}
    settings = services.settings
    estimate = Estimate(
        units=work.units,
        seconds=work.seconds,
        instances=request.instances,
        prices=settings.prices,
        idle_seconds=settings.worker_idle_seconds,
    )
    return {
        "groups": estimate.groups,
        "minutes": round(estimate.run_seconds / 60, 1),
        "billed_seconds": round(estimate.billed_seconds),
        "cost": round(estimate.cost, 6),
        "warnings": [*work.warnings, *estimate.warnings(request.limits)],
        "assumptions": [*work.assumptions, *_last_step(request), *estimate.assumptions()],
    }


def _last_step(request: RunRequest) -> Iterator[str]:
    if planning.finishes(request):
        yield "the keys and indexes that are made once all is loaded take no time"


# ------------------------------------------------------------------------------ units to make


def _made(services: Services, request: RunRequest) -> Work:
    units = request.units or 0
    trial = services.try_dataset(request)
    if isinstance(trial, str):
        reason = f"time and money are not estimated: {trial}"
        return Work(units, warnings=(reason,))
    loading = trial.each.rows / ROWS_A_SECOND if request.kind is Kind.PIPELINE else 0.0
    return Work(
        units,
        seconds=trial.seconds + loading,
        members={
            "measured": Measured(units=trial.made, seconds_each=trial.seconds),
            "data": _sizes(trial.total),
            "rows": trial.rows,
        },
        assumptions=tuple(_assumed(request, trial)),
    )


def _sizes(total: Size) -> Data:
    return Data(
        records={name: round(rows) for name, rows in total.records.items()},
        rows=round(total.rows),
        documents=round(total.documents),
        bytes_raw=round(total.raw),
        bytes_stored=round(total.stored),
    )


def _assumed(request: RunRequest, trial: Trial) -> Iterator[str]:
    yield f"the other units are like the {trial.made} that were made here"
    if request.documents.format == "parquet":
        yield "Parquet takes as long and as much as CSV with zstd"
    if request.kind is Kind.PIPELINE:
        yield f"a vCPU loads {ROWS_A_SECOND:,} rows a second, and the database keeps up"


# ------------------------------------------------------------------------------ documents there


def _documents(services: Services, request: RunRequest, listed: int) -> Work:
    """The documents that there are; `listed` of them at most, and then there may be more."""
    source = request.source
    assert source
    try:
        blobs = list(islice(documents(services, source), listed + 1))
    except ResourceNotFoundError:
        reason = f"there is no container {source.container!r}"
        fault = Invalid(field="source.container", reason=reason, value=source.container)
        raise InvalidRequestError([fault]) from None
    more, blobs = len(blobs) > listed, blobs[:listed]
    size = sum(int(blob.size) for blob in blobs)
    packed = sum(int(blob.size) for blob in blobs if str(blob.name).endswith(PACKED))
    seconds = packed / PACKED_BYTES_A_SECOND + (size - packed) / PLAIN_BYTES_A_SECOND
    return Work(
        len(blobs),
        seconds=seconds / max(1, len(blobs)),
        members={"documents": DocumentsFound(count=len(blobs), bytes=size, at_least=more)},
        assumptions=(
            f"a vCPU loads {PACKED_BYTES_A_SECOND:,} bytes of compressed documents a second and"
            f" {PLAIN_BYTES_A_SECOND:,} of others, and the database keeps up",
        ),
        warnings=(f"there are more than {listed:,} documents: all figures are of these",)
        if more
        else (),
    )


# ------------------------------------------------------------------------------ payloads there


def _payloads(services: Services, given: list[Any] | str, listed: int) -> Work:
    """The payloads of the request, or the lines of a blob, `listed` of them at most."""
    unknown = "time and money are not estimated: nobody knows how long the program takes"
    if not isinstance(given, str):
        return Work(len(given), warnings=(unknown,))
    try:
        count = _lines(services, given, listed + 1)
    except ResourceNotFoundError:
        fault = Invalid(field="payloads", reason=f"there is no blob {given!r}", value=given)
        raise InvalidRequestError([fault]) from None
    if count <= listed:
        return Work(count, warnings=(unknown,))
    return Work(listed, warnings=(f"there are more than {listed:,} payloads", unknown))


def _lines(services: Services, address: str, most: int) -> int:
    """How many lines a blob has, as far as the most that matter."""
    container, _, path = address.partition("/")
    etag, size = services.records.version(container, path)
    count, rest = 0, b""
    for piece in services.records.pieces(container, path, start=0, etag=etag) if size else ():
        *whole, rest = (rest + piece).split(b"\n")
        count += sum(bool(line.strip()) for line in whole)
        if count >= most:
            return most
    return count + bool(rest.strip())
