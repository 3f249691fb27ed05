"""The PostgreSQL sink: each version of a document in the tables of a schema exactly once."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from ...errors import PermanentError, TargetBusyError
from ...tables import Table
from ..ahead import ahead
from ..sink import CopyText, Document, Loaded, Surroundings
from .appending import appending
from .careful import CarefulLoad
from .catalogue import TargetTable, read_catalogue
from .connecting import connect
from .constraints import finish
from .copy_rows import Fit, RowError
from .copying import Target, fitted
from .ddl import create_schema, create_table
from .failures import is_of_a_row, translated
from .ledger import LEDGER, Entry, Ledger, upgrade
from .options import Options
from .replacing import empty_once
from .upserting import upserting

_LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"

_AHEAD = 4  # texts of about 128 KiB each, and larger ones of Parquet

Fitted = Iterator[tuple[TargetTable, CopyText]]
Load = Callable[[psycopg.Connection, Document], tuple[Mapping[str, int], int]]


def open_sink(members: Mapping[str, Any], surroundings: Surroundings) -> "PostgresqlSink":
    """The sink that a payload describes.

    Raises:
        PermanentError: it says what this sink does not know.
    """
    return PostgresqlSink(
        surroundings.postgresql_url, Options.read(members), surroundings.connections
    )


class PostgresqlSink:
    """Tables of one schema, on one connection that is opened when needed.

    `url` gives a libpq connection string whenever one is opened. A document's rows and its entry
    in the ledger are one transaction. Not for use by several threads at once; each takes a sink
    of its own.
    """

    def __init__(self, url: Callable[[], str], options: Options, connections: int = 1) -> None:
        self._url = url
        self._options = options
        self._schema = options.schema
        self._connections = connections
        self._connection: psycopg.Connection | None = None
        self._prepared: tuple[Table, ...] | None = None
        self._emptied: str | None = None
        self._tables: dict[str, TargetTable] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. Idempotent; a later call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def prepare(self, tables: tuple[Table, ...]) -> None:
        """Make the schema, the ledger and those of `tables` that are missing.

        Idempotent, and safe in many workers at once: one makes them, the others wait. Tables that
        are there stay as they are. Needs no permission if nothing is missing.

        Raises:
            PermanentError: one may not be made.
            TargetBusyError: the database is away or busy.
        """
        if self._prepared == tables:
            return
        with self._translated(f"schema {self._schema}"):
            connection = self._connected()
            with connection.transaction():
                if self._missing(connection, tables):
                    connection.execute(_LOCK, [f"aci-jobs {self._schema}"])
                    for statement in self._missing(connection, tables):
                        connection.execute(statement)
        self._prepared = tables
        self._tables = {}

    def load(self, document: Document) -> Loaded:
        """Commit all rows of a document, or find that a load of this version committed them.

        After an error nothing of this call is in the database, unless the connection broke in the
        commit; the same call again finds that out. Of calls at the same time one loads. Rows that
        are refused are looked for one by one, in another transaction.

        Raises:
            PermanentError: rows do not fit the tables; with document, row, table and value.
            TargetBusyError: the database is away or busy.
        """
        with self._translated(document.name):
            if self._options.mode == "replace":
                self._empty_once(document)
            try:
                return self._load_quickly(document)
            except (psycopg.Error, RowError, PermanentError) as error:
                if not is_of_a_row(error):
                    raise
            self._tables = {}  # made anew since they were read, perhaps
            return self._load(document, self._carefully)

    def finish(self, tables: tuple[Table, ...]) -> None:
        """Build the constraints and indexes that were left until all is loaded. Idempotent.

        Raises:
            PermanentError: the rows break one of them, or a table is missing.
            TargetBusyError: the database is away or busy.
        """
        with self._translated(f"schema {self._schema}"):
            finish(
                lambda: connect(self._url()),
                self._schema,
                tables,
                self._options.indexes,
                after=self._options.constraints == "after",
                connections=self._connections,
            )

    def _load(self, document: Document, load: Load) -> Loaded:
        connection = self._connected()
        tables = self._loadable(connection)
        with connection.transaction():
            ledger = Ledger(connection, self._schema)
            entry = Entry.of(document, by_run=self._options.by_run)
            if not ledger.claim(entry):
                return ledger.loaded(entry)
            rows, rejected = load(connection, document)
            if any(table.deferrable for table in tables.values()):
                # It fails here as any other constraint, and not in the commit.
                connection.execute("set constraints all immediate")
            ledger.record(entry, rows, rejected)
        return Loaded(rows, rejected)

    def _load_quickly(self, document: Document) -> Loaded:
        tables = self._loadable(self._connected())
        with ahead(fitted(tables, self._fit(document), document.batches()), _AHEAD) as texts:
            return self._load(document, partial(self._write, texts))

    def _write(
        self, texts: Fitted, connection: psycopg.Connection, _: Document
    ) -> tuple[Mapping[str, int], int]:
        with self._target(connection) as target:
            for table, text in texts:
                target.write(table, text)
        return dict(target.counts), 0

    def _carefully(
        self, connection: psycopg.Connection, document: Document
    ) -> tuple[Mapping[str, int], int]:
        careful = CarefulLoad(
            connection,
            self._tables,
            partial(self._target, connection),
            document,
            fit=self._fit(document),
            limit=self._options.bad_rows,
        )
        careful.load()
        if careful.rejected:
            document.keep_rejected(careful.rejected)
        return dict(careful.counts), len(careful.rejected)

    def _fit(self, document: Document) -> Fit:
        ignore = document.reading.unknown_columns == "ignore"
        return Fit(ignore=ignore, named=self._options.mode == "upsert")

    def _target(self, connection: psycopg.Connection) -> AbstractContextManager[Target]:
        cursor = connection.cursor()
        if self._options.mode == "upsert":
            return upserting(cursor, self._schema, self._tables, self._options.key)
        return appending(cursor, self._schema, self._tables)

    def _empty_once(self, document: Document) -> None:
        if self._emptied != document.run:
            record_type = document.reading.record_type
            tables = [table.name for table in self._prepared or ()] or [record_type]
            empty_once(self._connected(), self._schema, tables, document.run)
            self._emptied = document.run

    @contextmanager
    def _translated(self, subject: str) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            self._tables = {}
            ours = translated(error, subject)
            if isinstance(ours, TargetBusyError):
                self.close()
            raise ours from error

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = connect(self._url())
        return self._connection

    def _loadable(self, connection: psycopg.Connection) -> dict[str, TargetTable]:
        if not self._tables:
            self._tables = read_catalogue(connection, self._schema)
            self._tables.pop(LEDGER.name, None)
        return self._tables

    def _missing(
        self, connection: psycopg.Connection, tables: tuple[Table, ...]
    ) -> list[sql.Composed]:
        """The statements that make what is missing."""
        there = read_catalogue(connection, self._schema)
        constrained = self._options.constraints == "inline"
        missing = [
            create_table(self._schema, table, constrained=constrained)
            for table in tables
            if table.name not in there
        ]
        if LEDGER.name not in there:
            missing.append(create_table(self._schema, LEDGER))
        elif not there[LEDGER.name].has(["round"]):
            missing.append(upgrade(self._schema))
        schema = connection.execute("select to_regnamespace(quote_ident(%s))", [self._schema])
        return missing if schema.fetchone() != (None,) else [create_schema(self._schema), *missing]
