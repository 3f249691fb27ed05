"""Everything that lies in Blob Storage, behind the names of the contract."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from worker_image.contract import Heartbeat, Receipt, naming

from ..chronicle import Chronicle
from ..model import Control, RunRecord, moment
from ..reports import Report
from .blobs import Blobs
from .catalogue import PREFIX, Catalogue
from .definitions import Definitions, Noun
from .manifest import Manifest


@dataclass(frozen=True)
class DeadLetterSummary:
    """A dead-letter record as a listing shows it; `metadata` as the contract writes it."""

    path: str
    stage: str
    unit: int | None
    metadata: Mapping[str, str]

    @property
    def place(self) -> str:
        """Stage and name: the unit in seven digits, or a digest if it could not be read."""
        return "/".join(self.path.split("/")[-2:]).removesuffix(".json")


class Records(Blobs):
    """The blobs of runs, each by what it is; `catalogue` is what lists show of them."""

    def __init__(self, service: BlobServiceClient) -> None:
        super().__init__(service)
        self.catalogue = Catalogue(self._runs)

    # ------------------------------------------------------------------------------ the run

    def record(self, run: str) -> RunRecord | None:
        """The accepted request of a run."""
        return self.read_as(RunRecord, naming.record(run))

    def manifest(self, run: str) -> Manifest:
        """The list of a run's documents."""
        return Manifest(self._runs.get_blob_client(naming.manifest(run)))

    def chronicle(self, run: str) -> Chronicle:
        """What the run has looked like so far."""
        return self.read_as(Chronicle, naming.chronicle(run)) or Chronicle()

    def report(self, run: str) -> Report | None:
        """What became of the run; None until its first end."""
        return self.read_as(Report, naming.report(run))

    def control(self, run: str) -> Control:
        """The wishes of people."""
        return self.read_as(Control, naming.control(run)) or Control()

    def edit_control(self, run: str, change: Callable[[Control], Control]) -> Control:
        """Change the wishes; raises what `edit` does."""
        return self.edit(naming.control(run), Control, change)

    # ------------------------------------------------------------------------------ the account

    def receipts(self, run: str, stage: str, container: str, prefix: str) -> Iterator[Receipt]:
        """The receipts of a stage below a prefix; blobs that others wrote are passed over.

        None where there is no such container.
        """
        with suppress(ResourceNotFoundError):
            for blob in self.listing(container, prefix):
                receipt = Receipt.from_metadata(blob.metadata)
                if receipt and receipt.run == run and receipt.stage == stage:
                    yield receipt

    def receipt(self, path: str) -> Receipt | None:
        """The receipt on a blob of the runs; None if there is no such blob."""
        try:
            blob = self._runs.get_blob_client(path).get_blob_properties()
        except ResourceNotFoundError:
            return None
        return Receipt.from_metadata(blob.metadata)

    def dead_letters(
        self, run: str, beginning: str = "", behind: str = ""
    ) -> Iterator[DeadLetterSummary]:
        """The dead-letter records of a run, in the order of their paths, behind one of them.

        All, or those whose names begin so: `stage/` and the first digits of the unit.
        """
        prefix = f"{naming.dead_letters(run)}{beginning}"
        listed = self.listing(naming.RUNS, prefix, behind)
        return (_summary(blob.name, blob.metadata) for blob in listed)

    def dead_letter(self, path: str) -> DeadLetterSummary | None:
        """A dead-letter record."""
        try:
            blob = self._runs.get_blob_client(path).get_blob_properties()
        except ResourceNotFoundError:
            return None
        return _summary(path, blob.metadata)

    def heartbeats(self, run: str) -> Iterator[Heartbeat]:
        """What each worker said last, its times by the clock of storage."""
        for blob in self.listing(naming.RUNS, naming.heartbeats(run)):
            heartbeat = Heartbeat.from_metadata(blob.metadata)
            if heartbeat:
                yield _as_kept(heartbeat, blob.last_modified)

    # ------------------------------------------------------------------------------ definitions

    def definitions(self, noun: Noun) -> Definitions:
        """What people have stored under this noun."""
        return Definitions(self._service.get_container_client(noun.container), noun.suffix)

    # ------------------------------------------------------------------------------ housekeeping

    def purge(self, run: str) -> None:
        """Delete every blob of a run, its place in the catalogue last; documents stay."""
        self.clear(f"{run}/")
        self.delete(f"{PREFIX}{run}")


def _as_kept(heartbeat: Heartbeat, kept: datetime) -> Heartbeat:
    """With the time at which it was kept: a worker's own clock may be wrong by any time."""
    said, worked = moment(heartbeat.at), moment(heartbeat.worked)
    if said is None:
        return heartbeat
    last = (kept - (said - worked)).isoformat() if worked else ""
    return replace(heartbeat, at=kept.isoformat(), worked=last)


def _summary(path: str, metadata: Mapping[str, str]) -> DeadLetterSummary:
    unit = metadata.get("unit", "")
    return DeadLetterSummary(
        path=path,
        stage=metadata.get("stage", ""),
        unit=int(unit) if unit.isdigit() else None,
        metadata=metadata,
    )
