"""Polars expressions into lines of JSON: `python -m benchmarks.peers.polars_expressions`.

Polars has no random columns and no names of people: hashes of the row numbers serve as random bits,
and Faker fills pools of 2,000 values once, unmeasured. Keys, references and times are columns too.
"""

from datetime import datetime
from io import BytesIO

import polars as pl
from faker import Faker

from benchmarks.peers import retail
from benchmarks.peers.measuring import Made, measure

POOL = 2_000
LETTERS = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
TODAY = datetime(2025, 11, 1)  # noqa: DTZ001 - the data's times have no zone
FIVE_YEARS = 5 * 365 * 86_400
UNIT_KEYS = 100_000


class Pools:
    """What rows pick from: values of Faker, and choices spread over a hundred places."""

    def __init__(self) -> None:
        faker = Faker("en_US")
        self.first_names = pl.Series([faker.first_name() for _ in range(POOL)])
        self.last_names = pl.Series([faker.last_name() for _ in range(POOL)])
        self.phones = pl.Series([faker.phone_number() for _ in range(POOL)])
        self.cities = pl.Series([faker.city() for _ in range(POOL)])
        self.segments = _spread(retail.SEGMENTS)
        self.statuses = _spread(retail.STATUSES)
        self.channels = _spread(retail.CHANNELS)
        self.discounts = _spread(retail.DISCOUNTS)
        self.letters = pl.Series([a + b for a in LETTERS for b in LETTERS])
        self.digits = pl.Series([f"{number:04}" for number in range(10_000)])


def _spread(weights: dict[str, int] | dict[float, int]) -> pl.Series:
    return pl.Series([value for value, weight in weights.items() for _ in range(weight)])


class Draws:
    """Random columns of one unit: each call another one."""

    def __init__(self, unit: int) -> None:
        self._seed = unit << 8

    def below(self, limit: int | pl.Expr) -> pl.Expr:
        """Whole numbers from 0 up to and without `limit`."""
        self._seed += 1
        return (pl.col("id").hash(self._seed) % limit).cast(pl.Int64)

    def pick(self, pool: pl.Series) -> pl.Expr:
        """Values of a pool."""
        return pl.lit(pool).gather(self.below(len(pool)))

    def share(self, percent: int, value: pl.Expr) -> pl.Expr:
        """The value in so many rows of a hundred, else nothing."""
        return pl.when(self.below(100) < percent).then(value)


def customers(pools: Pools, draws: Draws, first: int) -> pl.DataFrame:
    """The customers of a unit."""
    first_name, last_name = draws.pick(pools.first_names), draws.pick(pools.last_names)
    email = pl.concat_str(
        [pl.col("first_name"), pl.lit("."), pl.col("last_name"), pl.lit("."), pl.col("id")]
    )
    return (
        pl.select(type=pl.lit("customer"), id=pl.int_range(first, first + retail.CUSTOMERS))
        .with_columns(first_name=first_name, last_name=last_name)
        .with_columns(
            email=(email + "@example.com").str.to_lowercase(),
            phone=draws.share(85, draws.pick(pools.phones)),
            city=draws.pick(pools.cities),
            segment=draws.pick(pools.segments),
            marketing_consent=draws.below(100) < 42,
            signup_ts=TODAY - pl.duration(seconds=draws.below(FIVE_YEARS) + 1),
        )
    )


def orders(pools: Pools, draws: Draws, customers: pl.DataFrame) -> pl.DataFrame:
    """The orders of the customers."""
    first = customers["id"][-1] + 1
    since = (TODAY - pl.col("signup_ts")).dt.total_seconds().cast(pl.UInt64)
    return (
        customers.select("signup_ts", customer_id="id", order=pl.int_ranges(0, draws.below(11) + 3))
        .explode("order")
        .with_columns(id=pl.int_range(first, first + pl.len()))
        .select(
            "id",
            "customer_id",
            type=pl.lit("order"),
            ts=TODAY - pl.duration(seconds=draws.below(since)),
            status=draws.pick(pools.statuses),
            channel=draws.pick(pools.channels),
            coupon=draws.share(10, _code(pools, draws, "")),
        )
    )


def lines(pools: Pools, draws: Draws, orders: pl.DataFrame) -> pl.DataFrame:
    """The lines of the orders."""
    first = orders["id"][-1] + 1
    return (
        orders.select(order_id="id", line=pl.int_ranges(1, draws.below(5) + 2))
        .explode("line")
        .with_columns(id=pl.int_range(first, first + pl.len()))
        .with_columns(
            type=pl.lit("order_line"),
            sku=_code(pools, draws, "SKU-"),
            quantity=draws.below(12) + 1,
            unit_price=(draws.below(99_801) + 99) / 100,
            discount=draws.pick(pools.discounts),
        )
    )


def _code(pools: Pools, draws: Draws, prefix: str) -> pl.Expr:
    letters, digits = draws.pick(pools.letters), draws.pick(pools.digits)
    return pl.concat_str([pl.lit(prefix), letters, pl.lit("-"), digits])


def unit(pools: Pools, number: int) -> Made:
    """Customers with their orders and lines, as lines of JSON."""
    draws = Draws(number)
    parents = customers(pools, draws, retail.FIRST_KEY + number * UNIT_KEYS)
    children = orders(pools, draws, parents)
    tables = {
        "customer": parents,
        "order": children,
        "order_line": lines(pools, draws, children),
    }
    out = BytesIO()
    for table in tables.values():
        table.write_ndjson(out)
    return Made({name: len(table) for name, table in tables.items()}, len(out.getvalue()))


if __name__ == "__main__":
    made_once = Pools()
    measure(lambda number: unit(made_once, number))
