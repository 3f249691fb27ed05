"""The server that all contenders of `benchmarks.ingest` load into, and what they find there."""

from enum import Enum
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from benchmarks.generate_contenders import FailedError
from benchmarks.ingest_loading import sink
from benchmarks.peers.turns import LEDGER, SCHEMA
from local_host.services.postgresql import LocalPostgresql
from worker_image.tables import Table

_BACKENDS = """
    select pid from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()
"""
_FOREIGN_KEYS = """
    select c.relname, k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid
    where k.contype = 'f' and k.convalidated and k.connamespace = to_regnamespace(%s)
"""
_MAKE_LEDGER = """
    create table {} (
        document text, etag text, run text, unit text, rows jsonb, loaded_at timestamptz,
        primary key (document, etag)
    )
"""


class Keys(Enum):
    """What the tables of a turn check while they are loaded."""

    INLINE = "primary and foreign keys"
    PRIMARY = "primary keys alone"
    AFTER = "all keys after the load"


class Server:
    """A PostgreSQL of our own, durable, with the tables of one schema."""

    def __init__(self, folder: Path, tables: tuple[Table, ...]) -> None:
        self._service = LocalPostgresql(folder)
        self._tables = tables
        columns = [column for table in tables for column in table.columns]
        self._references = sum(column.references is not None for column in columns)
        self.url = self._service.url
        self.programs = self._service.programs

    def __enter__(self) -> "Server":
        self._service.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._service.stop()

    def renew(self, keys: Keys) -> None:
        """Empty tables, and nothing left for the server to do.

        Raises:
            FailedError: the sink has made other foreign keys than it should.
        """
        self._execute("drop schema if exists {} cascade", sql.Identifier(SCHEMA))
        target = sink(self.url, "after" if keys is Keys.AFTER else "inline")
        target.prepare(self._tables)
        target.close()
        self._execute(_MAKE_LEDGER, sql.Identifier(SCHEMA, LEDGER))
        if keys is Keys.PRIMARY:
            for table, name in self._ask(_FOREIGN_KEYS, SCHEMA):
                names = sql.Identifier(SCHEMA, table), sql.Identifier(name)
                self._execute("alter table {} drop constraint {}", *names)
        self._see_foreign_keys(self._references if keys is Keys.INLINE else 0)
        self._execute("checkpoint")

    def check(self, rows: int, keys: Keys) -> None:
        """See that all is there that a turn should leave.

        Raises:
            FailedError: rows or foreign keys are not.
        """
        names = (sql.Identifier(SCHEMA, table.name) for table in self._tables)
        counts = [self._ask(sql.SQL("select count(*) from {}").format(name)) for name in names]
        found = sum(count for [(count,)] in counts)
        if found != rows:
            raise FailedError(f"{found:,} rows of {rows:,} are there")
        self._see_foreign_keys(0 if keys is Keys.PRIMARY else self._references)

    def backends(self) -> list[psutil.Process]:
        """The processes that serve clients."""
        return [psutil.Process(pid) for (pid,) in self._ask(_BACKENDS)]

    def _see_foreign_keys(self, expected: int) -> None:
        found = len(self._ask(_FOREIGN_KEYS, SCHEMA))
        if found != expected:
            raise FailedError(f"{found} foreign keys are there in place of {expected}")

    def _execute(self, statement: str, *names: sql.Composable) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*names))

    def _ask(self, statement: str | sql.Composed, *values: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement, values).fetchall()
