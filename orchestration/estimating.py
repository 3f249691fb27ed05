"""How long a run takes and what it costs, from the time that one unit takes: pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

from . import planning
from .model import Instances, Prices, RunLimits

START_SECONDS = 60.0
"""From the request for a container group, billed from its image pull on, to its first unit."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A run of so many units, each of which takes `seconds` of one vCPU.

    `idle_seconds` are those that a worker waits for more work before it leaves.
    """

    units: int
    seconds: float
    instances: Instances
    prices: Prices
    idle_seconds: float

    @property
    def groups(self) -> int:
        """Container groups that find a unit: a fixed number, or what the goal needs."""
        goal, most = self.instances.finish_within, self.instances.most
        if goal is not None:
            enough = (n for n in range(self.instances.least, most) if self._seconds_on(n) <= goal)
            most = next(enough, most)
        return min(most, self.units)

    @property
    def run_seconds(self) -> float:
        """From the request to the last unit."""
        return self._seconds_on(self.groups)

    @property
    def billed_seconds(self) -> float:
        """Of all container groups together."""
        return self.groups * (self.run_seconds + self.idle_seconds)

    @property
    def cost(self) -> float:
        """In the currency of the prices."""
        return self._cost(self.billed_seconds)

    def _cost(self, seconds: float) -> float:
        spot = seconds if self.instances.spot else 0.0
        return planning.cost(self.instances, self.prices, seconds, spot)

    def _seconds_on(self, groups: int) -> float:
        if not self.units:
            return 0.0
        turns = ceil(self.units / (min(groups, self.units) * self._lanes))
        return START_SECONDS + turns * self._seconds_each

    @property
    def _lanes(self) -> int:
        """Units that a worker works on at once: one for each vCPU, as far as it takes so many."""
        return min(ceil(self.instances.cpu), self.instances.concurrency)

    @property
    def _seconds_each(self) -> float:
        return self.seconds / min(1.0, self.instances.cpu / self._lanes)

    def units_within(self, seconds: float) -> int:
        """About how many units are done so long after the request."""
        left = max(0.0, seconds - START_SECONDS)
        if not self._seconds_each:  # empty documents
            return self.units if left else 0
        turns = left / self._seconds_each
        return min(self.units, floor(turns * self.groups * self._lanes))

    def warnings(self, limits: RunLimits) -> Iterator[str]:
        """What would end the run before its last unit, and a goal that is out of reach."""
        goal, each = self.instances.finish_within, self._cost(self.groups)
        if limits.cost is not None and each * self.run_seconds >= limits.cost:
            units = _about(self.units_within(limits.cost / each))
            yield f"the cost cap of {limits.cost:g} would be reached after about {units} units"
        if self.run_seconds > limits.deadline:
            units = _about(self.units_within(limits.deadline))
            yield f"the deadline of {limits.deadline:g} s would pass after about {units} units"
        if goal is not None and self.run_seconds > goal:
            yield (
                f"the run would not finish within {goal:g} s: {self.groups} container groups,"
                f" the most that it may have, need about {self.run_seconds:,.0f} s"
            )

    def assumptions(self) -> Iterator[str]:
        """What the estimate takes for granted."""
        prices, instances = self.prices, self.instances
        yield f"a container group needs {START_SECONDS:.0f} s to start, and all start at once"
        yield (
            "a vCPU there is as fast as one here; a worker works on one unit for each vCPU,"
            f" {self._lanes} at once"
        )
        yield "uploads go on beside the making of other units and are no slower"
        yield (
            f"a worker waits {self.idle_seconds:.0f} s for more work before it leaves,"
            " and this is billed"
        )
        yield (
            f"{instances.cpu:g} vCPU at {prices.vcpu_second:.7f} and {instances.memory_gb:g} GB at"
            f" {prices.gb_second:.7f} a second; storage, loading and the app itself cost extra"
        )
        if instances.spot:
            yield f"all of it is spot, {prices.spot_discount:.0%} cheaper, and nothing is evicted"


def _about(number: int) -> str:
    """Two digits, for an estimate has no more."""
    return f"{round(number, -floor(log10(number)) + 1) if number else 0:,}"
