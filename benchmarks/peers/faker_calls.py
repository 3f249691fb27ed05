"""Faker, one call for each value: `python -m benchmarks.peers.faker_calls [--unweighted]`.

With `--unweighted`, names and cities are drawn with equal chances, which Faker offers for speed.
"""

import sys
from collections import OrderedDict

from faker import Faker

from benchmarks.peers import retail
from benchmarks.peers.measuring import measure
from benchmarks.peers.retail import Row


class Calls:
    """Every value from a call to Faker."""

    def __init__(self, faker: Faker) -> None:
        self._faker = faker
        self.between = faker.random_int
        self._segments = OrderedDict(retail.SEGMENTS)
        self._statuses = OrderedDict(retail.STATUSES)
        self._channels = OrderedDict(retail.CHANNELS)
        self._discounts = OrderedDict(retail.DISCOUNTS)

    def customer(self, key: int) -> Row:
        """A customer."""
        faker = self._faker
        first, last = faker.first_name(), faker.last_name()
        return {
            "type": "customer",
            "id": key,
            "first_name": first,
            "last_name": last,
            "email": f"{first}.{last}.{key}@example.com".lower(),
            "phone": faker.phone_number() if faker.random_int(1, 100) > 15 else None,
            "city": faker.city(),
            "segment": faker.random_element(self._segments),
            "marketing_consent": faker.pybool(42),
            "signup_ts": faker.date_time_between("-5y", "now"),
        }

    def order(self, key: int, customer: Row) -> Row:
        """An order of a customer, not before the customer signed up."""
        faker = self._faker
        return {
            "type": "order",
            "id": key,
            "customer_id": customer["id"],
            "ts": faker.date_time_between(customer["signup_ts"], "now"),
            "status": faker.random_element(self._statuses),
            "channel": faker.random_element(self._channels),
            "coupon": faker.bothify("??-####") if faker.random_int(1, 10) == 1 else None,
        }

    def line(self, key: int, order: Row, number: int) -> Row:
        """A line of an order."""
        faker = self._faker
        return {
            "type": "order_line",
            "id": key,
            "order_id": order["id"],
            "line": number,
            "sku": faker.bothify("SKU-??-####"),
            "quantity": faker.random_int(1, 12),
            "unit_price": faker.pyfloat(min_value=0.99, max_value=999, right_digits=2),
            "discount": faker.random_element(self._discounts),
        }


if __name__ == "__main__":
    calls = Calls(Faker("en_US", use_weighting="--unweighted" not in sys.argv))
    measure(lambda _: retail.unit(calls))
