"""How record types hang together: paths, combinations, shared records, and what takes long."""

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from support.generator import document, every_kind, rows_of

from worker_image.generator import SpecError, compile_dataset, parse

KEY: dict[str, Any] = {"id": {"key": True}}


def dataset(**records: Any) -> dict[str, Any]:
    """A document of these record types, of 4 rows each unless they say otherwise."""
    return {**document(), "records": {name: {"count": 4, **spec} for name, spec in records.items()}}


def units(spec: dict[str, Any], numbers: Iterable[int] = range(3)) -> list[Any]:
    compiled = compile_dataset(parse(json.loads(json.dumps(spec))), 1)
    return [rows_of(compiled.unit(number)) for number in numbers]


def problems(spec: object) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        parse(spec)
    return [(problem.path, problem.reason) for problem in caught.value.problems]


def test_combinations_with_a_record_type_that_is_written_later() -> None:
    sale = {
        "unique": [["size", "product_id"]],
        "fields": {"size": {"choice": ["S", "L"]}, "product_id": {"ref": "product.id"}},
    }
    for rows in units(dataset(sale=sale, product={"fields": KEY})):
        assert len({tuple(row.values()) for row in rows["sale"]}) == 4


def test_a_sequence_makes_a_combination_unique_under_its_parent_alone() -> None:
    fields = {"n": {"sequence": {}}, "c": {"integer": {"min": 1, "max": 12}}}
    spec = dataset(row={"unique": [["n", "c"]], "fields": fields})
    assert parse(spec).max_units == 3
    pairs = [tuple(row.values()) for rows in units(spec) for row in rows["row"]]
    assert len(set(pairs)) == 12


@pytest.mark.parametrize("second", [{"integer": {"min": 1, "max": 24}}, {"sequence": {}}])
def test_rows_of_a_shared_parent_are_in_every_unit(second: Any) -> None:
    country = {"shared": True, "count": 2, "fields": KEY}
    city = {
        "parent": "country",
        "unique": [["country_id", "n"]],
        "fields": {"country_id": {"ref": "country.id"}, "n": second},
    }
    spec = dataset(country=country, city=city)
    if "sequence" in second:
        ((path, reason),) = problems(spec)
        assert path == "records.city.unique"
        assert "such as can be counted" in reason
    else:
        pairs = [tuple(row.values()) for rows in units(spec) for row in rows["city"]]
        assert len(set(pairs)) == len(pairs) == 24


def test_what_the_other_rows_times_are_after_says_nothing_of_this_row() -> None:
    fields = {
        **KEY,
        "begun": {"datetime": {"from": "-1y", "to": "as_of"}},
        "ended": {"datetime": {"from": "begun", "to": "as_of"}},
        "boss_id": {"ref": "row.id"},
        "copy": {"expression": "boss_id.ended"},
    }
    for to in ("boss_id.ended", "copy"):
        late = {"late": {"datetime": {"from": "begun", "to": to}}}
        assert problems(document(**fields, **late)) == [
            ("records.row.fields.late.datetime", "from must never be later than to")
        ]
    own = {"late": {"datetime": {"from": "boss_id.ended", "to": "boss_id.ended + 1h"}}}
    (rows,) = units(document(**fields, **own), [0])
    ended = {row["id"]: row["ended"] for row in rows["row"]}
    for row in rows["row"][1:]:
        assert row["copy"] == ended[row["boss_id"]] <= row["late"]


@pytest.mark.parametrize("path", ["nonsense.product_id.price", "product_id.product_id.price"])
def test_each_step_of_a_path_must_be_there(path: str) -> None:
    product = {"fields": {**KEY, "price": {"integer": {"min": 1, "max": 9}}}}
    fields = {"product_id": {"ref": "product.id"}, "x": {"template": f"{{{path}}}"}}
    ((where, reason),) = problems(dataset(product=product, sale={"fields": fields}))
    assert where == "records.sale.fields.x.template"
    assert reason == "allowed: product_id, x"


def test_a_dataset_must_not_be_shared_as_a_whole() -> None:
    shared = {"shared": True, "fields": KEY}
    assert problems(dataset(a=shared, b=shared)) == [
        ("records", "one record type at least must not be shared: what units after the first have")
    ]


def test_a_key_says_which_option_it_cannot_have() -> None:
    ((path, _),) = problems(document(x={"key": True, "when": "2 > 1"}))
    assert path == "records.row.fields.x.when"


def test_many_references_take_no_time() -> None:
    records = {
        f"r{n}": {"fields": {**KEY, **{f"f{m}": {"ref": f"r{m}.id"} for m in range(n)}}}
        for n in range(50)
    }
    begun = time.process_time()
    parse(dataset(**records))
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        (["c", "c"], "a field is in a combination once"),
        (["c", "w"], "did you mean|allowed: c, h, m, n, v"),
        (["c", "h"], "hidden or may be null"),
        (["c", "n"], "hidden or may be null"),
        (["c", "m"], "hidden or may be null"),
        (["c"], "3 values are possible, 4 may be needed"),
        (["v"], "such as can be counted"),
    ],
)
def test_refuses_combinations(group: list[str], reason: str) -> None:
    fields = {
        "c": {"choice": [1, 2, 3]},
        "v": {"boolean": 0.5},
        "h": {"integer": {"min": 1, "max": 9}, "hidden": True},
        "n": {"integer": {"min": 1, "max": 9}, "null": 0.1},
        "m": {"integer": {"min": 1, "max": 9}, "when": "v"},
    }
    ((path, found),) = problems(dataset(row={"unique": [group], "fields": fields}))
    assert path == "records.row.unique"
    assert any(part in found for part in reason.split("|"))


def test_totals_over_all_that_belongs_to_a_row() -> None:
    for rows in rows_of_every_kind():
        customers = {row["id"]: row for row in rows["customer"]}
        for shop in rows["shop"]:
            sales = [sale for sale in rows["sale"] if sale["shop_id"] == shop["id"]]
            total = sum((sale["amount"] for sale in sales), Decimal(0))
            assert shop["sales"] == len(sales)
            assert shop["turnover"] == (total / 3).quantize(Decimal("0.1"), "ROUND_HALF_UP")
        spent: dict[int, Decimal] = defaultdict(Decimal)
        for sale in rows["sale"]:
            spent[sale["customer_id"]] += sale["amount"]
            assert sale["balance"] == spent[sale["customer_id"]]
            assert sale["customer_id"] in customers


def rows_of_every_kind() -> Iterator[dict[str, list[dict[str, Any]]]]:
    compiled = compile_dataset(every_kind(), 4)
    for unit in range(3):
        rows = defaultdict(list)
        for line in compiled.unit(unit).documents[0].content.decode().splitlines():
            row = json.loads(line, parse_float=Decimal)
            rows[row.pop("type")].append(row)
        yield rows


def test_the_least_and_the_largest_of_children_and_grandchildren() -> None:
    day = {"date": {"from": "2020-01-01", "to": "2020-12-31"}}
    leaf = {
        "parent": "b",
        "count": {"uniform": [1, 3]},
        "fields": {**KEY, "v": day, "b_id": {"ref": "b.id"}, "a_id": {"ref": "a.id"}},
    }
    spec = dataset(
        a={
            "fields": {**KEY, "low": {"expression": "min(c.v)"}, "high": {"expression": "max(c.v)"}}
        },
        b={"parent": "a", "count": 2, "fields": {**KEY, "high": {"expression": "max(c.v)"}}},
        c=leaf,
    )
    for rows in units(spec):
        for above in rows["a"]:
            values = [row["v"] for row in rows["c"] if row["a_id"] == above["id"]]
            assert (above["low"], above["high"]) == (min(values), max(values))
        for above in rows["b"]:
            assert above["high"] == max(r["v"] for r in rows["c"] if r["b_id"] == above["id"])


def test_totals_of_no_rows() -> None:
    fields = {**KEY, "n": {"expression": "count(b)"}, "s": {"expression": "sum(b.v)"}}
    none = {"parent": "a", "count": 0, "fields": {"v": {"decimal": {"min": 1, "max": 2}}}}
    (rows,) = units(dataset(a={"fields": fields}, b=none), [0])
    assert [(row["n"], row["s"]) for row in rows["a"]] == [(0, 0)] * 4
    never = {**none, "count": 3, "when": "id < 0"}
    (rows,) = units(dataset(a={"fields": KEY}, b=never), [0])
    assert not rows["b"]
    empty = {"count": 0, "fields": {**KEY, "m": {"expression": "max(b.v)"}}}
    (rows,) = units(dataset(a=empty, b={**none, "count": 3}, c={"fields": KEY}), [0])
    assert list(rows) == ["c"]
