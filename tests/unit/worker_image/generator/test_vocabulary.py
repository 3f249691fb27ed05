"""Faker, compiled: what it would say, in the same proportions, without asking it for each row."""

import re
from collections import Counter

import pytest
from faker import Faker
from support.generator import column


def values(provider: str, rows: int = 5000, **options: object) -> list[str]:
    texts: list[str] = column(rows, faker={"provider": provider, **options})
    return texts


def test_lists_keep_their_weights() -> None:
    faker = Faker("en_US")
    faker.seed_instance(1)
    theirs = Counter(faker.first_name() for _ in range(10_000))
    ours = Counter(values("first_name", 10_000))
    for name, count in theirs.most_common(20):
        assert abs(ours[name] - count) < 6 * count**0.5


def test_formats_keep_the_whole_space_of_values() -> None:
    cities = values("city", 20_000)
    assert len(set(cities)) > 11_000
    prefixes = {"North", "East", "West", "South", "New", "Lake", "Port"}
    prefixed = sum(city.split(" ")[0] in prefixes for city in cities)
    assert 0.47 < prefixed / len(cities) < 0.53  # in two of the four formats


@pytest.mark.parametrize(
    ("provider", "locale", "shape"),
    [
        ("phone_number", "fr_FR", r"[+0-9() ]+"),
        ("street_address", "en_US", r"\d{3,5} \w+.*"),
        ("name", "ja_JP", r"\S+ \S+"),
        ("postcode", "en_GB", r"[A-Z0-9]{2,4} [A-Z0-9]{3}"),
        ("ipv4", "en_US", r"\d+\.\d+\.\d+\.\d+"),
        ("ean13", "en_US", r"\d{13}"),
        ("current_country", "en_US", "United States"),
    ],
)
def test_every_value_has_the_shape_of_the_provider(provider: str, locale: str, shape: str) -> None:
    assert all(re.fullmatch(shape, value) for value in values(provider, 300, locale=locale))


def test_arguments_reach_the_provider() -> None:
    codes = values("country_code", 300, args={"representation": "alpha-3"})
    assert {len(code) for code in codes} == {3}
    assert {int(v) for v in values("pyint", 300, args={"min_value": 7, "max_value": 9})} == {
        7,
        8,
        9,
    }


def test_a_pool_is_as_large_as_asked() -> None:
    assert len(set(values("uuid4", 5000, pool=25))) == 25
