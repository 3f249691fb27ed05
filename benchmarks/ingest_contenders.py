"""Who takes part in `benchmarks.ingest`, under which keys, and how a turn is taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generate_contenders import run
from benchmarks.ingest_server import Keys, Server
from benchmarks.ingest_turns import take_turn
from benchmarks.ingest_units import ALL, FORMS

LOADING = "benchmarks.ingest_loading"
MANY = 200
"""Units after which memory is looked at again."""


@dataclass(frozen=True)
class Contender:
    """Who loads: a module with its first arguments. One unit of so many is enough of a slow one."""

    name: str
    title: str
    command: tuple[str, ...]
    peer: str | None = None
    share: int = 1
    together: bool = False
    """Whether it loads one file a table, in place of units."""


@dataclass(frozen=True)
class Line:
    """A contender on tables with such keys, in so many processes; `base` is who it is beside."""

    name: str
    title: str
    contender: Contender
    keys: Keys
    base: str
    of: str = "the floor"
    workers: int = 1


@dataclass(frozen=True)
class Pace:
    """Rows a second, and milliseconds of processor time a unit."""

    rate: float
    client: float
    server: float


def _own(name: str, title: str, share: int = 1) -> Contender:
    return Contender(name, title, (LOADING, name), share=share)


def _ours(form: str, constraints: str = "inline") -> Contender:
    title = f"ours, {form}"
    return Contender(f"ours-{form}", title, (LOADING, f"ours:{form}:{constraints}"))


CONTENDERS = [
    _own("floor", "the floor: COPY of ready bytes"),
    *map(_ours, FORMS),
    Contender("psql", "psql, \\copy of one file a table", (LOADING, "psql"), together=True),
    _own("write_row", "psycopg, write_row", share=2),
    _own("executemany", "psycopg, executemany", share=6),
    Contender("pandas", "pandas, to_sql", ("benchmarks.peers.pandas_to_sql",), "pandas", share=30),
]


def _under(keys: Keys) -> list[Line]:
    return [
        Line(f"{each.name} {keys.name}", each.title, each, keys, f"floor {keys.name}")
        for each in CONTENDERS
    ]


def _beside_itself(name: str, title: str, keys: Keys, of: str, workers: int = 1) -> Line:
    ours = _ours("ndjson", "after" if keys is Keys.AFTER else "inline")
    return Line(name, title, ours, keys, OURS, of, workers)


OURS = "ours-ndjson INLINE"
LINES = [
    *_under(Keys.INLINE),
    _beside_itself("two", "ours, ndjson, two workers", Keys.INLINE, "one worker", workers=2),
    *_under(Keys.PRIMARY),
    _beside_itself("after", "ours, ndjson", Keys.AFTER, "keys inline"),
]


class Bench:
    """The server, the units, and how a line's turn is taken."""

    def __init__(self, server: Server, folder: Path, rows: Mapping[str, int], units: int) -> None:
        self._server = server
        self._folder = folder
        self._rows = rows
        self._units = units

    def pace(self, line: Line) -> Pace:
        """Take a turn on empty tables, and see that all rows have come.

        Raises:
            FailedError: it has failed, or rows or keys are missing.
        """
        self._server.renew(line.keys)
        shares = self._shares(line)
        given = (*line.contender.command, self._server.url, str(self._folder))
        commands = [(*given, *share) for share in shares]
        cost = take_turn(self._server, commands, line.contender.peer)
        warm, rows = (
            sum(self._rows[unit] for share in shares for unit in share[part])
            for part in (slice(1), slice(1, None))
        )
        self._server.check(warm + rows, line.keys)
        units = self._of_each(line) * line.workers
        return Pace(rows / cost.time, cost.client / units * 1e3, cost.server / units * 1e3)

    def memory(self) -> dict[str, float]:
        """The most memory of a process after a few and after many units, in MB."""
        self._server.renew(Keys.INLINE)
        units = map(str, range(MANY))
        return run(LOADING, "memory", self._server.url, str(self._folder), *units)

    def _shares(self, line: Line) -> list[list[str]]:
        """The units of each process, one to get warm first; as many as one process alone has."""
        if line.contender.together:
            return [["0", ALL]]
        count = 1 + self._of_each(line)
        starts = range(0, line.workers * count, count)
        return [[str(unit) for unit in range(start, start + count)] for start in starts]

    def _of_each(self, line: Line) -> int:
        return max(1, self._units // line.contender.share)
