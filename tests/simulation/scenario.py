"""A request and what goes wrong with its run, drawn from a seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from orchestration.model import Instances, Kind, Notifications, Plan, Prices, RunLimits

FAULTS = (
    "crash",  # a worker's process dies
    "evict",  # Azure takes a spot group away, and may start it again
    "hang",  # a worker says no more
    "zombie",  # a container has ended and its group says Running
    "poison",  # units that fail whatever is done
    "flaky",  # units that fail now and then
    "duplicate",  # a message is delivered while it is worked on
    "late",  # a message comes again after its unit is done
    "vanish",  # a message is lost
    "stale_count",  # the queue's count is of some time ago
    "lost_reply",  # a creation is carried out and its answer lost
    "quota",  # few groups and cores in the regions
    "neighbour",  # others take of the quota and of the pace
    "capacity",  # a region has none for some time
    "late_failure",  # a creation is accepted and fails later
    "throttle",  # 429 with Retry-After
    "server_error",  # 500s
    "unknown_error",  # a refusal that nobody has seen before
    "fatal_error",  # a refusal that no repetition mends
    "stuck_pending",  # a group never starts
    "slow_start",
    "slow_delete",
    "late_listing",  # a new group is not listed for some time
    "twice",  # an activity is carried out twice
    "broken_activity",  # an activity fails as a whole
    "broken_look",  # `observe` fails
    "outage",  # the app is away for some time
    "clock",  # the app's clock is wrong by some seconds, now forward, now back
    "sweeper",  # a second app instance sweeps at any moment
    "terminate",  # an operator ends the orchestration from outside
    "cancel",
    "pause",  # and resume
    "scale",
    "redrive",
    "push_back",  # the target takes fewer at once for some time, or none
    "broken_finish",  # the finishing step fails for good
    "lost_wake",  # wishes come without their wake-up
)
MOST_FAULTS = 7


@dataclass(frozen=True)
class Scenario:
    """What a seed stands for, or a script.

    A fault happens by chance, or the first `times` that it can.
    """

    seed: int
    plan: Plan
    faults: frozenset[str]
    unit_seconds: float
    start_seconds: float
    visibility: float
    idle: float
    prepare_calls: int
    groups_quota: int
    cores_quota: float
    wishes: tuple[tuple[float, str], ...]
    finish_seconds: float = 60.0
    poison: frozenset[int] = field(default_factory=frozenset)
    times: Mapping[str, int] = field(default_factory=dict)
    busy: tuple[tuple[float, float, int], ...] = ()  # from when, how long, how many at once
    vanishing: Mapping[int, int] = field(default_factory=dict)  # messages lost, by their unit

    def __str__(self) -> str:
        """A line for people."""
        plan, instances = self.plan, self.plan.instances
        shown = instances.model_dump(exclude_defaults=True, mode="json")
        limits = plan.limits.model_dump(exclude_defaults=True, mode="json")
        return (
            f"seed {self.seed}: {plan.units} units of {self.unit_seconds:.1f} s, "
            f"{plan.kind}, instances {shown}, limits {limits}, regions {len(plan.regions)}, "
            f"faults {sorted(self.faults)}"
        )


def draw(seed: int) -> Scenario:
    """The scenario of a seed, always the same."""
    random = Random(seed)
    faults = frozenset(random.sample(FAULTS, random.randint(0, MOST_FAULTS)))
    units = random.choice((0, 1, 5, 20, 40, 80, 150))
    plan = _plan(random, units).model_copy(update={"notify": _notifications(seed)})
    ill = min(units, random.choice((1, max(1, units // 3), units)))
    poisoned = frozenset(random.sample(range(units), ill))
    return Scenario(
        seed=seed,
        plan=plan,
        faults=faults,
        unit_seconds=random.choice((0.5, 5, 20, 60)),
        finish_seconds=random.choice((5, 30, 120) * 3 + (1_300,)),
        start_seconds=random.choice((5, 30, 60)),
        visibility=random.choice((30, 120)),
        idle=random.choice((30, 60)),
        prepare_calls=random.choice((1, 1, 1, 3)),
        groups_quota=random.choice((1, 3, 10)) if "quota" in faults else 100,
        cores_quota=random.choice((1.0, 4.0, 10.0)) if "quota" in faults else 100.0,
        wishes=_wishes(random, faults),
        poison=poisoned if "poison" in faults else frozenset(),
        busy=_busy(random) if "push_back" in faults else (),
    )


def _plan(random: Random, units: int) -> Plan:
    kind = random.choice((Kind.GENERATE, Kind.PIPELINE))
    return Plan(
        kind=kind,
        units=units,
        stages=("generate", "ingest") if kind is Kind.PIPELINE else ("generate",),
        instances=Instances.model_validate(_instances(random)),
        limits=RunLimits.model_validate(_limits(random)),
        prices=Prices(vcpu_second=0.001, gb_second=0.0001, spot_discount=0.5),
        regions=tuple(f"region{n}" for n in range(random.choice((1, 1, 2, 3)))),
        window=random.choice((10, 50, 200)),
        page=random.choice((5, 10, 50)),
        tick=random.choice((10.0, 15.0, 30.0)),
        part=random.choice((10, 50, 1000)),
        finish=kind is Kind.PIPELINE and units > 0 and random.random() < 0.5,
    )


def _notifications(seed: int) -> Notifications | None:
    """What is to be told, from numbers of its own."""
    random = Random(f"notify {seed}")
    if random.random() < 0.5:
        return None
    return Notifications(
        dead_letters=random.choice((None, 1, 10)),
        cost=random.choice((None, 0.05, 1.0)),
        stalled=random.choice((None, 60.0, 600.0)),
    )


def _instances(random: Random) -> dict[str, Any]:
    sizes = {"cpu": random.choice((0.5, 1.0, 2.0)), "concurrency": random.choice((1, 2, 4))}
    spot = {"spot": random.random() < 0.3}
    most = random.choice((1, 2, 4, 4, 8, 8, 25)) if random.random() < 0.95 else 60
    scaling: dict[str, Any] = random.choice(
        (
            {"count": most},
            {"count": most},
            {"max": most, "finish_within": random.choice((300, 1800))},
            {"max": most, "backlog": random.choice((2, 10))},
        )
    )
    return {**sizes, **spot, **scaling}


def _limits(random: Random) -> dict[str, Any]:
    def sometimes(share: float, **values: Any) -> dict[str, Any]:
        return values if random.random() < share else {}

    return {
        "attempts": random.choice((1, 2, 4)),
        "deadline": random.choice((600, 3_600, 7_200, 7_200)),
        "start_timeout": random.choice((180, 600)),
        "silence_timeout": random.choice((120, 300)),
        "unit_timeout": 600,
        "stall_timeout": random.choice((900, 1_800)),
        "replacements": random.choice((3, 10)),
        "repeated_error_percent": random.choice((None, 50)),
        "repeated_error_units": random.choice((5, 20)),
        **sometimes(0.2, cost=random.choice((0.2, 1.0, 5.0))),
        **sometimes(0.2, tolerated_failures=random.choice((0, 3))),
        **sometimes(0.1, tolerated_percent=random.choice((0, 10))),
        **sometimes(0.1, run_timeout=600),
    }


def _busy(random: Random) -> tuple[tuple[float, float, int], ...]:
    """When the target takes only so many at once."""
    return tuple(
        (random.uniform(0, 300), random.choice((60, 300, 2_400)), random.choice((0, 1, 4)))
        for _ in range(random.randint(1, 2))
    )


def _wishes(random: Random, faults: frozenset[str]) -> tuple[tuple[float, str], ...]:
    """When people wish what, in seconds after the start."""
    wishes = []
    for wish in ("cancel", "pause", "scale", "redrive"):
        if wish in faults:
            for _ in range(1 if wish == "cancel" else random.randint(1, 3)):
                wishes.append((random.uniform(0, random.choice((60, 600, 3000))), wish))
    return tuple(sorted(wishes))
