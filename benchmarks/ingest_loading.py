"""Who loads for `benchmarks.ingest`: `python -m benchmarks.ingest_loading WHO URL FOLDER UNIT ...`.

WHO is `floor`, `write_row`, `executemany`, `psql`, `ours` with a form and when constraints are
made, as `ours:ndjson:inline`, or `memory`, which reports how much of it ours needs. But for psql
each has one connection, and for a unit one transaction and one line in the ledger.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.ingest_units import FORMS, document, ready, tables
from benchmarks.memory import peak_mb
from benchmarks.peers.documents import read_rows
from benchmarks.peers.turns import LEDGER, SCHEMA, take_turn
from worker_image.ingester import Sink, Surroundings, open_sink
from worker_image.tables import Table

CONNECTIONS = 2
"""What constraints are built on after the load."""
FEW = 10
"""Units after which the memory of a process should grow no more."""

_LEDGER = sql.Identifier(SCHEMA, LEDGER)
_CLAIM = sql.SQL("insert into {} (document, etag, run, unit) values (%s, '', '', '')")
_RECORD = sql.SQL("update {} set loaded_at = clock_timestamp() where document = %s")


class Calls:
    """What one does with the driver alone; each document in one transaction with the ledger."""

    def __init__(self, url: str, folder: Path) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._folder = folder
        self._tables = tables(folder)

    def floor(self, unit: str) -> None:
        """Bytes that COPY reads as they are."""
        with self._transaction(unit) as cursor:
            for table in self._tables:
                content = ready(self._folder / unit, table).read_bytes()
                statement = sql.SQL("copy {} from stdin (format csv, header)")
                with cursor.copy(statement.format(_table(table.name))) as copy:
                    copy.write(content)

    def write_row(self, unit: str) -> None:
        """COPY, row by row."""
        with self._transaction(unit) as cursor:
            for name, rows in read_rows(self._document(unit)).items():
                statement = sql.SQL("copy {} ({}) from stdin")
                with cursor.copy(statement.format(_table(name), _columns(rows[0]))) as copy:
                    for row in rows:
                        copy.write_row(tuple(row.values()))

    def executemany(self, unit: str) -> None:
        """INSERT, row by row, as the driver's pipeline sends them."""
        with self._transaction(unit) as cursor:
            for name, rows in read_rows(self._document(unit)).items():
                places = sql.SQL(", ").join(map(sql.Placeholder, rows[0]))
                statement = sql.SQL("insert into {} ({}) values ({})")
                cursor.executemany(statement.format(_table(name), _columns(rows[0]), places), rows)

    def _document(self, unit: str) -> Path:
        return self._folder / unit / "retail.ndjson.zst"

    @contextmanager
    def _transaction(self, unit: str) -> Iterator[psycopg.Cursor]:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(_CLAIM.format(_LEDGER), [unit])
            yield cursor
            cursor.execute(_RECORD.format(_LEDGER), [unit])


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(SCHEMA, name)


def _columns(row: dict[str, object]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, row))


class Ours:
    """The product: a sink and the documents that it reads."""

    def __init__(self, url: str, folder: Path, form: str, constraints: str) -> None:
        self._folder = folder
        self._tables = tables(folder)
        self._names = [table.name for table in self._tables]
        self._form = FORMS[form]
        self._sink = sink(url, constraints)
        self._sink.prepare(self._tables)

    def load(self, unit: str) -> None:
        """Load a unit."""
        self._sink.load(document(self._folder / unit, self._names, self._form))

    def finish(self) -> None:
        """Do what is left."""
        self._sink.finish(self._tables)


def sink(url: str, constraints: str, schema: str = SCHEMA) -> Sink:
    """The sink of a run; its constraints are made `inline` or `after` all units."""
    members = {"kind": "postgresql", "schema": schema, "constraints": constraints}
    surroundings = Surroundings(postgresql_url=lambda: url, connections=CONNECTIONS)
    return open_sink(members, surroundings)


class Psql:
    """The command-line client and its \\copy; each folder in one transaction, with no ledger."""

    def __init__(self, url: str, folder: Path) -> None:
        self._folder = folder
        self._tables = tables(folder)
        self._psql = subprocess.Popen(
            ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", url],  # noqa: S607 - found by PATH
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def load(self, unit: str) -> None:
        """Return when the rows are committed."""
        copies = [self._copy(self._folder / unit, table) for table in self._tables]
        assert self._psql.stdin
        assert self._psql.stdout
        self._psql.stdin.write("\n".join(["begin;", *copies, "commit;", "\\echo done", ""]))
        self._psql.stdin.flush()
        if not self._psql.stdout.readline():
            raise SystemExit(f"psql ended with {self._psql.wait()}")

    def _copy(self, folder: Path, table: Table) -> str:
        name = _table(table.name).as_string()
        return f"\\copy {name} from '{ready(folder, table)}' with (format csv, header)"


def memory(ours: Ours, units: Sequence[str]) -> None:
    """Report the most memory held after a few units and after all, in MB."""
    peaks = {}
    for number, unit in enumerate(units, 1):
        ours.load(unit)
        if number in {FEW, len(units)}:
            peaks["few" if number == FEW else "many"] = peak_mb()
    print(json.dumps(peaks))


def main(who: str, url: str, root: str, *units: str) -> None:
    """Take the turn of a contender."""
    folder = Path(root)
    match who.split(":"):
        case ["memory"]:
            memory(Ours(url, folder, "ndjson", "inline"), units)
        case ["psql"]:
            take_turn(Psql(url, folder).load, units)
        case ["ours", form, constraints]:
            ours = Ours(url, folder, form, constraints)
            # With its constraints inline a load leaves nothing to be done.
            take_turn(ours.load, units, ours.finish if constraints == "after" else None)
        case [call]:
            take_turn(getattr(Calls(url, folder), call), units)


if __name__ == "__main__":
    main(*sys.argv[1:])
