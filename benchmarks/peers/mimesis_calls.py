"""mimesis, one call of a provider for each value: `python -m benchmarks.peers.mimesis_calls`.

The providers are called straight, which is faster than its Schema of named fields.
"""

from datetime import datetime, timedelta

from mimesis import Generic
from mimesis.locales import Locale

from benchmarks.peers import retail
from benchmarks.peers.measuring import measure
from benchmarks.peers.retail import Row

TODAY = datetime(2025, 11, 1)  # noqa: DTZ001 - the data's times have no zone


class Calls:
    """Every value from a call to mimesis, or to the random numbers it comes with."""

    def __init__(self) -> None:
        self._generic = Generic(Locale.EN)
        self._random = self._generic.random

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self._random.randint(low, high))

    def customer(self, key: int) -> Row:
        """A customer."""
        person = self._generic.person
        first, last = person.first_name(), person.last_name()
        return {
            "type": "customer",
            "id": key,
            "first_name": first,
            "last_name": last,
            "email": f"{first}.{last}.{key}@example.com".lower(),
            "phone": person.phone_number() if self._random.random() > 0.15 else None,
            "city": self._generic.address.city(),
            "segment": self._random.weighted_choice(retail.SEGMENTS),
            "marketing_consent": self._random.random() < 0.42,
            "signup_ts": self._generic.datetime.datetime(start=2020, end=2024),
        }

    def order(self, key: int, customer: Row) -> Row:
        """An order of a customer, not before the customer signed up."""
        # mimesis draws times by whole years only.
        since = (TODAY - customer["signup_ts"]).total_seconds()
        return {
            "type": "order",
            "id": key,
            "customer_id": customer["id"],
            "ts": TODAY - timedelta(seconds=int(self._random.random() * since)),
            "status": self._random.weighted_choice(retail.STATUSES),
            "channel": self._random.weighted_choice(retail.CHANNELS),
            "coupon": self._pattern("@@-####") if self._random.random() < 0.1 else None,
        }

    def line(self, key: int, order: Row, number: int) -> Row:
        """A line of an order."""
        return {
            "type": "order_line",
            "id": key,
            "order_id": order["id"],
            "line": number,
            # The placeholder of a letter is @; SKU stands for itself.
            "sku": self._pattern("SKU-@@-####"),
            "quantity": self._random.randint(1, 12),
            "unit_price": self._generic.finance.price(minimum=0.99, maximum=999),
            "discount": self._random.weighted_choice(retail.DISCOUNTS),
        }

    def _pattern(self, mask: str) -> str:
        return str(self._random.generate_string_by_mask(mask))


if __name__ == "__main__":
    calls = Calls()
    measure(lambda _: retail.unit(calls))
