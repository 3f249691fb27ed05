"""The PostgreSQL sink: each version of a document in the tables of a schema exactly once."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ...errors import PermanentError
from ...tables import Table
from ..sink import Document, Loaded, Surroundings
from .catalogue import TargetTable, read_catalogue
from .copy_rows import RowError
from .copying import copy_document
from .ddl import create_schema, create_table
from .ledger import LEDGER, Ledger

# Classes of SQLSTATE that the same document meets again: unsupported feature, wrong data, broken
# constraint, no such object or no permission, beyond a limit of the server.
_PERMANENT = ("0A", "22", "23", "42", "54")
_LONGEST_PART = 300
_DEFAULTS = {"application_name": "aci-jobs", "connect_timeout": "10"}
# Prepared statements would break behind a pooler that hands connections on.
_SETTINGS = {"client_encoding": "utf8", "autocommit": True, "prepare_threshold": None}
_LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"


def open_sink(members: Mapping[str, Any], surroundings: Surroundings) -> "PostgresqlSink":
    """The sink that a payload describes."""
    return PostgresqlSink(surroundings.postgresql_url, members["schema"])


class PostgresqlSink:
    """Tables of one schema, on one connection that is opened when needed.

    `url` gives a libpq connection string whenever one is opened. A document's rows and its line in the ledger are one
    transaction. Not for use by several threads at once; each takes a sink of its own.
    """

    def __init__(self, url: Callable[[], str], schema: str = "public") -> None:
        self._url = url
        self._schema = schema
        self._connection: psycopg.Connection | None = None
        self._prepared: tuple[Table, ...] | None = None
        self._tables: dict[str, TargetTable] = {}

    def __enter__(self) -> "PostgresqlSink":
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
        """
        if self._prepared == tables:
            return
        with self._transaction(f"schema {self._schema}") as connection:
            if self._missing(connection, tables):
                connection.execute(_LOCK, [f"aci-jobs {self._schema}"])
                for statement in self._missing(connection, tables):
                    connection.execute(statement)
        self._prepared = tables
        self._tables = {}

    def finish(self, tables: tuple[Table, ...]) -> None:
        """Build what was left out of the tables until all is loaded."""

    def load(self, document: Document) -> Loaded:
        """Commit all rows of a document, or find that a load of this version committed them.

        After an error nothing of this call is in the database, unless the connection broke in the
        commit; the same call again finds that out. Of calls at the same time one loads.

        Raises:
            PermanentError: the rows do not fit the tables; with document, table, line and value.
            psycopg.Error: the database is away or busy.
        """
        with self._transaction(document.name) as connection:
            ledger = Ledger(connection, self._schema)
            if not ledger.claim(document):
                return Loaded(ledger.rows(document), repeated=True)
            self._tables = self._tables or self._loadable(connection)
            with connection.cursor() as cursor:
                rows = copy_document(cursor, self._schema, self._tables, document.batches())
            ledger.record(document, rows)
        return Loaded(rows, repeated=False)

    @contextmanager
    def _transaction(self, subject: str) -> Iterator[psycopg.Connection]:
        try:
            connection = self._connected()
            with connection.transaction():
                yield connection
        except RowError as error:
            self._tables = {}  # made anew since they were read, perhaps
            raise PermanentError(f"{subject}: {error}") from error
        except psycopg.Error as error:
            if (error.sqlstate or "")[:2] in _PERMANENT:
                raise PermanentError(f"{subject}: {_description(error)}") from error
            self.close()
            raise

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            settings: dict[str, Any] = _DEFAULTS | conninfo_to_dict(self._url()) | _SETTINGS
            self._connection = psycopg.connect(**settings)
            self._connection.execute("set time zone 'UTC'")
        return self._connection

    def _loadable(self, connection: psycopg.Connection) -> dict[str, TargetTable]:
        tables = read_catalogue(connection, self._schema)
        tables.pop(LEDGER.name, None)
        return tables

    def _missing(
        self, connection: psycopg.Connection, tables: tuple[Table, ...]
    ) -> list[sql.Composed]:
        """The statements that make what is missing."""
        there = read_catalogue(connection, self._schema)
        missing = [
            create_table(self._schema, table)
            for table in (LEDGER, *tables)
            if table.name not in there
        ]
        schema = connection.execute("select to_regnamespace(quote_ident(%s))", [self._schema])
        return missing if schema.fetchone() != (None,) else [create_schema(self._schema), *missing]


def _description(error: psycopg.Error) -> str:
    """What the server says of the error, with the place and the value, and nothing of the URL."""
    said = error.diag
    table = f"table {said.table_name}" if said.table_name else None
    parts = (table, said.message_primary, said.message_detail, said.context)
    return "; ".join(part[:_LONGEST_PART] for part in parts if part)
