"""The ledger: which versions of which documents are in the tables of a schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from ...tables import Column, ColumnType, Table
from ..sink import Document, Loaded

LEDGER = Table(
    "aci_jobs_ledger",
    (
        Column("target", ColumnType.TEXT, key=True),
        Column("document", ColumnType.TEXT, key=True),
        Column("etag", ColumnType.TEXT, key=True),
        Column("round", ColumnType.TEXT, key=True),
        Column("run", ColumnType.TEXT),
        Column("unit", ColumnType.TEXT),
        Column("rows", ColumnType.JSON, nullable=True),
        Column("rejected", ColumnType.INTEGER, nullable=True),
        Column("loaded_at", ColumnType.TIMESTAMP, nullable=True),
    ),
)
_UPGRADE = """
    alter table {}
        add column target text not null default '',
        add column round text not null default '',
        add column rejected bigint,
        drop constraint aci_jobs_ledger_pkey,
        add primary key (target, document, etag, round)
"""
_CLAIM = """
    insert into {} (target, document, etag, round, run, unit) values (%s, %s, %s, %s, %s, %s)
    on conflict do nothing
"""
_RECORD = """
    update {} set rows = %s, rejected = %s, loaded_at = clock_timestamp()
    where (target, document, etag, round) = (%s, %s, %s, %s)
"""
_FIND = "select rows, rejected from {} where (target, document, etag, round) = (%s, %s, %s, %s)"
_FORGET = """
    delete from {} where rows is not null
        and not exists (select from jsonb_object_keys(rows) loaded where loaded <> all (%s))
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is in the ledger at most once, and on whose behalf.

    `target` is the table that a document was meant for, where that is not in the document itself.
    `round` is the run where each loads its documents anew, and else empty.
    """

    document: str
    etag: str
    target: str = ""
    round: str = ""
    run: str = ""
    unit: str = ""

    @classmethod
    def of(cls, document: Document, *, by_run: bool) -> "Entry":
        """The entry of a document."""
        return cls(
            document=document.name,
            etag=document.etag,
            target=document.reading.record_type,
            round=document.run if by_run else "",
            run=document.run,
            unit=document.unit,
        )

    @property
    def key(self) -> tuple[str, ...]:
        """What it is found by."""
        return self.target, self.document, self.etag, self.round


def upgrade(schema: str) -> sql.Composed:
    """The statement that gives a ledger of the first version the columns it lacks."""
    return sql.SQL(_UPGRADE).format(sql.Identifier(schema, LEDGER.name))


class Ledger:
    """The ledger of a schema within an open transaction."""

    def __init__(self, connection: psycopg.Connection, schema: str) -> None:
        self._connection = connection
        # Beside values the driver takes a percent sign for its own.
        self._table = sql.Identifier(schema.replace("%", "%%"), LEDGER.name)

    def claim(self, entry: Entry) -> bool:
        """Whether this transaction is the one that does what the entry stands for.

        Waits for another that is doing it: if that commits the answer is no, if it rolls back yes.
        """
        return self._execute(_CLAIM, (*entry.key, entry.run, entry.unit)).rowcount == 1

    def record(self, entry: Entry, rows: Mapping[str, int], rejected: int) -> None:
        """Write down what a claimed document has brought."""
        self._execute(_RECORD, (Jsonb(dict(rows)), rejected, *entry.key))

    def loaded(self, entry: Entry) -> Loaded:
        """What a committed load has brought."""
        found = self._execute(_FIND, entry.key).fetchone()
        rows, rejected = found or ({}, 0)
        return Loaded(rows or {}, rejected or 0, repeated=True)

    def forget(self, tables: Sequence[str]) -> None:
        """Forget the documents that have brought rows of these tables alone."""
        self._execute(_FORGET, (list(tables),))

    def _execute(self, statement: str, values: tuple[object, ...]) -> psycopg.Cursor:
        return self._connection.execute(sql.SQL(statement).format(self._table), values)
