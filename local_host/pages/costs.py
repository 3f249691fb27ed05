"""The figures of the page on costs, from the code that estimates a run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from command_line.figures import duration
from command_line.reference.markdown import table
from orchestration.estimating import Estimate
from orchestration.model import Instances
from orchestration.planning import cost
from orchestration.plans import PACKED_BYTES_A_SECOND, ROWS_A_SECOND
from orchestration.rounds import PERIODS
from orchestration.settings import Settings

UNITS, ROWS = 6_000, 3_500
GROUPS = (4, 10, 20)
DOCUMENT_BYTES = 63_400
"""Of a unit of the retail example, as NDJSON with zstd."""

ROWS_MADE_A_SECOND = 2_000_000
"""Of the retail example on one core; `make bench-generate` measures more, with zstd as well."""


@dataclass(frozen=True)
class Headline:
    """The run of `make headline` in its results: both stages, all services on the same two cores.

    `seconds` are from its request to the proof, the start of the groups in them.
    """

    units: int = 6_000
    seconds: float = 127.2
    groups: int = 2

    @property
    def seconds_each(self) -> float:
        """Of one group for one unit."""
        return self.seconds * self.groups / self.units


MAKING, LOADING = ROWS / ROWS_MADE_A_SECOND, ROWS / ROWS_A_SECOND
WORK: Mapping[str, float] = {
    "generate": MAKING,
    "ingest": DOCUMENT_BYTES / PACKED_BYTES_A_SECOND,
    "pipeline": MAKING + LOADING,
    "pipeline, as measured on two cores": Headline().seconds_each,
}
"""Seconds of one vCPU for a unit, by what is done: as `plan` reckons, and as it was seen."""

SIZES = ((1.0, 1.5), (2.0, 4.0), (4.0, 16.0))
"""vCPU and GB of a container group: the default, and larger ones."""


def job() -> str:
    """The main job in minutes and money, by what is done and by how many groups."""
    head = ("work", "seconds a unit", "groups", "minutes", "billed seconds", "cost", "on spot")
    return table(head, _rows())


def _rows() -> Iterator[tuple[str, ...]]:
    for work, seconds in WORK.items():
        for groups in GROUPS:
            regular, spot = (_estimate(seconds, groups, spot=spot) for spot in (False, True))
            yield (
                work,
                f"{seconds:.4f}",
                str(groups),
                f"{regular.run_seconds / 60:.1f}",
                f"{regular.billed_seconds:,.0f}",
                f"{regular.cost:.4f}",
                f"{spot.cost:.4f}",
            )


def _estimate(seconds: float, groups: int, *, spot: bool) -> Estimate:
    settings = Settings.model_construct()
    return Estimate(
        units=UNITS,
        seconds=seconds,
        instances=Instances(count=groups, spot=spot),
        prices=settings.prices,
        idle_seconds=settings.worker_idle_seconds,
    )


def prices() -> str:
    """What a container group costs, by its size."""
    rows = (
        (f"{cpu:g} vCPU, {memory:g} GB", *(f"{_hour(cpu, memory, spot):.4f}" for spot in (0, 1)))
        for cpu, memory in SIZES
    )
    return table(("container group", "an hour", "an hour of spot"), rows)


def _hour(cpu: float, memory: float, spot: float) -> float:
    instances = Instances(cpu=cpu, memory_gb=memory)
    return cost(instances, Settings.model_construct().prices, 3_600, 3_600 * spot)


def idle() -> str:
    """What the app does by itself while no run goes on."""
    month = timedelta(days=30)
    rows = (
        (f"`{name}`", f"every {duration(period.total_seconds())}", f"{month // period:,}")
        for name, period in PERIODS.items()
    )
    total = sum(month // period for period in PERIODS.values())
    return table(("timer", "fires", "in 30 days"), (*rows, ("together", "", f"{total:,}")))
