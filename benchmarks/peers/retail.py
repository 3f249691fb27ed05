"""Retail as one writes it in plain Python: a library gives the values, loops the structure."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any, Protocol

from benchmarks.peers.measuring import Made

Row = dict[str, Any]

CUSTOMERS = 106
FIRST_KEY = 10**11

SEGMENTS = {"retail": 60, "business": 30, "vip": 10}
STATUSES = {"delivered": 80, "open": 12, "returned": 5, "cancelled": 3}
CHANNELS = {"web": 55, "app": 35, "store": 10}
DISCOUNTS = {0.0: 70, 0.05: 12, 0.1: 12, 0.2: 6}

# `json.dumps` with a default would build an encoder for each row.
_ENCODER = json.JSONEncoder(default=str)


class Library(Protocol):
    """How a library makes each row; every value is one call, as its users would write it."""

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""

    def customer(self, key: int) -> Row:
        """A customer."""

    def order(self, key: int, customer: Row) -> Row:
        """An order of a customer, not before the customer signed up."""

    def line(self, key: int, order: Row, number: int) -> Row:
        """A line of an order."""


def unit(library: Library) -> Made:
    """Customers with their orders and lines, as lines of JSON."""
    records: Counter[str] = Counter()
    lines = []
    for row in rows(library):
        records[row["type"]] += 1
        lines.append(_ENCODER.encode(row))
    return Made(records, len("\n".join(lines).encode()))


def rows(library: Library, first_key: int = FIRST_KEY, customers: int = CUSTOMERS) -> Iterator[Row]:
    """Customers, each with its orders, each with its lines."""
    keys = count(first_key)
    for _ in range(customers):
        customer = library.customer(next(keys))
        yield customer
        for _ in range(library.between(3, 13)):
            order = library.order(next(keys), customer)
            yield order
            for number in range(library.between(1, 5)):
                yield library.line(next(keys), order, number + 1)
