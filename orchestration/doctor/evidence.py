"""What was looked at: frozen values that the rules judge; none of it is read again."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal

from worker_image.contract import Heartbeat, Message

from ..chronicle import Chronicle, GroupLife
from ..model import Phase, RunLimits, RunRecord, moment
from ..orchestrations import Orchestration
from ..policy.sweeping import Tagged
from ..reports import Report
from ..services.records import DeadLetterSummary
from ..settings import Settings
from ..status import Status

WORKING = (Phase.SEEDING, Phase.RUNNING, Phase.DRAINING, Phase.FINISHING)

Service = Literal["storage", "management", "runtime"]


@dataclass(frozen=True)
class Trouble:
    """A service that could not be looked at, in its own words."""

    service: Service
    words: str


@dataclass(frozen=True)
class Delivered:
    """A message that waits, and how often it was delivered so far."""

    message: Message
    deliveries: int

    @property
    def silent(self) -> int:
        """Deliveries that ended without a word: no error, not handed back, not turned away."""
        message = self.message
        told = len(message.history)
        if message.history:  # the oldest errors may have been dropped to fit
            told = max(told, message.history[-1].delivery - message.released - message.busy)
        return max(0, self.deliveries - message.released - message.busy - told)


@dataclass(frozen=True, kw_only=True)
class RunEvidence:
    """One run as it was found. `queue` is None where there is no work queue.

    `letters` are the first of its dead letters, `waiting` the first messages that a peek shows,
    `tails` the last words of groups that the platform kept, by their names.
    """

    now: datetime
    settings: Settings
    record: RunRecord
    orchestration: Orchestration | None = None
    report: Report | None = None
    status: Status = field(default_factory=Status)
    chronicle: Chronicle = field(default_factory=Chronicle)
    heartbeats: tuple[Heartbeat, ...] = ()
    letters: tuple[DeadLetterSummary, ...] = ()
    queue: int | None = 0
    waiting: tuple[Delivered, ...] = ()
    tails: dict[str, str] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()

    @property
    def live(self) -> bool:
        """Whether its orchestration goes on."""
        return self.orchestration is not None and self.orchestration.live

    @property
    def sure(self) -> bool:
        """Whether what was not found is not there: storage and the runtime have answered."""
        return all(trouble.service == "management" for trouble in self.troubles)

    @property
    def limits(self) -> RunLimits:
        """The bounds that its request sets."""
        return self.record.request.limits

    @property
    def working(self) -> bool:
        """Whether it goes on and its units are worked on, or should be."""
        return self.live and self.status.state in WORKING

    @property
    def left(self) -> int | None:
        """Units that are neither done nor dead; None before there is a plan."""
        units = self.status.units
        return None if units.total is None else max(0, units.total - units.done - units.dead)

    @property
    def quiet(self) -> float:
        """Seconds for which no look has found any progress, in this round of the run."""
        samples = self.chronicle.samples
        if not samples:
            return 0.0
        last = samples[-1]
        same = list(
            takewhile(lambda s: (s.units, s.dead) == (last.units, last.dead), samples[::-1])
        )
        return min((self.now - same[-1].at).total_seconds(), self.status.elapsed)

    @property
    def unseen(self) -> float:
        """Seconds since the orchestrator last saw queues, workers and container groups."""
        samples = self.chronicle.samples
        return (self.now - samples[-1].at).total_seconds() if samples else self.status.elapsed

    @property
    def groups(self) -> list[GroupLife]:
        """Its container groups that are there and may work, as the last look has found them."""
        lives = self.chronicle.groups.values()
        return [
            life for life in lives if life.gone is None and life.state in ("Pending", "Running")
        ]

    @property
    def ended(self) -> list[GroupLife]:
        """Its container groups that have come to their end, the latest first."""
        lives = [life for life in self.chronicle.groups.values() if life.ended or life.gone]
        return sorted(lives, key=_end, reverse=True)

    def words_of(self, life: GroupLife) -> Heartbeat | None:
        """What the worker of a group has said last."""
        return next((beat for beat in self.heartbeats if beat.worker == life.name), None)

    def silence(self, life: GroupLife) -> timedelta | None:
        """For how long the worker of a running group has said nothing."""
        beat = self.words_of(life)
        last = moment(beat.at) if beat else life.started
        return None if last is None else self.now - last


def _end(life: GroupLife) -> datetime:
    return life.ended or life.gone or life.seen


@dataclass(frozen=True, kw_only=True)
class ScheduleEvidence:
    """A schedule that is switched on: its `fault`, or its last `due` time.

    `decided` says whether it remembers that time, `changed` when its definition was written.
    """

    name: str
    changed: datetime
    fault: str = ""
    due: datetime | None = None
    decided: bool = True


@dataclass(frozen=True, kw_only=True)
class AppEvidence:
    """The app as it was found: runs that have not ended, schedules, timers, groups of no live run.

    `rounds` says when each timer last came round; `unseen` counts runs that were not looked at.
    """

    now: datetime
    settings: Settings
    runs: tuple[RunEvidence, ...] = ()
    unseen: int = 0
    schedules: tuple[ScheduleEvidence, ...] = ()
    rounds: dict[str, datetime] = field(default_factory=dict)
    orphans: tuple[Tagged, ...] = ()
    troubles: tuple[Trouble, ...] = ()
