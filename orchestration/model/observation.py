"""What one look at the services shows."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .instances import Count
from .refusal import Refusal
from .value import Value

GROUP_STATES = ("Pending", "Running", "Stopped", "Succeeded", "Failed")


class GroupView(Value):
    """A container group as Azure shows it; `heard` is when its worker last spoke.

    `refusal` is set where the creation was accepted and came to nothing later.
    """

    name: str
    ordinal: int
    attempt: int
    provisioning: str
    state: str  # one of GROUP_STATES
    started: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    detail: str = ""
    region: str = ""
    spot: bool = False
    heard: datetime | None = None
    refusal: Refusal | None = None

    @property
    def over(self) -> bool:
        """It runs no more, and never will; a group may say Running after its container ended."""
        ended = self.ended is not None or self.state in ("Stopped", "Succeeded", "Failed")
        return ended or self.provisioning == "Failed" or self.refusal is not None


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
    """The persisted wishes of people; `closed` once the run ends without another look at them."""

    cancel: bool = False
    reason: str = ""
    paused: bool = False
    count: Count | None = None  # of container groups, instead of what the request says
    redrives: tuple[Selection, ...] = ()
    closed: bool = False


class Room(Value):
    """What a region's quotas have left for us."""

    groups: int
    cores: float
    spot_cores: float


class RepeatedError(Value):
    """An error that dead letters have in common."""

    fingerprint: str
    error: str
    units: int


class Look(Value):
    """What `observe` is asked for: `regions` are those whose quotas matter now.

    `cost` is what the run has cost by now, and `progressed` when it last went on, as long as it is
    to: what it tells of a run beside what it sees.
    """

    activity: Literal["observe"] = "observe"
    run: str
    regions: tuple[str, ...] = ()
    cost: float = 0.0
    progressed: datetime | None = None


class Observation(Value):
    """What one look at the services shows. Queue counts are approximate.

    `rooms` is by region, of those that were asked for, None where there was no answer; `errors`
    are the commonest among the first dead letters. `finishing` is when a worker last said that it
    works on the finishing step. `pushbacks` counts how often the target was away or asked for
    less, `pushback` is what it said last.
    """

    queued: int
    dead: int
    progress: dict[str, Progress] = Field(default_factory=dict)
    retries: int = 0
    groups: tuple[GroupView, ...] = ()
    control: Control = Control()
    rooms: dict[str, Room | None] = Field(default_factory=dict)
    errors: tuple[RepeatedError, ...] = ()
    finishing: datetime | None = None
    pushbacks: int = 0
    pushback: str = ""
