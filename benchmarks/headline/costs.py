"""What the job would cost on ACI, by the plan's own estimate."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.headline.pipeline import Ran
from orchestration.estimating import Estimate
from orchestration.model import Instances
from orchestration.settings import Settings

GROUPS = (4, 10, 20)


@dataclass(frozen=True)
class Cost:
    """Of so many container groups of one vCPU and 1.5 GB, each billed until it has been idle."""

    groups: int
    minutes: float
    billed_minutes: float
    money: float


def unit_seconds(ran: Ran) -> float:
    """Seconds of a vCPU that the workers have used for a unit, starts and all."""
    spent = sum(used.cpu for kind, used in ran.used.items() if kind.startswith("worker"))
    return spent / ran.units


def costs(ran: Ran, settings: Settings) -> Iterator[Cost]:
    """For each number of container groups."""
    for groups in GROUPS:
        estimate = Estimate(
            units=ran.units,
            seconds=unit_seconds(ran),
            instances=Instances(count=groups, cpu=1, memory_gb=1.5, concurrency=2),
            prices=settings.prices,
            idle_seconds=settings.worker_idle_seconds,
        )
        yield Cost(groups, estimate.run_seconds / 60, estimate.billed_seconds / 60, estimate.cost)
