"""Documents, tables and questions for the tests of the ingester."""

import io
from collections.abc import Iterator
from typing import Any

import orjson
import psycopg
from psycopg import sql

from worker_image.ingester import Batch, read

SCHEMA = "shop"


def batches(*records: dict[str, Any] | bytes) -> Iterator[Batch]:
    """What the reader makes of records, or of the lines of a document."""
    lines = [each if isinstance(each, bytes) else orjson.dumps(each) for each in records]
    return read(io.BytesIO(b"\n".join(lines)), "d.ndjson")


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
