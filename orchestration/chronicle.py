"""What a run looked like over time, as its looks have found it: pure, and bounded in size.

It is for people: charts and timelines are drawn from it, and nothing is decided by it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice

from pydantic import ConfigDict, Field

from worker_image.contract import Heartbeat

from .model import GroupView, Observation, Value, moment

SAMPLES = 240
GROUPS = 500


class Sample(Value):
    """The counts of a moment, by stage where they have one; `groups` are those that run."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: datetime
    units: dict[str, int] = Field(default_factory=dict)
    rows: dict[str, int] = Field(default_factory=dict)
    dead: int = 0
    queued: int = 0
    groups: int = 0


class GroupLife(Value):
    """The life of a container group: requested by `seen`, `started`, `ended`, and `gone`.

    `worked` is when its worker last held a unit: what comes behind it was idle time. `refusal` is
    Azure's code where its creation was accepted and came to nothing.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    ordinal: int
    attempt: int
    region: str = ""
    spot: bool = False
    state: str = "Pending"
    seen: datetime
    started: datetime | None = None
    worked: datetime | None = None
    ended: datetime | None = None
    gone: datetime | None = None
    exit_code: int | None = None
    detail: str = ""
    refusal: str = ""


class Chronicle(Value):
    """Samples at about even distances of `every` seconds, the oldest first, and the groups.

    The last sample is that of the last look. Of very many groups the first are forgotten.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    every: float = 0.0
    samples: tuple[Sample, ...] = ()
    groups: dict[str, GroupLife] = Field(default_factory=dict)

    def with_look(
        self, seen: Observation, heartbeats: Iterable[Heartbeat], now: datetime
    ) -> "Chronicle":
        """The chronicle after one more look; the same look again changes nothing that matters."""
        worked = {beat.worker: moment(beat.worked) for beat in heartbeats}
        every, samples = self._sampled(_sample(seen, now))
        return Chronicle(every=every, samples=samples, groups=self._lives(seen, worked, now))

    def _sampled(self, sample: Sample) -> tuple[float, tuple[Sample, ...]]:
        """The last sample gives way to the new one unless it is far enough from the one before."""
        kept = self.samples
        if len(kept) > 1 and kept[-1].at - kept[-2].at < timedelta(seconds=self.every):
            kept = kept[:-1]
        kept = (*kept, sample)
        if len(kept) <= SAMPLES:
            return self.every, kept
        kept = (*kept[:-1:2], sample)
        span = (sample.at - kept[0].at).total_seconds()
        return span / (SAMPLES / 2), kept

    def _lives(
        self, seen: Observation, worked: Mapping[str, datetime | None], now: datetime
    ) -> dict[str, GroupLife]:
        there = {view.name: view for view in seen.groups}
        lives = {name: life for name, life in self.groups.items() if name not in there}
        for name, life in lives.items():
            if life.gone is None:
                lives[name] = life.model_copy(update={"gone": now})
        for name, view in there.items():
            lives[name] = _life(view, self.groups.get(name), worked.get(name), now)
        first = max(0, len(lives) - GROUPS)
        return dict(islice(sorted(lives.items(), key=_age), first, None))


def _age(item: tuple[str, GroupLife]) -> tuple[datetime, str]:
    return item[1].seen, item[0]


def _sample(seen: Observation, now: datetime) -> Sample:
    return Sample(
        at=now,
        units={stage: progress.units for stage, progress in seen.progress.items()},
        rows={stage: progress.rows for stage, progress in seen.progress.items()},
        dead=seen.dead,
        queued=seen.queued,
        groups=sum(view.state == "Running" and not view.over for view in seen.groups),
    )


def _life(
    view: GroupView, before: GroupLife | None, worked: datetime | None, now: datetime
) -> GroupLife:
    """What is known of a group by now: what a look does not show any more stays as it was."""
    told = before or GroupLife(name=view.name, ordinal=view.ordinal, attempt=view.attempt, seen=now)
    return told.model_copy(
        update={
            "region": view.region,
            "spot": view.spot,
            "state": "Ended" if view.over else view.state,
            "started": view.started or told.started,
            "worked": worked or told.worked,
            "ended": view.ended or told.ended or (now if view.over else None),
            "gone": None,
            "exit_code": view.exit_code,
            "detail": view.detail,
            "refusal": view.refusal.code if view.refusal else "",
        }
    )
