"""What the orchestrator carries from turn to turn."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from pydantic import Field

from .notifications import Event
from .observation import Observation
from .plan import Plan
from .value import Value

K = TypeVar("K")


class Phase(StrEnum):
    """Where a run stands; the last four are final."""

    PLANNING = "Planning"
    SEEDING = "Seeding"
    RUNNING = "Running"
    PAUSED = "Paused"
    DRAINING = "Draining"
    AUDITING = "Auditing"
    FINISHING = "Finishing"
    CLEANING = "Cleaning"
    SUCCEEDED = "Succeeded"
    COMPLETED_WITH_FAILURES = "CompletedWithFailures"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def final(self) -> bool:
        """No container group exists and nothing more will happen."""
        return self in FINAL


SAMPLE = 20
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
    region: str = ""
    spot: bool = False
    status: SlotStatus = SlotStatus.REQUESTED
    requested: datetime
    answered: bool = False  # it is known to exist, or to have existed
    started: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    retired: bool = False  # it left by itself, or we wanted fewer: not a loss


class Verdict(Value):
    """How the run will end once everything is cleaned up."""

    phase: Phase
    reason: str = ""


class Account(Value):
    """What an audit of receipts found, by stage."""

    done: dict[str, int]
    dead: dict[str, int]
    missing: dict[str, int]
    sample: tuple[str, ...] = ()  # a few missing units by name

    def plus(self, other: "Account") -> "Account":
        """The account of the units of both."""
        return Account(
            done=added(self.done, other.done),
            dead=added(self.dead, other.dead),
            missing=added(self.missing, other.missing),
            sample=(self.sample + other.sample)[:SAMPLE],
        )


def added(one: Mapping[K, int], other: Mapping[K, int]) -> dict[K, int]:
    """Two counts by the same keys as one, zeros kept."""
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


class Finished(Value):
    """How the finishing step has ended: after so long, or by the error of its dead letter."""

    seconds: float = 0.0
    error: str = ""


class Finishing(Value):
    """The finishing step: how many messages were sent for it, and how it has ended."""

    sent: int = 0
    ended: Finished | None = None


class Easing(Value):
    """How many container groups a target leaves a run that it pushes back.

    `changed` is when the ceiling was last lowered or raised, `pushed` when the target last asked
    for less.
    """

    ceiling: int
    changed: datetime
    pushed: datetime


class Spent(Value):
    """Requests that Azure counts against its pace."""

    at: datetime
    count: int


class Pace(Value):
    """Creations or deletions of the last hour, and until when Azure asked for none."""

    spent: tuple[Spent, ...] = ()
    held_until: datetime | None = None


class RunState(Value):
    """All that the orchestrator carries from turn to turn."""

    run: str
    traceparent: str | None = None  # of the run's own span
    phase: Phase = Phase.PLANNING
    started: datetime
    plan: Plan | None = None
    seeded: int = 0
    slots: tuple[Slot, ...] = ()
    losses: int = 0  # container groups that ended, since there was any progress
    groups_used: int = 0
    billed_seconds: float = 0.0  # of groups that are gone
    spot_seconds: float = 0.0  # those of them at the price of spot
    creations: Pace = Pace()
    deletions: Pace = Pace()
    deleting: dict[str, datetime] = Field(default_factory=dict)  # when it was asked for, by name
    full: dict[str, datetime] = Field(default_factory=dict)  # placements that have no room until
    refusals: dict[str, int] = Field(default_factory=dict)  # by code, since a group last ran
    speed: float | None = None  # units of all stages, per group and second
    observed: datetime | None = None
    observation: Observation | None = None
    audited: int = 0  # units that the audit under way has looked at
    auditing: Account | None = None  # what it has found there
    account: Account | None = None
    finishing: Finishing | None = None  # once the audit has found all units
    easing: Easing | None = None  # while the target leaves less than is wanted
    quiet: int = 0  # observations in a row that showed an empty queue
    reseeds: int = 0
    redrives_done: int = 0
    progressed: datetime
    stumbles: int = 0
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None
    closed: bool = False
    told: tuple[Event, ...] = ()
