"""Runs as they lie in storage, written by hand: many of them, or one with all that there can be."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from orchestration.activities.auditing import catalogue_entry
from orchestration.chronicle import Chronicle
from orchestration.model import (
    Account,
    GroupView,
    Observation,
    Phase,
    Progress,
    RunRecord,
    RunRequest,
)
from orchestration.reports import Report, StageReport, failure_groups
from orchestration.services import Records
from orchestration.services.threads import side_by_side
from worker_image.contract import DeadLetter, Failure, Heartbeat, Message, Receipt, Stage, naming

ERRORS = ("column 'age' of row {} is no number", "row {} has no key", "the server said {}")
GROUPS = 4


class History:
    """Writes what runs leave behind, below ids of their own."""

    def __init__(self, records: Records, now: datetime) -> None:
        self._records = records
        self._now = now
        records.create_container()

    def record(self, number: int, units: int = 100, **changes: Any) -> RunRecord:
        """An accepted request of a generate run, `number` minutes old."""
        created = self._now - timedelta(minutes=number)
        request = {"kind": "generate", "dataset": {"dataset": "shop"}, "units": units, **changes}
        run = naming.run_id(created, f"{number:05d}")
        record = RunRecord(run=run, created=created, request=RunRequest.model_validate(request))
        self._records.create(naming.record(run), record.model_dump_json(by_alias=True))
        return record

    def ended(self, number: int, units: int = 100, dead: int = 0, **changes: Any) -> RunRecord:
        """A run that has ended, in the catalogue and with its report."""
        record = self.record(number, units, **changes)
        report = self._report(record, units, dead)
        self._records.write(naming.report(record.run), report.model_dump_json())
        entry = catalogue_entry(record, report.state, report)
        self._records.catalogue.write(record.run, entry)
        return record

    def _report(self, record: RunRecord, units: int, dead: int) -> Report:
        state = Phase.COMPLETED_WITH_FAILURES if dead else Phase.SUCCEEDED
        done, none = {"generate": units - dead}, {"generate": 0}
        stage = StageReport(
            units=units - dead,
            rows=3_500 * (units - dead),
            bytes=60_000 * (units - dead),
            records={"order": 3_500 * (units - dead)},
            seconds={"p50": 0.1, "p95": 0.2, "max": 0.9},
            slowest=[{"unit": 7, "seconds": 0.9, "worker": "w"}],
        )
        return Report(
            run=record.run,
            state=state,
            reason="",
            started=record.created,
            round_started=record.created,
            ended=record.created + timedelta(minutes=5),
            units=units,
            account=Account(done=done, dead={"generate": dead}, missing=none),
            stages={"generate": stage},
            failures=failure_groups(letter.to_metadata() for letter in letters(record.run, dead)),
            retries=0,
            groups_used=GROUPS,
            billed_seconds=1_200.0,
            cost=0.0156,
            redrives=0,
            notes=[],
        )

    # ------------------------------------------------------------------------------ the parts

    def bury(self, run: str, count: int) -> None:
        """The dead letters of the first units, of three causes."""

        def write(letter: DeadLetter) -> None:
            self._records.write(letter.record_path(run), letter.encode(), letter.to_metadata())

        side_by_side(write, letters(run, count))

    def complete(self, run: str, units: Iterable[int], container: str = "documents") -> None:
        """The documents of units, each with its receipt."""
        self._records.create_container(container)

        def write(unit: int) -> None:
            path = naming.document("", run, unit, ".ndjson.zst")
            done = Receipt(
                run=run,
                stage=Stage.GENERATE,
                unit=unit,
                records={"order": 3_500},
                bytes=10,
                checksum="0" * 64,
                seconds=0.1,
                worker=worker(run, unit % GROUPS + 1),
                delivery=1,
                document=f"{container}/{path}",
            )
            blob = self._records._service.get_blob_client(container, path)
            blob.upload_blob(b"x" * 10, overwrite=True, metadata=done.to_metadata())

        side_by_side(write, units)

    def work(self, run: str, units: int) -> None:
        """What the workers say, their logs, and what the looks have found so far."""
        chronicle = Chronicle()
        beats = [self._beat(run, ordinal, units // GROUPS) for ordinal in range(1, GROUPS + 1)]
        for beat in beats:
            path = naming.heartbeat(run, beat.worker)
            self._records.write(path, beat.encode(), beat.to_metadata())
            self._log(run, beat.worker, range(units)[int(beat.worker[-4]) - 1 :: GROUPS])
        for look in range(300):
            at = self._now + timedelta(seconds=15 * look)
            progress = Progress(units=units * look // 300, rows=3_500 * units * look // 300)
            seen = Observation(
                queued=units - progress.units,
                dead=0,
                progress={"generate": progress},
                groups=tuple(_view(run, ordinal, self._now) for ordinal in range(1, GROUPS + 1)),
            )
            chronicle = chronicle.with_look(seen, beats, at)
        self._records.write(naming.chronicle(run), chronicle.model_dump_json())

    def _beat(self, run: str, ordinal: int, units: int) -> Heartbeat:
        return Heartbeat(
            worker=worker(run, ordinal),
            at=self._now.isoformat(),
            state="working",
            units={"generate": units},
            rows={"generate": 3_500 * units},
            current=(f"generate/{ordinal:07d}",),
            worked=self._now.isoformat(),
        )

    def _log(self, run: str, name: str, units: Iterable[int]) -> None:
        lines = (
            json.dumps(
                {
                    "time": (self._now + timedelta(seconds=unit)).isoformat(),
                    "level": "INFO",
                    "message": "3500 rows in 0.100 s",
                    "run": run,
                    "worker": name,
                    "stage": "generate",
                    "unit": unit,
                    "delivery": 1,
                }
            )
            for unit in units
        )
        blob = self._records._service.get_blob_client(naming.RUNS, naming.log(run, name))
        blob.upload_blob("".join(f"{line}\n" for line in lines), blob_type="AppendBlob")


def worker(run: str, ordinal: int) -> str:
    """A worker, by the name of its container group."""
    return naming.container_group(run, ordinal, 1)


def letters(run: str, count: int) -> list[DeadLetter]:
    """Dead letters of the first units, of three causes."""
    return [_letter(run, unit) for unit in range(count)]


def _letter(run: str, unit: int) -> DeadLetter:
    at = datetime(2026, 11, 23, 12).astimezone().isoformat()
    failure = Failure(
        type="BadRowError",
        message=ERRORS[unit % len(ERRORS)].format(unit),
        permanent=True,
        worker=worker(run, unit % GROUPS + 1),
        delivery=1,
        at=at,
        traceback="Traceback (most recent call last):\n  …\n",
    )
    message = Message(run=run, stage=Stage.GENERATE, unit=unit, payload={})
    return DeadLetter.of(message, failure, deliveries=1, first_seen=at)


def _view(run: str, ordinal: int, started: datetime) -> GroupView:
    return GroupView(
        name=worker(run, ordinal),
        ordinal=ordinal,
        attempt=1,
        provisioning="Succeeded",
        state="Running",
        started=started,
        region="eastus",
    )
