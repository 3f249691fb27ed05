"""Quotas of a region and rates of requests, computed from values that are passed in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from local_host.container_instances.errors import ArmError, refusal


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` requests in any `seconds`."""

    count: int
    seconds: float

    def left(self, spent: Sequence[float], now: float) -> int:
        """How many more requests are allowed now."""
        return self.count - sum(at > now - self.seconds for at in spent)

    def wait(self, spent: Sequence[float], now: float) -> float:
        """Seconds until one more request is allowed; 0 when one is."""
        within = sorted(at for at in spent if at > now - self.seconds)
        excess = len(within) - self.count
        if excess < 0:
            return 0.0
        return within[excess] + self.seconds - now if self.count else self.seconds


def spend(spent: Sequence[float], rates: Sequence[Rate], now: float) -> tuple[float, ...]:
    """The times of requests with this one added, those that no longer count left out.

    Raises:
        ArmError: 429 with the seconds to wait, rounded up.
    """
    wait = max(rate.wait(spent, now) for rate in rates)
    if wait > 0:
        raise refusal("TooManyRequests", retry_after=math.ceil(wait))
    longest = max(rate.seconds for rate in rates)
    return (*(at for at in spent if at > now - longest), now)


@dataclass(frozen=True, slots=True)
class Usage:
    """A quota of a region and how much of it is taken."""

    name: str
    used: float
    limit: int

    def refusal(self, requested: float, location: str) -> ArmError | None:
        """The answer to a request that exceeds the quota."""
        if self.used + requested <= self.limit:
            return None
        return refusal(
            "ContainerGroupQuotaReached",
            quota=self.name,
            location=location,
            limit=self.limit,
            used=self.used,
            requested=requested,
        )
