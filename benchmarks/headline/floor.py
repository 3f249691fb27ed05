"""The floor: what PostgreSQL alone needs for the same documents, by COPY from two processes.

Into tables with keys and foreign keys (`inline`), or into some that get them at the end (`after`).
"""

import json
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from benchmarks.generate_contenders import ROOT, FailedError
from benchmarks.headline.ground import Ground
from benchmarks.headline.pipeline import SCHEMA, Ran, request
from benchmarks.ingest_loading import sink
from benchmarks.ingest_turns import take_turn
from worker_image.making import TellTables
from worker_image.tables import Table

PROCESSES = 2
WAYS = {"inline": "into tables with keys", "after": "and keys after it"}
SECONDS = 900
LOADING = "benchmarks.headline.floor_loading"


@dataclass(frozen=True)
class Floor:
    """What it took."""

    rows: int
    seconds: float


def tables() -> tuple[Table, ...]:
    """Those of the job."""
    return TellTables(json.dumps(request(1)["dataset"])).answer()


def prepare(ground: Ground, schema: str, constraints: str = "inline") -> None:
    """The same empty tables, as a run makes them."""
    with closing(sink(ground.postgresql.url, constraints, schema)) as target:
        target.prepare(tables())


def convert(ground: Ground, ran: Ran, folder: Path) -> None:
    """Make the run's documents ready for COPY; its tables tell how.

    Raises:
        FailedError: it did not work.
    """
    folder.mkdir()
    given = (ground.azurite.connection_string, ground.postgresql.url, SCHEMA, ran.run, str(folder))
    children = [
        subprocess.Popen([sys.executable, "-m", LOADING, "convert", *given, *share], cwd=ROOT)
        for share in _shares()
    ]
    try:
        if any(child.wait(SECONDS) for child in children):
            raise FailedError("the documents could not be made ready for COPY")
    finally:
        for child in children:
            child.kill()


def load(ground: Ground, folder: Path, constraints: str) -> Floor:
    """Load them into tables made anew, which have keys and foreign keys at the end.

    Raises:
        FailedError: it did not work.
    """
    prepare(ground, SCHEMA, constraints)
    given = ("load", ground.postgresql.url, str(folder))
    commands = [(LOADING, *given, *share) for share in _shares()]
    seconds = take_turn(ground, commands, seconds=SECONDS).time
    with closing(sink(ground.postgresql.url, constraints, SCHEMA)) as target:
        begun = time.monotonic()
        if constraints == "after":
            target.finish(tables())
        seconds += time.monotonic() - begun
    counts = (
        ground.ask("select count(*) from {}", sql.Identifier(SCHEMA, table.name))
        for table in tables()
    )
    rows = sum(count for [(count,)] in counts)
    ground.forget(SCHEMA)
    return Floor(rows, seconds)


def _shares() -> list[tuple[str, str]]:
    return [(str(share), str(PROCESSES)) for share in range(PROCESSES)]
