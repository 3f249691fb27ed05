"""The values that the control plane speaks in: requests, plans, states, observations, decisions.

All of them are frozen and JSON: they cross HTTP, activities and the orchestrator's history.
Times are aware UTC, money is in the currency of the configured prices.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

ContainerName = Annotated[
    str, Field(pattern=r"^[a-z0-9](-?[a-z0-9])+$", min_length=3, max_length=63)
]


class Value(BaseModel):
    """A frozen value that refuses members it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """What a run does with its units."""

    GENERATE = "generate"
    INGEST = "ingest"
    PIPELINE = "pipeline"


# ------------------------------------------------------------------------------------- request


class Documents(Value):
    """Where a run writes its documents."""

    container: ContainerName = "documents"
    prefix: Annotated[str, Field(max_length=500)] = ""
    compression: Literal["none", "gzip", "zstd"] = "zstd"


class Source(Value):
    """Which blobs an ingest run loads, whoever wrote them."""

    container: ContainerName
    prefix: Annotated[str, Field(max_length=900)] = ""
    record_type: Annotated[str, Field(max_length=63)] | None = None


class Sink(Value):
    """Where rows go: a schema of the configured PostgreSQL database."""

    schema_name: Annotated[
        str, Field(alias="schema", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=63)
    ]


class Instances(Value):
    """The container groups of a run."""

    count: Annotated[int, Field(ge=1, le=100)] = 4
    cpu: Annotated[float, Field(ge=0.5, le=4)] = 1.0
    memory_gb: Annotated[float, Field(ge=0.5, le=16)] = 1.5
    concurrency: Annotated[int, Field(ge=1, le=32)] = 2


class RunLimits(Value):
    """What a run may use up before it is stopped. Times are in seconds."""

    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    unit_timeout: Annotated[float, Field(gt=0, le=6 * 3600)] = 600
    deadline: Annotated[float, Field(gt=0, le=7 * 86400)] = 86_400
    start_timeout: Annotated[float, Field(gt=0, le=3600)] = 900
    stall_timeout: Annotated[float, Field(gt=0, le=86400)] = 1_800
    tolerated_failures: Annotated[int, Field(ge=0)] | None = None
    replacements: Annotated[int, Field(ge=0, le=1000)] = 20
    cost: Annotated[float, Field(gt=0)] | None = None


class RunRequest(Value):
    """What a caller asks for."""

    kind: Kind
    dataset: (
        Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] | dict[str, Any] | None
    ) = None
    units: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    random_seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    documents: Documents = Documents()
    source: Source | None = None
    sink: Sink | None = None
    instances: Instances = Instances()
    limits: RunLimits = RunLimits()

    @model_validator(mode="after")
    def _members_fit_the_kind(self) -> Self:
        needed = {
            Kind.GENERATE: {"dataset", "units"},
            Kind.PIPELINE: {"dataset", "units", "sink"},
            Kind.INGEST: {"source", "sink"},
        }[self.kind]
        optional = {"dataset"} if self.kind is Kind.INGEST else set()
        for name in ("dataset", "units", "source", "sink"):
            given = getattr(self, name) is not None
            if name in needed and not given:
                raise ValueError(f"{name}: a {self.kind} run needs it")
            if given and name not in needed | optional:
                raise ValueError(f"{name}: a {self.kind} run has none")
        return self


class RunRecord(Value):
    """The accepted request as it is kept; a dataset's name in it has become the dataset."""

    run: str
    created: datetime
    request: RunRequest
    schedule: str | None = None

    @property
    def dataset(self) -> dict[str, Any] | None:
        """The dataset specification."""
        return self.request.dataset if isinstance(self.request.dataset, dict) else None

    @property
    def dataset_name(self) -> str | None:
        """What the specification calls itself."""
        return str(self.dataset["dataset"]) if self.dataset and "dataset" in self.dataset else None


# ---------------------------------------------------------------------------------------- plan


class Prices(Value):
    """What a second of one vCPU and of one GB costs."""

    vcpu_second: float
    gb_second: float


class Plan(Value):
    """What the orchestrator must know of a run; small, whatever the size of the run."""

    kind: Kind
    units: int
    stages: tuple[str, ...]
    instances: Instances
    limits: RunLimits
    prices: Prices
    window: int
    page: int
    tick: float
    first_attempt: int = 1
    redrives_done: int = 0
    resumed: bool = False


# ----------------------------------------------------------------------------------- observation


class GroupView(Value):
    """A container group as Azure shows it."""

    name: str
    ordinal: int
    attempt: int
    provisioning: str
    state: str  # Pending | Running | Stopped | Succeeded | Failed
    started: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    detail: str = ""

    @property
    def over(self) -> bool:
        """It runs no more, and never will."""
        return self.state in ("Stopped", "Succeeded", "Failed") or self.provisioning == "Failed"


class Progress(Value):
    """What the workers say of a stage."""

    units: int = 0
    rows: int = 0
    bytes: int = 0


class Selection(Value):
    """Which dead letters a redrive takes; no member set means all."""

    units: tuple[int, ...] | None = None
    fingerprint: str | None = None


class Control(Value):
    """The persisted wishes of people."""

    cancel: bool = False
    reason: str = ""
    redrives: tuple[Selection, ...] = ()


class Observation(Value):
    """What one look at the services shows. Queue counts are approximate."""

    queued: int
    dead: int
    progress: dict[str, Progress] = {}
    retries: int = 0
    groups: tuple[GroupView, ...] = ()
    control: Control = Control()


# ----------------------------------------------------------------------------------------- state


class Phase(StrEnum):
    """Where a run stands; the last four are final."""

    PLANNING = "Planning"
    SEEDING = "Seeding"
    RUNNING = "Running"
    DRAINING = "Draining"
    AUDITING = "Auditing"
    CLEANING = "Cleaning"
    SUCCEEDED = "Succeeded"
    COMPLETED_WITH_FAILURES = "CompletedWithFailures"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def final(self) -> bool:
        """No container group exists and nothing more will happen."""
        return self in FINAL


FINAL = (Phase.SUCCEEDED, Phase.COMPLETED_WITH_FAILURES, Phase.FAILED, Phase.CANCELLED)


class SlotStatus(StrEnum):
    """The life of one place in the fleet."""

    REQUESTED = "requested"
    LIVE = "live"
    OVER = "over"
    GONE = "gone"


class Slot(Value):
    """One place in the fleet; each replacement of its group is a new attempt under a new name."""

    ordinal: int
    attempt: int
    status: SlotStatus = SlotStatus.REQUESTED
    requested: datetime
    started: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    retired: bool = False  # its worker left by itself: there was nothing more to do


class Verdict(Value):
    """How the run will end once everything is cleaned up."""

    phase: Phase
    reason: str = ""


class Account(Value):
    """What an audit of the receipts found."""

    done: dict[str, int]
    dead: dict[str, int]
    missing: dict[str, int]
    sample: tuple[str, ...] = ()  # a few missing units by name


class RunState(Value):
    """All that the orchestrator carries from turn to turn."""

    run: str
    phase: Phase = Phase.PLANNING
    started: datetime
    plan: Plan | None = None
    seeded: int = 0
    slots: tuple[Slot, ...] = ()
    replaced: int = 0
    groups_used: int = 0
    billed_seconds: float = 0.0  # of groups that are gone
    observation: Observation | None = None
    account: Account | None = None
    quiet: int = 0  # observations in a row that showed an empty queue
    reseeds: int = 0
    redrives_done: int = 0
    progressed: datetime
    stumbles: int = 0
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None
    closed: bool = False


# ------------------------------------------------------------------------------------- decisions


class Prepare(Value):
    """Create queues, freeze what there is to do, and return the plan."""

    activity: Literal["prepare"] = "prepare"
    run: str


class Seed(Value):
    """Put the messages of units `first` to `first + count - 1` on the work queue."""

    activity: Literal["seed"] = "seed"
    run: str
    first: int
    count: int


class Provision(Value):
    """Create one container group, or adopt it if it is there."""

    activity: Literal["provision"] = "provision"
    run: str
    ordinal: int
    attempt: int
    expires: datetime


class Remove(Value):
    """Save the tail of a container group's output and delete the group."""

    activity: Literal["remove"] = "remove"
    run: str
    name: str


class Redrive(Value):
    """Forget the selected dead letters, so that the next audit finds their units missing."""

    activity: Literal["redrive"] = "redrive"
    run: str
    number: int
    selection: Selection


class Audit(Value):
    """Compare receipts and dead letters with the plan; with `reseed`, seed what is missing."""

    activity: Literal["audit"] = "audit"
    run: str
    units: int
    reseed: bool = False


class Close(Value):
    """Write manifest and report, delete the work queue."""

    activity: Literal["close"] = "close"
    state: RunState


Decision = Prepare | Seed | Provision | Remove | Redrive | Audit | Close


class Refusal(StrEnum):
    """What an activity that could not do its work means for the run."""

    RETRY = "retry"  # the same decision comes again
    FATAL = "fatal"  # no repetition can help


class Outcome(Value):
    """What came of a decision; one shape for all activities. An error changed nothing."""

    plan: Plan | None = None
    account: Account | None = None
    count: int = 0
    refusal: Refusal | None = None
    error: str = ""
