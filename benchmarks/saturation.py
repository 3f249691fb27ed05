"""What ends the growth of a run in Azure, and at what speed: `make bench-saturation`.

Run as `python -m benchmarks.saturation`, or with `--most 20000` for a quick look. 1,000,000 units
on 100 container groups in four regions, and fewer on fewer, in virtual time: the real orchestrator
on simulated services, which keep Azure's documented limits. Units of several lengths say where a
run saturates, and which limit does it. Draws `benchmarks/images/scaling.png`. It ends with 1 if a
run does not end as it should, or the workers could do more and no limit says why not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import matplotlib.pyplot as plt
import typer
from matplotlib.ticker import StrMethodFormatter
from rich.box import SIMPLE
from rich.table import Table
from simulation.playing import Play
from simulation.queue import Message
from simulation.scenario import Scenario
from simulation.world import World

from benchmarks.results import Page
from orchestration.model import Instances, Kind, Plan, Prices, RunLimits

IMAGE = Path(__file__).parent / "images" / "scaling.png"
MOST_UNITS, OTHERS, SECONDS_OF_WORK = 1_000_000, 100_000, 1_800
GROUPS = (5, 10, 25, 50, 100)
UNIT_SECONDS = (0.1, 1.0, 2.0, 10.0, 60.0)
"""Of both stages together."""
REGIONS = ("eastus", "westus2", "northeurope", "westeurope")
CORES_A_REGION, GROUPS_A_REGION = 100.0, 100
CPU = CONCURRENCY = 4
WINDOW, TICK = 10_000, 15.0
"""The app's own defaults: messages outstanding, and seconds between two looks."""

QUEUE_MESSAGES, ACCOUNT_REQUESTS = 2_000.0, 20_000.0
ARM_READS = 25.0
MESSAGE_CALLS = 3
"""A message is sent, received and deleted."""
STAGES = ("generate", "ingest")
UNIT_BLOBS = 3
"""The document is written and read, and the load leaves a receipt."""
FULL = 0.9
"""From this share of a limit on it is what bounds a run."""


class Metered:
    """Lets the queue of a world pass only so many messages a second; notes when work is done."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._free = 0.0
        self.ends: list[float] = []
        workers: Any = world.workers
        workers._length = self._counted(workers._length)
        workers._commit = self._noted(workers._commit)

    def _counted(self, length: Callable[[Message], float]) -> Callable[[Message], float]:
        def longer(message: Message) -> float:
            now = self._world.agenda.now
            self._free = max(self._free, now) + MESSAGE_CALLS / QUEUE_MESSAGES
            return length(message) + self._free - now

        return longer

    def _noted(self, commit: Callable[[Message], None]) -> Callable[[Message], None]:
        def noted(message: Message) -> None:
            commit(message)
            self.ends.append(self._world.agenda.now)

        return noted


@dataclass(frozen=True)
class Point:
    """A run: so many units, each of so many seconds, on so many container groups."""

    units: int
    seconds: float
    groups: int
    rate: float
    """Units a second in its middle."""
    created: float
    """Seconds until all container groups were asked for; they are replaced after a day."""
    hours: float
    wrong: str

    @property
    def linear(self) -> float:
        """Units a second that the workers could do."""
        return self.groups * CONCURRENCY / self.seconds

    @property
    def shares(self) -> dict[str, float]:
        """How much of each limit it takes, as far as it can be told from the rate."""
        messages = self.rate * MESSAGE_CALLS * len(STAGES)
        reads = (1 + self.groups + len(REGIONS)) / TICK
        return {
            "the workers": self.rate / self.linear,
            "messages of a queue": messages / QUEUE_MESSAGES,
            "seeding, a window a look": self.rate * TICK / WINDOW,
            "requests of an account": (messages + UNIT_BLOBS * self.rate) / ACCOUNT_REQUESTS,
            "reads of ARM": reads / ARM_READS,
        }

    @property
    def bound(self) -> str:
        """What it takes the most of."""
        name, share = max(self.shares.items(), key=lambda item: item[1])
        return name if share >= FULL else ""


def simulated(seconds: float, groups: int, most: int) -> Point:
    """A run of `most` units on all groups; on fewer, of at most half an hour of work."""
    wanted = SECONDS_OF_WORK * groups * CONCURRENCY / seconds
    units = most if groups == max(GROUPS) else min(OTHERS, most, round(wanted))
    play = Play(_scenario(units, seconds, groups))
    metered = Metered(play.world)
    result = play.play()
    wrong = "; ".join(result.wrong) or ("" if result.end == "Succeeded" else result.end)
    ends = metered.ends or [0.0, 1.0]
    first, last = (ends[int(share * (len(ends) - 1))] for share in (0.2, 0.8))
    rate = 0.6 * len(ends) / len(STAGES) / (last - first)
    world = play.world
    created, hours = world.azure.creations[:groups][-1], world.agenda.now / 3600
    return Point(units, seconds, groups, rate, created, hours, wrong)


def _scenario(units: int, seconds: float, groups: int) -> Scenario:
    plan = Plan(
        kind=Kind.PIPELINE,
        units=units,
        stages=STAGES,
        instances=Instances(count=groups, cpu=CPU, memory_gb=8, concurrency=CONCURRENCY),
        limits=RunLimits(deadline=7 * 86_400),
        prices=Prices(vcpu_second=0.0000113, gb_second=0.0000012),
        regions=REGIONS,
        window=WINDOW,
        page=500,
        tick=TICK,
        part=10_000,
    )
    return Scenario(
        seed=units + groups,
        plan=plan,
        faults=frozenset(),
        unit_seconds=seconds / len(STAGES),
        start_seconds=60,
        visibility=120,
        idle=60,
        prepare_calls=1,
        groups_quota=GROUPS_A_REGION,
        cores_quota=CORES_A_REGION,
        wishes=(),
    )


def shown(points: list[Point]) -> Table:
    """A line for each run."""
    regions = f"{len(REGIONS)} regions of {CORES_A_REGION:.0f} cores"
    table = Table(title=f"Pipelines in {regions}, {CPU} vCPU a group, simulated", box=SIMPLE)
    for heading in ("s a unit", "groups", "all after s", "units", "units/s", "of linear", "hours"):
        table.add_column(heading, justify="right")
    table.add_column("bounded by", no_wrap=True)
    for number, point in enumerate(points):
        if number and point.seconds != points[number - 1].seconds:
            table.add_section()
        table.add_row(
            f"{point.seconds:g}",
            f"{point.groups}",
            f"{point.created:.0f}",
            f"{point.units:,}",
            f"{point.rate:,.1f}",
            f"{point.rate / point.linear:.2f}",
            f"{point.hours:.2f}",
            point.bound,
        )
    return table


def draw(points: list[Point], image: Path) -> None:
    """Units a second by container groups, a line for each length of a unit."""
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for seconds in UNIT_SECONDS:
        line = [point for point in points if point.seconds == seconds]
        groups = [point.groups for point in line]
        [drawn] = axes.plot(groups, [point.rate for point in line], "o-", label=f"{seconds:g} s")
        axes.plot(groups, [point.linear for point in line], ":", color=drawn.get_color(), lw=1)
    a_unit = MESSAGE_CALLS * len(STAGES)
    for name, rate, place in (
        (f"2,000 messages/s a queue, {a_unit} a unit", QUEUE_MESSAGES / a_unit, (11, -12)),
        (f"seeding: {WINDOW:,} messages a look of {TICK:.0f} s", WINDOW / TICK, (5, 4)),
    ):
        axes.axhline(rate, color="0.3", lw=1, ls="--")
        groups_at, points_above = place
        offset = (0, points_above)
        axes.annotate(name, (groups_at, rate), offset, textcoords="offset points", fontsize=8)
    axes.set(xscale="log", yscale="log", xlabel="container groups", ylabel="units a second")
    axes.set_xticks(GROUPS, labels=[str(number) for number in GROUPS])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.set_title("The speed of a run in Azure, simulated (dotted: linear)")
    figure.legend(title="a unit takes", loc="outside right upper")
    axes.grid(alpha=0.3)
    image.parent.mkdir(exist_ok=True)
    figure.savefig(image, dpi=110, metadata={"Software": None})
    plt.close(figure)


def main(
    most: Annotated[int, typer.Option(min=1_000, help="Units of the largest runs.")] = MOST_UNITS,
) -> None:
    """Simulate, print, draw, judge."""
    page = Page("What bounds a run in Azure")
    with page.screen.status("") as status:
        points = []
        for seconds in UNIT_SECONDS:
            for groups in GROUPS:
                status.update(f"{groups} groups, units of {seconds:g} s")
                points.append(simulated(seconds, groups, most))
    page.print(shown(points))
    draw(points, IMAGE)
    faults = [
        f"{point.groups} groups, units of {point.seconds:g} s: {point.wrong or 'nothing bounds it'}"
        for point in points
        if point.wrong or not point.bound
    ]
    for fault in faults:
        page.print("missed ", fault, style="red", soft_wrap=True)
    if not faults:
        page.print("reached: every run succeeded, as fast as its workers or a limit let it")
    page.publish()
    if faults:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
