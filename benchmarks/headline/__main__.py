"""The job that this project exists for, beside what one would otherwise do: `make headline`.

Run as `python -m benchmarks.headline`, or with `--units 600` for a tenth of it. 6,000 units of the
retail example, about 22 million records, are generated, written, loaded with their keys and foreign
keys, and audited, on services of this benchmark's own. In the same run: the same storage calls
without generation, the same documents loaded by COPY alone, and the same work as most would script
it. It ends with 1 if anything does not hold or a target is missed.
"""

import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, NoReturn

import typer

from benchmarks.generate_contenders import FailedError
from benchmarks.headline import floor, generating, naive, tables
from benchmarks.headline.costs import costs
from benchmarks.headline.floor import Floor
from benchmarks.headline.generating import Pace
from benchmarks.headline.ground import Ground
from benchmarks.headline.pipeline import CONSTRAINTS, SCHEMA, Ran, checks, run_it
from benchmarks.headline.processes import CONTROL
from benchmarks.results import Page
from command_line.client import RefusedError, UnreachableError
from local_host.demo import settings_of
from local_host.services.process import ServiceError

UNITS = 6_000
GB_A_UNIT, GB_BESIDE = 1.5e-3, 6
"""Disk: rows and indexes twice, documents twice; and logs of the database."""
MOST_SECONDS = 2_400
GENERATION, POSTGRESQL, CONTROL_SHARE, NAIVE = 1.5, 1.4, 0.10, 20.0
"""What is judged: see `judge`."""


def main(
    units: Annotated[int, typer.Option(min=60, help="Units of about 3,660 records.")] = UNITS,
) -> None:
    """Measure, print, judge, and leave nothing behind."""
    page = Page("The job of 22 million records")
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, _end)
    signal.alarm(MOST_SECONDS)
    with tempfile.TemporaryDirectory(prefix="aci-jobs-headline-") as name:
        folder = Path(name)
        page.screen.print(_disk(folder, units))
        try:
            holds = measure(folder, units, page)
        except (FailedError, ServiceError, RefusedError, UnreachableError) as error:
            page.print("failed", error, style="red", soft_wrap=True)
            holds = False
    page.publish()
    if not holds:
        raise typer.Exit(1)


def measure(folder: Path, units: int, page: Page) -> bool:
    """All of it, on one set of services; whether everything holds."""
    sample = min(units, generating.MOST_UNITS)
    with page.screen.status("the same storage calls with and without generation"):
        generating.prepare(folder / "ready", sample)
        paces = list(generating.by_turns(folder / "ready", sample))
    with Ground(folder) as ground:
        with page.screen.status("the job"):
            ran = run_it(ground, units)
        page.print(tables.stages(ran))
        page.print(tables.processes(ran))
        page.print(tables.money(costs(ran, settings_of(ground.app))))
        with page.screen.status("checks of every row"):
            found = checks(ground, ran)
        page.print(tables.checked(found))
        ground.app.stop()
        with page.screen.status("the same documents by COPY alone"):
            floor.convert(ground, ran, folder / "copy")
            ground.forget(SCHEMA)
            floors = {how: floor.load(ground, folder / "copy", how) for how in floor.WAYS}
        with page.screen.status("the same work as most would script it"):
            rates = {load: naive.rate(ground, load) for load in naive.LOADS}
    page.print(tables.generation(paces))
    page.print(tables.beside(ran, floors, rates))
    counts = {least.rows for least in floors.values()}
    held = all(check.holds for check in found) and counts == {ran.rows}
    return judge(page, ran, floors[CONSTRAINTS], paces, rates) and held


def judge(
    page: Page,
    ran: Ran,
    least: Floor,
    paces: Sequence[tuple[Pace, Pace]],
    rates: dict[str, float],
) -> bool:
    """Say of each target whether it is reached; whether all are."""
    generation = median(real.wall / ready.wall for real, ready in paces)
    bound = ran.seconds / least.seconds
    control = sum(ran.used[kind].cpu for kind in CONTROL) / ran.cpu
    beside = ran.rows / ran.seconds / rates["insert"]
    verdicts = [
        page.judge(
            f"generating, times the same storage calls with ready documents: at most {GENERATION}",
            generation,
            reached=generation <= GENERATION,
        ),
        page.judge(
            f"the whole job, times COPY alone by two processes, keys after it as well: at most"
            f" {POSTGRESQL}",
            bound,
            reached=bound <= POSTGRESQL,
        ),
        page.judge(
            f"share of the app, its host and the ARM stand-in in all processor time: under"
            f" {CONTROL_SHARE:g}",
            control,
            reached=control < CONTROL_SHARE,
        ),
        page.judge(
            f"rows a second, times the naive script with row inserts: at least {NAIVE:g}",
            beside,
            reached=beside >= NAIVE,
        ),
    ]
    return all(verdicts)


def _disk(folder: Path, units: int) -> str:
    """What is needed and free; an error if it is not enough."""
    needed, free = GB_BESIDE + GB_A_UNIT * units, shutil.disk_usage(folder).free / 1e9
    said = f"{units:,} units need up to {needed:.0f} GB below {folder.parent}: {free:.0f} are free"
    if free < needed:
        raise typer.BadParameter(said)
    return said


def _end(number: int, _: object) -> NoReturn:
    if number == signal.SIGALRM:
        raise FailedError(f"not done after {MOST_SECONDS / 60:.0f} minutes")
    sys.exit(1)


if __name__ == "__main__":
    typer.run(main)
