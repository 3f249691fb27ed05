"""Tables whose rows a run replaces."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from .ledger import Entry, Ledger


def empty_once(
    connection: psycopg.Connection, schema: str, tables: Sequence[str], run: str
) -> None:
    """Remove all rows of `tables`, if no call for the same run has done so; one transaction.

    The ledger forgets the documents that were in these tables alone. Other calls for the run wait
    until it is done. Who reads the tables during the run sees them empty, and then the rows that
    have been loaded.

    Raises:
        psycopg.Error: one may not be emptied, as a table that is not among them refers to it.
    """
    with connection.transaction():
        emptied = Entry(document="", etag="replace", round=run, run=run)
        ledger = Ledger(connection, schema)
        if ledger.claim(emptied):
            names = sql.SQL(", ").join(sql.Identifier(schema, table) for table in tables)
            connection.execute(sql.SQL("truncate {}").format(names))
            ledger.forget(tables)
