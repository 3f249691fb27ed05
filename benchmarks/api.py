"""Whether people are answered at once, however much there is: `make bench-api`.

Run as `python -m benchmarks.api`. An app on an Azurite of its own has 500 runs in its list, and one
that goes on with 6,000 units, 300 of them dead. Every answer that a person waits for is asked for
some times; then the dashboard is opened in Chromium, if there is one. It ends with 1 if a median is
above its limit, or if how a run stands is told in more words the more units it has.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from azure.storage.blob import BlobServiceClient
from rich.box import SIMPLE
from rich.table import Table
from support.history import History, worker
from support.runs import DATASET, until

from benchmarks.results import Page
from command_line.client import Client
from local_host.services.azurite import Azurite
from local_host.services.toolchain import Toolchain
from local_host.system import LocalApp
from orchestration.services import Records

RUNS, UNITS, DEAD = 500, 6_000, 300
ROUNDS, PAGE_ROUNDS = 15, 5
ANSWER_MS, PAGE_MS = 300.0, 1_000.0
GROWTH = 1.1
OPTIONS = {"provisioning_seconds": 86_400}  # what the workers leave is written by hand
CHANGES = {"ACI_JOBS_TICK_SECONDS": "15", "ACI_JOBS_SEED_WINDOW": str(UNITS)}


@dataclass(frozen=True)
class Figure:
    """The median of some answers, their size, and the limit that they are held to."""

    name: str
    milliseconds: float
    limit: float
    kilobytes: float | None = None


@contextmanager
def started(folder: Path) -> Iterator[tuple[LocalApp, History]]:
    """The app and what writes its history, on services of their own."""
    azurite = Azurite(folder / "azurite", Toolchain.from_environment())
    azurite.start()
    storage = azurite.connection_string
    app = LocalApp(folder / "app", storage=storage, postgresql="", changes=CHANGES, options=OPTIONS)
    try:
        app.start()
        with BlobServiceClient.from_connection_string(storage) as blobs:
            yield app, History(Records(blobs), datetime.now(UTC))
    finally:
        app.stop()
        azurite.stop()


def going_on(client: Client, history: History, units: int, dead: int) -> str:
    """A run that goes on, with all that its workers have left so far."""
    run = client.start({"kind": "generate", "dataset": DATASET, "units": units})
    until(lambda: client.show(run)["status"]["units"]["seeded"] == units, 300)
    history.bury(run, dead)
    history.complete(run, range(dead, units))
    history.work(run, units)
    return run


def answers(client: Client, run: str, ended: str) -> Iterator[Figure]:
    """Everything that people ask of runs."""
    for name, path in (
        ("runs, a page of 50", "/runs"),
        ("runs, all 500", "/runs?limit=500"),
        ("runs, by a word", "/runs?text=shop&state=Succeeded"),
        ("one run", f"/runs/{run}"),
        ("its progress", f"/runs/{run}/progress"),
        ("its container groups", f"/runs/{run}/groups"),
        ("its dead letters", f"/runs/{run}/dead-letters"),
        ("one dead letter", f"/runs/{run}/dead-letters/generate/7"),
        ("its log, the last 200 lines", f"/runs/{run}/logs?last=200"),
        ("the log of one worker", f"/runs/{run}/logs/{worker(run, 1)}?last=200"),
        ("the log of one unit", f"/runs/{run}/logs?unit=4321"),
        ("one unit", f"/runs/{run}/units/4321"),
        ("the doctor on the run", f"/runs/{run}/doctor"),
        ("the doctor on everything", "/doctor"),
        ("the report of another", f"/runs/{ended}/report"),
    ):
        yield timed(name, client, path)


def timed(name: str, client: Client, path: str) -> Figure:
    """Ask some times; the first does not count."""
    size = len(client.send("GET", path).content)
    times = [clocked(lambda: client.send("GET", path)) for _ in range(ROUNDS)]
    return Figure(name, median(times), ANSWER_MS, size / 1024)


def clocked(call: Callable[[], Any]) -> float:
    """Milliseconds of a call."""
    begun = time.perf_counter()
    call()
    return 1_000 * (time.perf_counter() - begun)


def pages(client: Client, run: str) -> Iterator[Figure]:
    """The dashboard in a browser, until it shows what it is opened for."""
    chromium = shutil.which("chromium")
    if not chromium:
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not without a browser

    address = f"{client.url}/api/dashboard?code={client.key}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()  # of a browser that runs already, as a person's does
        for name, place, text in (
            ("the page, its list of runs", "", run),
            ("the page, one run", f"#/runs/{run}", "BadRowError"),
        ):
            times = [opened(tab, address + place, text) for _ in range(PAGE_ROUNDS)]
            yield Figure(name, median(times), PAGE_MS)
        browser.close()


def opened(tab: Any, address: str, text: str) -> float:
    """Milliseconds until a tab shows a text of the page, which is loaded anew."""
    tab.goto("about:blank")

    def open_it() -> None:
        tab.goto(address, wait_until="commit")
        tab.get_by_text(text).first.wait_for()

    return clocked(open_it)


def shown(figures: list[Figure]) -> Table:
    """All of them."""
    table = Table(
        "asked for", box=SIMPLE, title=f"{RUNS} runs; one of {UNITS:,} units, {DEAD} dead"
    )
    for column in ("median ms", "limit", "KB"):
        table.add_column(column, justify="right")
    for figure in figures:
        size = "" if figure.kilobytes is None else f"{figure.kilobytes:.1f}"
        limit = f"{figure.limit:.0f}"
        table.add_row(figure.name, f"{figure.milliseconds:.0f}", limit, size)
    return table


def main() -> int:
    """Write the history, ask, judge."""
    folder = Path(tempfile.mkdtemp(prefix="aci-jobs-bench-"))
    try:
        with started(folder) as (app, history):
            client = Client(app.url, app.key)
            ended, *_ = (history.ended(n, dead=n % 3).run for n in range(RUNS - 2))
            small, large = (going_on(client, history, *size) for size in ((60, 3), (UNITS, DEAD)))
            figures = [*answers(client, large, ended), *pages(client, large)]
            sizes = [len(client.send("GET", f"/runs/{run}").content) for run in (small, large)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    page = Page("How soon people are answered")
    page.print(shown(figures))
    page.print(f"how a run stands: {sizes[0]:,} bytes of 60 units, {sizes[1]:,} of {UNITS:,}")
    held = all(figure.milliseconds <= figure.limit for figure in figures)
    held = held and sizes[1] <= GROWTH * sizes[0]
    page.print("reached: all within their limits" if held else "missed")
    page.publish()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
