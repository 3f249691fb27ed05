"""What the orchestrator must know of a run."""

from .request import Instances, Kind, RunLimits
from .value import Value


class Prices(Value):
    """What a second of one vCPU and of one GB costs."""

    vcpu_second: float
    gb_second: float


class Plan(Value):
    """What the orchestrator must know of a run; small, whatever the size of the run."""

    kind: Kind
    units: int
    stages: tuple[str, ...]
    instances: Instances
    limits: RunLimits
    prices: Prices
    window: int
    page: int
    tick: float
    first_attempt: int = 1
    redrives_done: int = 0
    resumed: bool = False
