"""Documents, tables and questions for the tests of the ingester."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import psycopg
from psycopg import sql

from support.documents import blocks
from worker_image.contract import Reading
from worker_image.ingester import Document, Rejected, Surroundings, reading
from worker_image.ingester.postgresql.sink import PostgresqlSink, open_sink
from worker_image.ingester.sink import Batch, SourceRow

SCHEMA = "shop"


def sink_of(url: str, **members: Any) -> PostgresqlSink:
    """A sink for a database as a payload with these members describes it."""
    return open_sink({"kind": "postgresql", "schema": SCHEMA} | members, Surroundings(lambda: url))


def document(
    *records: dict[str, Any] | bytes, name: str = "d.ndjson", piece: int = 0, **members: Any
) -> Document:
    """A document of records, or of the lines or the whole content of one.

    It arrives in pieces of so many bytes, as from a network, or as it is asked for.

    `members` are those of `Document` that are to be other than usual.
    """
    lines = [each if isinstance(each, bytes) else orjson.dumps(each) for each in records]
    how = members.get("reading", Reading())
    opened = blocks(b"\n".join(lines), piece)
    return Document(
        **{
            "name": name,
            "etag": "1",
            "batches": lambda: reading.batches(opened, name, how),
            "rows": lambda: reading.rows(opened, name, how),
            **members,
        }
    )


def streamed(batches: Callable[[], Iterator[Batch]], **members: Any) -> Document:
    """A document whose batches come as told; row by row it has the same rows."""

    def rows() -> Iterator[SourceRow]:
        for batch in batches():
            for number, row in enumerate(batch.rows(), 1):
                yield SourceRow("d.ndjson", number, batch.record_type, row, row)

    return Document(
        **{"name": "d.ndjson", "etag": "1", "batches": batches, "rows": rows, **members}
    )


def kept() -> tuple[list[Rejected], Callable[[Sequence[Rejected]], None]]:
    """A list, and what puts the rejected rows of the last load into it."""
    rejected: list[Rejected] = []

    def keep(rows: Sequence[Rejected]) -> None:
        rejected[:] = rows

    return rejected, keep


def run(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement in the schema and in UTC, beside any sink, and give its rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set time zone 'UTC'")
        connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(SCHEMA)))
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def count(url: str, table: str) -> int:
    """How many rows a table of the schema has."""
    return int(run(url, f'select count(*) from "{table}"')[0][0])  # noqa: S608 - a test's own name
