"""Rows a second of the retail example: this generator beside Faker called once for each value.

Run as `python -m benchmarks.generate`. Both make the same records with the same fields as lines of
JSON, by turns in one process; figures are medians of the rounds, in processor seconds of one core.
"""

import json
import statistics
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from faker import Faker

from worker_image.generator import Compression, compile_dataset, encode, load, parse

ROUNDS = 5
OUR_UNITS = 300
FAKER_UNITS = 2
SEED = 2025

DATASET = Path(__file__).parents[1] / "examples" / "retail" / "dataset.yaml"

SEGMENTS = OrderedDict(retail=60, business=30, vip=10)
STATUSES = OrderedDict(delivered=80, open=12, returned=5, cancelled=3)
CHANNELS = OrderedDict(web=55, app=35, store=10)
DISCOUNTS = OrderedDict([(0, 70), (0.05, 12), (0.1, 12), (0.2, 6)])


def faker_unit(faker: Faker) -> bytes:
    """A unit of retail as one would write it with Faker alone."""
    lines = (json.dumps(row, default=str) for row in faker_rows(faker))
    return "\n".join(lines).encode()


def faker_rows(faker: Faker) -> Iterator[dict[str, Any]]:
    """Customers, orders and order lines, every value from a call to Faker."""
    ids = iter(range(10**11, 10**12))
    for _ in range(106):
        customer = faker_customer(faker, next(ids))
        yield customer
        for _ in range(faker.random_int(3, 13)):
            order = faker_order(faker, next(ids), customer)
            yield order
            for line in range(faker.random_int(1, 5)):
                yield faker_line(faker, next(ids), order, line)


def faker_customer(faker: Faker, key: int) -> dict[str, Any]:
    """One customer."""
    first, last = faker.first_name(), faker.last_name()
    return {
        "type": "customer",
        "id": key,
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{last}.{key}@example.com".lower(),
        "phone": faker.phone_number() if faker.random_int(1, 100) > 15 else None,
        "city": faker.city(),
        "segment": faker.random_element(SEGMENTS),
        "marketing_consent": faker.pybool(42),
        "signup_ts": faker.date_time_between("-5y", "now").isoformat(),
    }


def faker_order(faker: Faker, key: int, customer: dict[str, Any]) -> dict[str, Any]:
    """One order of a customer."""
    return {
        "type": "order",
        "id": key,
        "customer_id": customer["id"],
        "ts": faker.date_time_between("-1y", "now").isoformat(),
        "status": faker.random_element(STATUSES),
        "channel": faker.random_element(CHANNELS),
        "coupon": faker.bothify("??-####") if faker.random_int(1, 10) == 1 else None,
    }


def faker_line(faker: Faker, key: int, order: dict[str, Any], line: int) -> dict[str, Any]:
    """One line of an order."""
    return {
        "type": "order_line",
        "id": key,
        "order_id": order["id"],
        "line": line + 1,
        "sku": faker.bothify("SKU-??-####"),
        "quantity": faker.random_int(1, 12),
        "unit_price": faker.pyfloat(min_value=0.99, max_value=999, right_digits=2),
        "discount": faker.random_element(DISCOUNTS),
    }


def rows_a_second(make: Callable[[int], tuple[int, bytes]], units: int) -> float:
    """Make so many units and say how fast rows came; `make` gives the rows and the document."""
    start = time.process_time()
    rows = sum(make(unit)[0] for unit in range(units))
    return rows / (time.process_time() - start)


def main() -> None:
    """Measure and print one table."""
    faker = Faker("en_US")
    faker.seed_instance(SEED)
    started = time.process_time()
    compiled = compile_dataset(parse(load(DATASET.read_bytes())), SEED)
    ready = time.process_time() - started

    def ours(unit: int) -> tuple[int, bytes]:
        made = compiled.unit(unit)
        return sum(made.records.values()), made.data

    def compressed(unit: int) -> tuple[int, bytes]:
        rows, data = ours(unit)
        return rows, encode(data, Compression.ZSTD)

    def naive(_: int) -> tuple[int, bytes]:
        data = faker_unit(faker)
        return data.count(b"\n") + 1, data

    contenders = {
        "this generator": (ours, OUR_UNITS),
        "this generator, zstd": (compressed, OUR_UNITS),
        "Faker, a call a value": (naive, FAKER_UNITS),
    }
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, (make, units) in contenders.items():
            speeds[name].append(rows_a_second(make, units))
    base = statistics.median(speeds["Faker, a call a value"])
    print(f"{'retail, NDJSON, one core':<26}{'rows/s':>12}{'times Faker':>13}")
    for name, measured in speeds.items():
        speed = statistics.median(measured)
        print(f"{name:<26}{speed:>12,.0f}{speed / base:>13.1f}")
    print(f"from text to the first unit: {ready:.2f} s")


if __name__ == "__main__":
    main()
