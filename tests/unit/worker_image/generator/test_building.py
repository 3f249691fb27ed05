"""How record types hang together: paths, combinations, shared records, and what takes long."""

import json
import time
from collections.abc import Iterable
from typing import Any

import pytest
from support.generator import document, rows_of

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
