"""What a seed stands for: the jobs of an episode, and the faults that meet them.

Faults come in waves with quiet between them, and no two are on one part at a time: so there is
progress to be lost. All is over at the end of the storm.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .network import Weather

SERVICES = ("functions", "arm", "azurite", "postgresql")
LINKS = ("blob", "queue", "database", "arm")
WORKER_HARMS = ("kill", "kill maker", "kill machine", "stop", "pause", "fill disk", "shift clock")
SERVICE_HARMS = ("kill", "stop", "pause")
WISHES = ("pause", "scale", "cancel")
WEATHERS = tuple(weather for weather in Weather if weather is not Weather.FAIR)
REGIONS = ("eastus", "westus", "northeurope")

# What the stand-in is told to do, and how often; the slow ones once, as a run waits minutes.
ACI_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "refuse": {"operation": "*", "count": 3},
    "forbid": {"kind": "refuse", "count": 1, "status": 403, "code": "AuthorizationFailed"},
    "throttle": {"operation": "create", "count": 1, "seconds": 3},
    "quota": {"count": 1},
    "transitioning": {"operation": "delete", "count": 2},
    "delay": {"operation": "*", "count": 5, "seconds": 1.5},
    "lose_reply": {"operation": "*", "count": 2},
    "no_capacity": {"count": 1},
    "failed_operation": {"count": 1},
    "bad_image": {"count": 1, "seconds": 2},
    "no_image": {"kind": "bad_image", "count": 4, "seconds": 1},
    "stuck_pending": {"count": 1, "seconds": 1800},
    "crash": {"count": 2, "seconds": 4},
    "stale_state": {"count": 1},
    "evict": {"count": 2, "seconds": 4},
    "slow_delete": {"count": 2, "seconds": 4},
}

WAVES, WAVE, QUIET = 3, 5.0, 3.0
STORM = WAVES * (WAVE + QUIET)
CLOCKS = (-26 * 3600.0, -3600.0, -300.0, 45.0, 1200.0, 7200.0, 9 * 86400.0)
_WHEN_GROUPS_ARE_MADE = 0.6  # of Azure's faults
FAMILIES = (
    *("worker", "worker", "worker", "service", "service", "link", "link", "link"),
    *("aci", "aci", "run", "messages"),
)
KINDS = ("generate", "ingest", "pipeline", "command")


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, from `at` for so many `seconds` of the episode.

    `choice` in [0, 1) picks among those that the target's name can mean when the time comes;
    `value` is what the kind needs: seconds of delay or of a clock's shift.
    """

    at: float
    seconds: float
    kind: str
    target: str
    choice: float = 0.0
    value: float = 0.0

    def __str__(self) -> str:
        """The kind and its target, as the tables name it."""
        return f"{self.kind} {self.target}"

    @property
    def on_a_link(self) -> bool:
        """Whether it is one of the network."""
        return self.kind in WEATHERS and self.target in LINKS

    @property
    def parts(self) -> frozenset[str]:
        """What nothing else may touch meanwhile."""
        if self.target == "azurite":
            return frozenset({"azurite", "link blob", "link queue"})
        if self.target in ("postgresql", "postgresql backend"):
            return frozenset({"postgresql", "link database"})
        if self.on_a_link:
            return frozenset({f"link {self.target}", _behind(self.target)})
        alone = self.target in SERVICES or self.target == "run"
        return frozenset({self.target if alone else f"{self.kind} {self.target}"})


@dataclass(frozen=True)
class Job:
    """One run: its kind, when it is asked for, and what differs from job to job."""

    kind: str
    number: int
    at: float
    units: int
    attempts: int
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """A line for people."""
        options = " ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.kind} of {self.units} units, {self.attempts} attempts {options}".rstrip()


@dataclass(frozen=True)
class Scenario:
    """All that a seed says."""

    seed: int
    jobs: tuple[Job, ...]
    faults: tuple[Fault, ...]


def draw(seed: int) -> Scenario:
    """The scenario of a seed, always the same."""
    random = Random(seed)
    jobs = tuple(_job(random, number) for number in range(random.choice((2, 2, 3))))
    return Scenario(seed, jobs, tuple(_apart(_faults(random))))


def _job(random: Random, number: int) -> Job:
    kind = random.choice(KINDS)
    options: dict[str, Any] = {
        "random_seed": random.randrange(1000),
        "count": random.choice((1, 2)),
    }
    if kind != "command":
        options["compression"] = random.choice(("none", "gzip", "zstd"))
    if kind in ("ingest", "pipeline"):
        mode = random.choice(("append", "append", "upsert", "replace"))
        options["mode"] = mode
        after = mode != "upsert" and random.random() < 0.4
        options["constraints"] = "after" if after else "inline"
    return Job(
        kind=kind,
        number=number,
        at=round(random.uniform(0, 6), 1),
        units=random.choice((10, 30, 60)),
        attempts=random.choice((1, 3, 20, 20)),
        options=options,
    )


def _faults(random: Random) -> Iterator[Fault]:
    for wave in range(WAVES):
        begins = wave * (WAVE + QUIET)
        for _ in range(random.choice((1, 2, 3, 4, 5))):
            at = begins + random.uniform(0, WAVE / 2)
            longest = begins + WAVE - at
            yield _fault(random, round(at, 1), round(random.uniform(0.3, longest), 1))


def _fault(random: Random, at: float, seconds: float) -> Fault:
    family = random.choice(FAMILIES)
    choice = round(random.random(), 3)
    match family:
        case "worker":
            kind = random.choice(WORKER_HARMS)
            shift = random.choice(CLOCKS) if kind == "shift clock" else 0.0
            if kind == "pause":  # some for longer than a lease lasts
                seconds = round(min(3 * seconds, STORM - at), 1)
            return Fault(at, seconds, kind, "worker", choice, shift)
        case "service":
            target = random.choice((*SERVICES, "postgresql backend"))
            kind = "kill" if target.endswith("backend") else random.choice(SERVICE_HARMS)
            return Fault(at, seconds, kind, target, choice)
        case "link":
            kind, target = random.choice(WEATHERS), random.choice(LINKS)
            late = round(random.uniform(0.05, 0.6), 2) if kind is Weather.DELAY else 0.0
            return Fault(at, seconds, kind, target, choice, late)
        case "run":
            return Fault(at, seconds, random.choice(WISHES), "run", choice)
        case "messages":
            return Fault(at, seconds, "double", "messages", choice)
    if random.random() < _WHEN_GROUPS_ARE_MADE:
        at = round(random.uniform(0, 3), 1)
    return Fault(at, seconds, random.choice(tuple(ACI_FAULTS)), "aci", choice)


def _apart(faults: Iterator[Fault]) -> Iterator[Fault]:
    """Those that no earlier one on the same part is in the way of."""
    kept: list[Fault] = []
    for fault in sorted(faults, key=lambda fault: fault.at):
        if all(fault.at > other.at + other.seconds for other in kept if fault.parts & other.parts):
            kept.append(fault)
            yield fault


def _behind(link: str) -> str:
    return {"blob": "azurite", "queue": "azurite", "database": "postgresql"}.get(link, link)
