"""Datasets for the generator's tests, and what reads its documents back."""

import json
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from worker_image.generator import Dataset, Unit, compile_dataset, load, parse

RETAIL = Path(__file__).parents[2] / "examples" / "retail" / "dataset.yaml"

EVERY_KIND: dict[str, Any] = {
    "version": 1,
    "dataset": "every_kind",
    "as_of": "2025-11-01T12:00:00+02:00",
    "locale": "de_DE",
    "records": {
        "country": {
            "shared": True,
            "count": 3,
            "fields": {
                "id": {"key": {"start": 7}},
                "code": {"choice": ["DE", "AT", "CH"], "unique": True},
            },
        },
        "shop": {
            "count": {"uniform": [2, 4]},
            "fields": {
                "id": {"key": True},
                "code": {"pattern": "S%-&&", "unique": True},
                "name": {"constant": 'Käse & "Wein" \\ 東京 🍷\n'},
                "open": {"boolean": 0.7},
                "rating": {
                    "decimal": {"scale": 1, "normal": {"mean": 4, "deviation": 0.7}, "max": 5}
                },
                "since": {"date": {"from": "1999-12-31", "to": "as_of - 2y"}},
                "city": {"faker": {"provider": "city", "locale": "it_IT"}},
                "size": {"choice": ["S", "M", "L"]},
                "country_id": {"ref": "country.id"},
                "place": {"template": "{city} ({country_id.code})"},
                "sales": {"expression": "count(sale)"},
                "turnover": {"expression": "round(sum(sale.amount) / 3, 1)"},
                "newest": {"expression": "max(staff.hired)"},
            },
        },
        "staff": {
            "parent": "shop",
            "count": {"uniform": [1, 3]},
            "unique": [["desk", "shift"]],
            "fields": {
                "id": {"key": True},
                "boss": {"ref": "staff.id"},
                "hired": {"date": {"from": "shop.since", "to": "as_of"}},
                "years": {"expression": "years(hired, as_of)"},
                "desk": {"integer": {"min": 1, "max": 9_000_000}},
                "shift": {"choice": ["early", "late"]},
                "skills": {
                    "array": {"of": {"choice": ["till", 'say "hi"', "ö"], "null": 0.2}, "max": 4}
                },
                "home": {
                    "object": {
                        "street": {"faker": "street_name", "null": 0.4},
                        "door": {"object": {"floor": {"integer": {"min": -1, "max": 40}}}},
                    }
                },
            },
        },
        "customer": {
            "parent": "shop",
            "count": {"poisson": 9.5},
            "fields": {
                "id": {"key": True},
                "number": {"integer": {"min": 100_000, "max": 999_999_999}, "unique": True},
                "uid": {"uuid": True, "unique": True},
                "name": {"faker": "name"},
                "mail": {"template": "{name:slug}.{uid}@{shop.code:lower}.example", "unique": True},
                "card": {"pattern": "####-####-####-####-####", "null": 0.3},
                "balance": {"integer": {"normal": {"mean": 0, "deviation": 1e7}}},
                "huge": {"integer": {"min": -(2**63) + 1, "max": 2**63 - 1}},
                "visits": {"integer": {"exponential": {"mean": 30}, "min": 0}},
                "since": {"datetime": {"from": "shop.since", "to": "as_of"}},
                "contacted": {"date": {"from": "since", "to": "as_of"}, "null": 0.5},
                "note": {"text": {"min": 1, "max": 9}},
                "memo": {"text": {"min": 0, "max": 30, "of": "characters"}, "null": 0.1},
                "letter": {"text": {"min": 100, "max": 300}, "when": "visits > 90"},
                "wait": {"duration": {"min": "1s", "max": "1d", "median": "4m"}},
                "break": {"duration": {"min": "0s", "max": "1h 30m"}},
                "street": {"faker": "street_address"},
                "phrase": {"faker": {"provider": "catch_phrase", "locale": "en_US", "pool": 50}},
            },
        },
        "visit": {
            "parent": "customer",
            "when": "visits < 40 and balance >= 0",
            "count": {"uniform": [1, 3]},
            "fields": {
                "at": {
                    "datetime": {
                        "from": "customer.since",
                        "every": "3h",
                        "jitter": "50m",
                        "gaps": {"share": 0.2, "to": "2d"},
                    }
                },
                "warmth": {"expression": "18 + 4 * wave(at, '24h')"},
                "morning": {"expression": "hour(at) < 12"},
            },
        },
        "product": {
            "count": 40,
            "fields": {
                "id": {"key": True},
                "price": {"decimal": {"lognormal": {"median": 30, "sigma": 1.2}}},
                "weight": {"decimal": {"min": -5, "max": 99999.5, "scale": 6}},
                "tax": {"choice": {"values": [0, 0.07, 0.19], "weights": [1, 20, 79]}},
            },
        },
        "sale": {
            "parent": "customer",
            "count": {"uniform": [0, 5]},
            "fields": {
                "id": {"key": True},
                "line": {"sequence": {"start": 10, "step": 10}},
                "shop_id": {"ref": "shop.id"},
                "customer_id": {"ref": "customer.id"},
                "product_id": {"ref": {"to": "product.id", "distribution": "zipf"}},
                "gift_id": {"ref": {"to": "product.id"}, "null": 0.8},
                "sold": {"datetime": {"from": "customer.since", "to": "as_of"}},
                "paid": {"datetime": {"from": "sold + 5m", "to": "sold + 14d"}},
                "shipped": {"datetime": {"from": "sold", "to": "paid"}},
                "took": {"expression": "shipped - sold"},
                "noise": {"decimal": {"min": -1, "max": 1, "scale": 3}, "hidden": True},
                "amount": {"expression": "round(pieces * product_id.price * (1 + noise), 2)"},
                "balance": {"expression": "cumulative(amount)"},
                "gift": {"template": "{gift_id.price} {pieces}"},
                "speed": {
                    "expression": "'fast' if took <= '2d' else 'slow' if took < '7d' else 'late'"
                },
                "pieces": {"integer": {"min": 1, "max": 30, "zipf": {"exponent": 1.3}}},
            },
        },
    },
}
"""Every kind of field, and every way to write it that is compiled in its own way."""


@lru_cache(maxsize=1)
def retail() -> Dataset:
    """The example dataset."""
    return parse(load(RETAIL.read_bytes()))


@lru_cache(maxsize=1)
def every_kind() -> Dataset:
    """`EVERY_KIND`, parsed."""
    return parse(EVERY_KIND)


def document(count: Any = 100, /, **fields: Any) -> dict[str, Any]:
    """A document with one record type `row` of these fields."""
    records = {"row": {"count": count, "fields": fields}}
    return {"version": 1, "dataset": "test", "as_of": "2025-01-01", "records": records}


def rows_of(unit: Unit) -> dict[str, list[dict[str, Any]]]:
    """The lines of a unit by record type, read by the standard library's parser."""
    rows = defaultdict(list)
    for line in unit.documents[0].content.decode().splitlines():
        row = json.loads(line)
        rows[row.pop("type")].append(row)
    return rows


def column(count: Any = 100, /, *, units: int = 1, random_seed: int = 1, **spec: Any) -> list[Any]:
    """The values of one field, `spec`, in the first units of a dataset."""
    compiled = compile_dataset(parse(document(count, x=spec)), random_seed)
    return [row["x"] for unit in range(units) for row in rows_of(compiled.unit(unit))["row"]]
