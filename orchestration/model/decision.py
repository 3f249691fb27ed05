"""What a turn decides, and what comes of it."""

from datetime import datetime
from typing import Literal

from .notifications import Event
from .observation import GroupView, Selection
from .plan import Plan
from .refusal import Refusal
from .state import Account, Finished, RunState
from .value import Value


class Prepare(Value):
    """Create queues, freeze what there is to do, and return the plan."""

    activity: Literal["prepare"] = "prepare"
    run: str


class Seed(Value):
    """Put the messages of units `first` to `first + count - 1` on the work queue.

    With `missing`, only of those that have neither a receipt nor a dead letter.
    """

    activity: Literal["seed"] = "seed"
    run: str
    first: int
    count: int
    missing: bool = False


class Provision(Value):
    """Create one container group, or adopt it if it is there; without `image` of the app's own."""

    activity: Literal["provision"] = "provision"
    run: str
    ordinal: int
    attempt: int
    region: str
    spot: bool = False
    expires: datetime
    image: str | None = None


class Remove(Value):
    """Save the tail of a container group's output and delete the group.

    `retire` says that fewer are wanted: the group is no loss. `reason` is for people.
    """

    activity: Literal["remove"] = "remove"
    run: str
    name: str
    retire: bool = False
    reason: str = ""


class Redrive(Value):
    """Forget the selected dead letters, so that the next audit finds their units missing.

    `more` in its outcome asks for another call.
    """

    activity: Literal["redrive"] = "redrive"
    run: str
    number: int
    selection: Selection


class Audit(Value):
    """Compare the receipts and dead letters of some units with the plan, and write down the part.

    With `reseed`, messages of units that are missing go back to the queue, up to a bound.
    """

    activity: Literal["audit"] = "audit"
    run: str
    first: int
    count: int
    reseed: bool = False


class Finish(Value):
    """Tell how the finishing step stands.

    With `seed` its message is put on the work queue unless it has a receipt or a dead letter; with
    `afresh` as well, what an earlier time has left of these is forgotten before.
    """

    activity: Literal["finish"] = "finish"
    run: str
    seed: bool = False
    afresh: bool = False


class Notify(Value):
    """Tell the app's webhook of an event, as the run stood `at` that time."""

    activity: Literal["notify"] = "notify"
    event: Event
    at: datetime
    state: RunState


class Close(Value):
    """Write manifest and report, delete the work queue, tell of the end."""

    activity: Literal["close"] = "close"
    state: RunState


Decision = Prepare | Seed | Provision | Remove | Redrive | Audit | Finish | Notify | Close


class Outcome(Value):
    """What came of a decision; one shape for all activities. An error changed nothing.

    `left` is how many more creations or deletions Azure says that it allows, in five minutes and
    in an hour; `group` is how a group looked that is to be deleted. `finished` is set once the
    finishing step has ended.
    """

    plan: Plan | None = None
    account: Account | None = None
    count: int = 0
    more: bool = False
    left: tuple[int, int] | None = None
    group: GroupView | None = None
    finished: Finished | None = None
    refusal: Refusal | None = None
    error: str = ""
