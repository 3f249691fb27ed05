"""What is fuzzed: each target reads an input, or raises the errors that it declares.

Anything else that it raises is a fault: what reads an input may meet any, and whoever calls it
catches what is declared.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any
from unittest.mock import patch

import typer
from azure.core.exceptions import DeserializationError, HttpResponseError
from azure.mgmt.containerinstance import models

from command_line import job_file
from orchestration.model import RunRequest
from orchestration.problems import InvalidRequestError
from orchestration.services import group_views, refusals
from orchestration.triggers import operations
from worker_image.contract import (
    CommandPayload,
    ConfigurationError,
    DeadLetter,
    FinishPayload,
    GeneratePayload,
    Heartbeat,
    IngestPayload,
    Message,
    Reading,
    Receipt,
    UndecodableMessageError,
    WorkerEnvironment,
    hosts,
    telemetry,
)
from worker_image.errors import PermanentError
from worker_image.generator import SpecError, load, parse
from worker_image.ingester import reading
from worker_image.stages import read_payload

from .samples import (
    CHECKOUT,
    arm_groups,
    contract,
    datasets,
    documents,
    environments,
    heartbeats,
    jobs,
)

PAYLOADS = (GeneratePayload.read, IngestPayload.read, FinishPayload.read, CommandPayload.read)


@dataclass(frozen=True)
class Target:
    """`read` takes any input; `samples` are sound ones, and `runs` is how many are tried."""

    read: Callable[[bytes], object]
    samples: Callable[[], Iterable[bytes]]
    runs: int


def _message(data: bytes) -> None:
    with suppress(UndecodableMessageError):
        message = Message.decode(_text(data))
        for read in PAYLOADS:
            with suppress(PermanentError):
                read_payload(read, message)
        again = json.dumps(asdict(message))  # as `encode` does, whatever its size
        assert json.dumps(asdict(Message.decode(again))) == again


def _dead_letter(data: bytes) -> None:
    with suppress(ValueError, KeyError, TypeError):
        letter = DeadLetter.decode(data)
        again = letter.encode()
        assert DeadLetter.decode(again).encode() == again


def _receipt(data: bytes) -> None:
    receipt = Receipt.from_metadata(_metadata(data))
    if receipt:
        assert Receipt.from_metadata(receipt.to_metadata()) is not None
        assert receipt.rows >= 0


def _heartbeat(data: bytes) -> None:
    Heartbeat.from_metadata({"heartbeat": _text(data)})


def _environment(data: bytes) -> None:
    with suppress(ConfigurationError):
        environment = WorkerEnvironment.read(_metadata(data))
        variables = {item.name: item.value for item in environment.variables()}
        assert WorkerEnvironment.read(variables) == environment


def _dataset(data: bytes) -> None:
    with suppress(SpecError):
        parse(load(data))


def _ndjson(data: bytes) -> None:
    _read(data, Reading(format="ndjson"), "d.ndjson")
    _read(data, Reading(format="ndjson", record_type="t"), "d.ndjson")


def _csv(data: bytes) -> None:
    """The first byte chooses the dialect."""
    dialects = (
        Reading(),
        Reading(header=False, columns=("a", "b")),
        Reading(escape="\\", null="NULL"),
        Reading(delimiter="\t", quote="'"),
        Reading(encoding="utf-16"),
        Reading(encoding="cp1252"),
    )
    _read(data[1:], dialects[(data[0] if data else 0) % len(dialects)], "t/d.csv")


def _parquet(data: bytes) -> None:
    _read(data, Reading(format="parquet"), "t/d.parquet")


def _document(data: bytes) -> None:
    """Of any format and compression: its first bytes tell which."""
    _read(data, Reading(), "t/d")


def _read(data: bytes, how: Reading, name: str) -> None:
    from support.documents import blocks

    with suppress(PermanentError):
        for batch in reading.batches(blocks(data), name, how):
            batch.copy_text(())
            with suppress(PermanentError):
                batch.rows()
    with suppress(PermanentError):
        for _ in reading.rows(blocks(data), name, how):
            pass


def _arm_group(data: bytes) -> None:
    members = _json(data)
    with suppress(DeserializationError):
        group = models.ContainerGroup.deserialize(members)
        if group:  # of null the SDK makes None
            group_views.view(group)


def _arm_refusal(data: bytes) -> None:
    response = _Refused(data)
    error = HttpResponseError(message=_text(data)[:200], response=response)  # type: ignore[arg-type]
    assert refusals.refusal(error).wait <= refusals.DAY
    refusals.words(error)


class _Refused:
    """An answer of Azure as the SDK hands it on."""

    reason = "refused"
    status_code = 409

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.headers = {"Retry-After": _text(content)[:20]}

    def text(self, encoding: str | None = None) -> str:
        return self._content.decode(encoding or "utf-8", "replace")

    def body(self) -> bytes:
        return self._content


def _request(data: bytes) -> None:
    with suppress(InvalidRequestError):
        request = operations._validated(RunRequest, operations._json(data))
        again = request.model_dump_json(by_alias=True)
        assert RunRequest.model_validate_json(again) == request


def _traceparent(data: bytes) -> None:
    read = telemetry.TraceParent.read(_text(data))
    assert read is None or telemetry.TraceParent.read(str(read)) == read


def _url(data: bytes) -> None:
    text = _text(data)
    if not hosts.fault(text, ("sink.example", "127.0.0.1:8080")):
        assert str(hosts.address(text)) in ("sink.example:443", "127.0.0.1:8080")


def _job(data: bytes) -> None:
    with (
        suppress(SpecError, typer.BadParameter),
        patch.object(job_file, "content_of", lambda _: data),
        patch.object(job_file, "folder_of", lambda _: CHECKOUT / "nowhere"),
    ):
        job_file.read_job("-", units=3)
    with suppress(SpecError, typer.BadParameter):
        change = _text(data)
        job_file._put({"limits": {}}, *job_file._change(change))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return {}


def _metadata(data: bytes) -> dict[str, str]:
    """Metadata and variables: a JSON object of texts, or one line each."""
    found = _json(data)
    if isinstance(found, dict) and found:
        return {str(name): str(value) for name, value in found.items()}
    lines = (line.partition("=") for line in _text(data).split("\n"))
    return {name: value for name, _, value in lines}


TARGETS: Mapping[str, Target] = {
    "message": Target(_message, lambda: contract("message_*"), 150_000),
    "dead letter": Target(_dead_letter, lambda: contract("dead_letter*"), 150_000),
    "receipt": Target(_receipt, lambda: contract("receipt*"), 150_000),
    "heartbeat": Target(_heartbeat, heartbeats, 150_000),
    "environment": Target(_environment, environments, 120_000),
    "traceparent": Target(
        _traceparent, lambda: [b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"], 150_000
    ),
    "sink url": Target(
        _url, lambda: [b"https://sink.example/rows", b"http://127.0.0.1:8080/?a=b"], 150_000
    ),
    "dataset": Target(_dataset, datasets, 10_000),
    "NDJSON": Target(_ndjson, lambda: documents("ndjson"), 30_000),
    "CSV": Target(_csv, lambda: documents("csv"), 60_000),
    "Parquet": Target(_parquet, lambda: documents("parquet"), 20_000),
    "document": Target(_document, lambda: documents("any"), 20_000),
    "container group": Target(_arm_group, arm_groups, 30_000),
    "refusal": Target(
        _arm_refusal,
        lambda: [b'{"error": {"code": "ContainerGroupQuotaReached", "message": "limit: 10"}}'],
        60_000,
    ),
    "request": Target(_request, jobs, 60_000),
    "job file": Target(_job, jobs, 30_000),
}
