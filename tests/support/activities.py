"""What workers and people leave in the services, for tests of single activities."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orchestration.model import RunRecord, RunRequest
from orchestration.services import Services
from worker_image.contract import DeadLetter, Failure, Message, Receipt, Stage, naming

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def keep(services: Services, run: str, request: dict[str, Any]) -> RunRecord:
    """Accept a request."""
    record = RunRecord(run=run, created=NOW, request=RunRequest.model_validate(request))
    services.records.create(naming.record(run), record.model_dump_json(by_alias=True))
    return record


def pipeline(**changes: Any) -> dict[str, Any]:
    """A request."""
    dataset = {"dataset": "d", "version": 1}
    return {"kind": "pipeline", "dataset": dataset, "sink": {"schema": "s"}, **changes}


def messages(services: Services, run: str) -> list[Message]:
    """Take all messages from the work queue."""
    found: list[Message] = []

    def take(text: str) -> bool:
        found.append(Message.decode(text))
        return True

    services.queues.discard(naming.work_queue(run), take)
    return found


def receipt(run: str, unit: int, stage: str, document: str, size: int = 10) -> Receipt:
    """The receipt of a unit of one record type."""
    return Receipt(
        run=run,
        stage=stage,
        unit=unit,
        records={"customer": size},
        bytes=size,
        checksum="c",
        seconds=0.1,
        worker="w",
        delivery=1,
        document=document,
    )


def finish(services: Services, run: str, unit: int, size: int = 10, folder: str = "") -> None:
    """A worker writes a document; with `folder`, that of a record type."""
    path = naming.document("", run, unit, ".ndjson", folder or None)
    done = receipt(run, unit, Stage.GENERATE, f"documents/{path}", size)
    blob = services.records._service.get_blob_client("documents", path)
    blob.upload_blob(b"x" * size, overwrite=True, metadata=done.to_metadata())


def load(services: Services, run: str, unit: int, rejected: int = 0) -> None:
    """A worker loads a document."""
    path = naming.document("", run, unit, ".ndjson")
    done = receipt(run, unit, Stage.INGEST, f"documents/{path}")
    done = replace(done, rejected=rejected)
    services.records.write(naming.receipt(run, Stage.INGEST, unit), b"", done.to_metadata())


def do_last_step(services: Services, run: str) -> None:
    """A worker does what is left once all is loaded."""
    done = replace(receipt(run, 0, Stage.FINISH, "", 0), records={}, seconds=7.5)
    services.records.write(naming.receipt(run, Stage.FINISH, 0), b"", done.to_metadata())


def bury(
    services: Services, run: str, unit: int, error: str = "broken", stage: Stage = Stage.GENERATE
) -> str:
    """A worker gives a unit up; the fingerprint of its error."""
    message = Message(run=run, stage=stage, unit=unit, payload={})
    failure = Failure("ValueError", error, True, "w", 1, NOW.isoformat())
    letter = DeadLetter.of(message, failure, deliveries=1, first_seen=NOW.isoformat())
    services.records.write(letter.record_path(run), letter.encode(), letter.to_metadata())
    services.queues._client(naming.dead_letter_queue(run)).send_message(letter.encode())
    return failure.fingerprint
