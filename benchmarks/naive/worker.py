"""This job as one would script it in an afternoon: `python -m benchmarks.naive.worker HOW`.

`HOW` is `insert` (a statement a row), `batch` (as the driver sends many at once), or `copy`.

Several such processes poll one queue. Each unit is made by a call to Faker for each value, written
as a blob, loaded in one transaction, and its message deleted. It does not end by itself.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient
from faker import Faker
from psycopg import sql

from benchmarks.peers.faker_calls import Calls
from benchmarks.peers.retail import Row, rows

QUEUE, CONTAINER, SCHEMA = "naive", "naive", "naive"
CUSTOMERS = 111
KEYS_A_UNIT = 100_000
TABLES = ("customer", "order", "order_line")
POLL_SECONDS = 0.1

Load = Callable[[psycopg.Cursor[Any], str, list[Row]], None]


def insert(cursor: psycopg.Cursor[Any], table: str, found: list[Row]) -> None:
    """INSERT, row by row."""
    statement = _insert(table, found[0])
    for row in found:
        cursor.execute(statement, row)


def batch(cursor: psycopg.Cursor[Any], table: str, found: list[Row]) -> None:
    """INSERT, without waiting for the answer to each."""
    cursor.executemany(_insert(table, found[0]), found)


def copy(cursor: psycopg.Cursor[Any], table: str, found: list[Row]) -> None:
    """COPY, row by row."""
    statement = sql.SQL("copy {} ({}) from stdin").format(_table(table), _columns(found[0]))
    with cursor.copy(statement) as open_copy:
        for row in found:
            open_copy.write_row(tuple(row.values()))


def _insert(table: str, row: Row) -> sql.Composed:
    places = sql.SQL(", ").join(map(sql.Placeholder, row))
    statement = sql.SQL("insert into {} ({}) values ({})")
    return statement.format(_table(table), _columns(row), places)


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(SCHEMA, name)


def _columns(row: Row) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, row))


def work(
    unit: int, calls: Calls, container: ContainerClient, database: psycopg.Connection, load: Load
) -> int:
    """Make a unit, keep it, load it; how many rows it has."""
    made = list(rows(calls, 1 + unit * KEYS_A_UNIT, CUSTOMERS))
    document = "\n".join(json.dumps(row, default=str) for row in made)
    container.upload_blob(f"{unit}.ndjson", document, overwrite=True)
    tables: dict[str, list[Row]] = {name: [] for name in TABLES}
    for row in made:
        tables[row.pop("type")].append(row)
    with database.transaction(), database.cursor() as cursor:
        for name, found in tables.items():
            load(cursor, name, found)
    return len(made)


def main(loads: Sequence[str]) -> None:
    """Poll for ever."""
    load: Load = {"insert": insert, "batch": batch, "copy": copy}[loads[0]]
    storage = os.environ["STORAGE"]
    queue = QueueClient.from_connection_string(storage, QUEUE)
    container = ContainerClient.from_connection_string(storage, CONTAINER)
    calls = Calls(Faker("en_US"))
    with psycopg.connect(os.environ["DATABASE"], autocommit=True) as database:
        print("ready", flush=True)
        while True:
            message = queue.receive_message(visibility_timeout=300)
            if message is None:
                time.sleep(POLL_SECONDS)
                continue
            count = work(json.loads(message.content)["unit"], calls, container, database, load)
            queue.delete_message(message)
            print(count, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
