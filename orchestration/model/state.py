"""What the orchestrator carries from turn to turn."""

from datetime import datetime
from enum import StrEnum

from .observation import Observation
from .plan import Plan
from .value import Value


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
