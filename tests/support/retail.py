"""Documents of related records as a shop has them, made from a number."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from worker_image.tables import Column, ColumnType, Reference, Table

CUSTOMERS, ORDERS, LINES = 485, 1000, 2000
_SPAN = 10**6
_START = datetime(2024, 1, 1, tzinfo=UTC)


def tables() -> tuple[Table, ...]:
    """Customers, orders and order lines, with keys and references."""
    customer = Table(
        "customer",
        (
            Column("id", ColumnType.INTEGER, key=True),
            Column("email", ColumnType.TEXT),
            Column("name", ColumnType.TEXT),
            Column("country", ColumnType.TEXT),
            Column("active", ColumnType.BOOLEAN),
            Column("created", ColumnType.TIMESTAMP),
            Column("score", ColumnType.INTEGER, nullable=True),
        ),
    )
    order = Table(
        "order",
        (
            Column("id", ColumnType.INTEGER, key=True),
            Column("customer_id", ColumnType.INTEGER, references=Reference("customer", "id")),
            Column("placed", ColumnType.TIMESTAMP),
            Column("status", ColumnType.TEXT),
            Column("total", ColumnType.DECIMAL, precision=12, scale=2),
            Column("note", ColumnType.TEXT, nullable=True),
        ),
    )
    line = Table(
        "order_line",
        (
            Column("order_id", ColumnType.INTEGER, key=True, references=Reference("order", "id")),
            Column("number", ColumnType.INTEGER, key=True),
            Column("sku", ColumnType.TEXT),
            Column("quantity", ColumnType.INTEGER),
            Column("price", ColumnType.DECIMAL, precision=12, scale=2),
            Column("gift", ColumnType.BOOLEAN),
        ),
    )
    return customer, order, line


def records(unit: int) -> Iterator[dict[str, Any]]:
    """The records of one unit with their types, table by table; keys of units are apart."""
    chance = random.Random(unit)
    base = unit * _SPAN
    for number in range(CUSTOMERS):
        yield {
            "type": "customer",
            "id": base + number,
            "email": f"user{base + number}@example.com",
            "name": chance.choice(("Ann Lee", "Zoë O'Neil", 'José "Pepe" Ruiz', "Li Wei")),
            "country": chance.choice(("DE", "FR", "NO")),
            "active": chance.random() < 0.5,
            "created": _moment(chance),
            "score": chance.choice((None, 1, 50, 99)),
        }
    for number in range(ORDERS):
        yield {
            "type": "order",
            "id": base + number,
            "customer_id": base + chance.randrange(CUSTOMERS),
            "placed": _moment(chance),
            "status": chance.choice(("open", "paid", "sent")),
            "total": chance.randrange(10**5) / 100,
            "note": chance.choice((None, "leave at the door")),
        }
    for number in range(LINES):
        yield {
            "type": "order_line",
            "order_id": base + chance.randrange(ORDERS),
            "number": number,
            "sku": f"SKU-{chance.randrange(10**6):06d}",
            "quantity": chance.randrange(1, 9),
            "price": chance.randrange(10**4) / 100,
            "gift": chance.random() < 0.1,
        }


def document(unit: int) -> bytes:
    """The records of one unit as NDJSON."""
    return b"".join(orjson.dumps(record) + b"\n" for record in records(unit))


def _moment(chance: random.Random) -> str:
    return (_START + timedelta(seconds=chance.randrange(10**7))).isoformat()
