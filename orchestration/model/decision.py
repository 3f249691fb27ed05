"""What a turn decides, and what comes of it."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from .observation import Selection
from .plan import Plan
from .state import Account, RunState
from .value import Value


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
