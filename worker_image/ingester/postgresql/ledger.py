"""The ledger: which versions of which documents are in the tables of a schema."""

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from ...tables import Column, ColumnType, Table
from ..sink import Document

LEDGER = Table(
    "aci_jobs_ledger",
    (
        Column("document", ColumnType.TEXT, key=True),
        Column("etag", ColumnType.TEXT, key=True),
        Column("run", ColumnType.TEXT),
        Column("unit", ColumnType.TEXT),
        Column("rows", ColumnType.JSON, nullable=True),
        Column("loaded_at", ColumnType.TIMESTAMP, nullable=True),
    ),
)
_CLAIM = "insert into {} (document, etag, run, unit) values (%s, %s, %s, %s) on conflict do nothing"
_RECORD = "update {} set rows = %s, loaded_at = clock_timestamp() where (document, etag) = (%s, %s)"
_ROWS = "select rows from {} where (document, etag) = (%s, %s)"


class Ledger:
    """The ledger of a schema within an open transaction."""

    def __init__(self, connection: psycopg.Connection, schema: str) -> None:
        self._connection = connection
        self._table = sql.Identifier(schema, LEDGER.name)

    def claim(self, document: Document) -> bool:
        """Whether this transaction is the one that loads the document.

        Waits for another that is loading it: if that commits the answer is no, if it rolls back
        yes.
        """
        values = (document.name, document.etag, document.run, document.unit)
        return self._execute(_CLAIM, values).rowcount == 1

    def record(self, document: Document, rows: dict[str, int]) -> None:
        """Write down what a claimed document has brought."""
        self._execute(_RECORD, (Jsonb(rows), document.name, document.etag))

    def rows(self, document: Document) -> dict[str, int]:
        """What a committed load has brought."""
        found = self._execute(_ROWS, (document.name, document.etag)).fetchone()
        return dict(found[0]) if found else {}

    def _execute(self, statement: str, values: tuple[object, ...]) -> psycopg.Cursor:
        return self._connection.execute(sql.SQL(statement).format(self._table), values)
