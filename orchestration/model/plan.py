"""What the orchestrator must know of a run."""

from .instances import Instances
from .limits import RunLimits
from .notifications import Notifications
from .request import Expected, Kind
from .value import Value


class Prices(Value):
    """What a second of one vCPU and of one GB costs; `spot_discount` is a share of it."""

    vcpu_second: float
    gb_second: float
    spot_discount: float = 0.0


class Plan(Value):
    """What the orchestrator must know of a run; small, whatever the size of the run."""

    kind: Kind
    units: int
    stages: tuple[str, ...]
    instances: Instances
    limits: RunLimits
    prices: Prices
    regions: tuple[str, ...]
    window: int
    page: int
    tick: float
    part: int  # units that one audit looks at
    first_attempt: int = 1
    redrives_done: int = 0
    resumed: bool = False
    finish: bool = False  # one more unit once all others are done
    round: int = 0  # redrives that were wished when it was made
    notify: Notifications | None = None  # where somebody listens
    expected: Expected | None = None
    image: str | None = None  # of all its workers, as it was when the plan was made
