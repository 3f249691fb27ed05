"""A unit in one stage, done by the worker's own code."""

import json
import os
import pdb
import shutil
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from command_line.replay.folder import Folder
from command_line.replay.rows import RowFiles
from command_line.replay.source import Source
from worker_image.clock import Clock
from worker_image.command import Command
from worker_image.contract import Failure, Message, Receipt, Redaction, Stage, WorkerEnvironment
from worker_image.datasets import Datasets
from worker_image.errors import PermanentError
from worker_image.gate import Gate
from worker_image.ingester import OpenSink, Sink, Surroundings, open_sink
from worker_image.ingester.postgresql.options import Options
from worker_image.making import Made, MakeUnit, Making, TellTables
from worker_image.stages import Finish, Generate, Ingest, UnitStage
from worker_image.tables import Table

WORKER = "replay"


class InThisProcess:
    """Makes units in this process, where a debugger can look at it."""

    def unit(self, request: MakeUnit) -> Made:
        """Make a unit; raises what the generator raises."""
        return request.answer()

    def tables(self, request: TellTables) -> tuple[Table, ...]:
        """The tables of a dataset; raises what `unit` does."""
        return request.answer()


@dataclass
class Outcome:
    """How a unit went in a stage, with its receipt or its failure, and the message that follows.

    `same` is whether it went as in the run, as far as that is known; `notes` are for people.
    """

    stage: Stage
    folder: Path
    notes: list[str]
    receipt: Receipt | None = None
    failure: Failure | None = None
    following: Message | None = None
    same: bool = True

    @property
    def ok(self) -> bool:
        """Whether it went well, and as it did in the run."""
        return self.failure is None and self.same

    def members(self) -> dict[str, Any]:
        """As JSON."""
        failure = self.failure
        return {
            "stage": self.stage,
            "ok": self.ok,
            "folder": str(self.folder),
            "receipt": asdict(self.receipt) if self.receipt else None,
            "error": {**asdict(failure), "fingerprint": failure.fingerprint} if failure else None,
            "notes": self.notes,
        }


@dataclass(frozen=True)
class Replay:
    """How units are done here: below `folder`, into a database or into files of rows."""

    source: Source
    folder: Path
    making: Making
    database: str = field(default="", repr=False)
    debug: bool = False
    clock: Clock = field(default_factory=Clock)

    def unit(self, message: Message, made: Path | None = None) -> Outcome:
        """Do the unit of a message in a folder of its own, which is emptied first.

        A document that the run does not have is looked for in `made`. With `debug` the debugger is
        where the unit fails.
        """
        path = self.folder / message.run / f"{message.stage}-{message.unit}"
        shutil.rmtree(path, ignore_errors=True)
        folder = Folder(path, self.source, message, made)
        folder.keep("message.json", message.encode().encode())
        outcome = Outcome(message.stage, path, folder.notes)
        stage = self._stage(message.stage, folder)
        try:
            outcome.receipt = self._done(stage, message, folder)
            outcome.following = stage.following(message)
        except Exception as error:
            outcome.failure = self._failed(error, folder)
            if self.debug:
                pdb.post_mortem(error.__traceback__)
        finally:
            stage.close()
        return outcome

    def _done(self, stage: UnitStage, message: Message, folder: Folder) -> Receipt:
        begun = self.clock.monotonic()
        product = stage.work(message)
        receipt = product.receipt(message, self.clock.monotonic() - begun, WORKER, 1)
        if product.content:
            folder.replace(stage.place(message), product.content, product.content_type)
        folder.keep("receipt.json", json.dumps(asdict(receipt), indent=2).encode())
        return receipt

    def _stage(self, stage: Stage, folder: Folder) -> UnitStage:
        datasets = Datasets(folder, self.making)
        match stage:
            case Stage.GENERATE:
                return Generate(folder, datasets)
            case Stage.INGEST:
                return Ingest(folder, datasets, self._opened(folder), Gate(1))
            case Stage.FINISH:
                return Finish(datasets, self._opened(folder))
            case Stage.COMMAND:
                # No endpoint and no secret: the program here reaches what it reaches by itself.
                return Command(WorkerEnvironment(run=self.source.run, worker=WORKER), os.environ)

    def _opened(self, folder: Folder) -> OpenSink:
        """The database in the place of the run's, or files."""
        if self.database:
            surroundings = Surroundings(postgresql_url=lambda: self.database)
            return partial(open_sink, surroundings=surroundings)

        def files(members: Mapping[str, Any]) -> Sink:
            return RowFiles(folder.path / "rows", Options.read(members).bad_rows)

        return files

    def _failed(self, error: Exception, folder: Folder) -> Failure:
        """The error as a worker tells it; the whole traceback is in a file."""
        redact, permanent = Redaction([self.database]), isinstance(error, PermanentError)
        trail = "".join(traceback.format_exception(error))
        folder.keep("error.txt", redact(trail).encode())
        return Failure.of(
            error,
            permanent=permanent,
            worker=WORKER,
            delivery=1,
            at=self.clock.stamp(),
            redact=redact,
        )
