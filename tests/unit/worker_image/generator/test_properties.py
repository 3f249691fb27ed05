"""Random datasets: whatever is accepted is kept."""

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker_image.generator import Dataset, compile_dataset, parse
from worker_image.tables import ColumnType, Table

UNITS = (0, 1, 7)
Spec = dict[str, Any]
Rows = dict[str, list[dict[str, Any]]]

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NULLS = st.sampled_from([0, 0, 0.1, 0.9, 1])
INTEGERS = st.integers(-(2**63) + 1, 2**63 - 1)
PYTHON: dict[ColumnType, Any] = {
    ColumnType.INTEGER: int,
    ColumnType.DECIMAL: (int, float),
    ColumnType.BOOLEAN: bool,
    ColumnType.TEXT: str,
    ColumnType.UUID: str,
    ColumnType.DATE: str,
    ColumnType.TIMESTAMP: str,
}


def ranges(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Spec]:
    pairs = st.tuples(numbers, numbers).map(sorted)
    return pairs.map(lambda pair: {"min": pair[0], "max": pair[1]})


SIZES = st.floats(0.5, 1e6)
CURVES: st.SearchStrategy[Spec] = st.one_of(
    st.fixed_dictionaries({"mean": st.floats(-1e6, 1e6), "deviation": SIZES}).map(
        lambda options: {"normal": options}
    ),
    st.fixed_dictionaries({"median": SIZES, "sigma": st.floats(0.1, 2)}).map(
        lambda options: {"lognormal": options}
    ),
    st.fixed_dictionaries({"mean": SIZES}).map(lambda options: {"exponential": options}),
)


def kind(name: str, *options: st.SearchStrategy[Any]) -> st.SearchStrategy[Spec]:
    return st.one_of(*options).map(lambda written: {name: written})


def scaled(options: st.SearchStrategy[Spec]) -> st.SearchStrategy[Spec]:
    return st.builds(lambda written, scale: {**written, "scale": scale}, options, st.integers(0, 4))


WEIGHTS = st.dictionaries(TEXTS, st.floats(0.01, 100), min_size=1, max_size=5)
LEAVES: st.SearchStrategy[Spec] = st.one_of(
    kind("integer", ranges(INTEGERS), CURVES),
    kind("decimal", scaled(ranges(st.integers(-(10**6), 10**6))), scaled(CURVES)),
    kind("boolean", st.floats(0, 1)),
    kind("constant", TEXTS, INTEGERS, st.booleans()),
    kind("choice", st.lists(TEXTS, min_size=1, max_size=5), WEIGHTS),
    kind("pattern", TEXTS.filter(bool)),
    kind("text", ranges(st.integers(1, 8))),
    kind("uuid", st.just(True)),
    kind("sequence", st.just({"step": 3})),
    kind("faker", st.just("name")),
)
UNIQUE_KINDS: list[Spec] = [
    {"uuid": True},
    {"pattern": "??-######"},
    {"integer": {"min": -5, "max": 10**7}},
    {"template": "{id}/{own}"},
    {"template": "{own:slug}-{id}"},
]
UNIQUE = st.sampled_from(UNIQUE_KINDS).map(lambda spec: {**spec, "unique": True})


@st.composite
def fields(draw: st.DrawFn, parent: str | None, earlier: Iterable[str]) -> Spec:
    made: Spec = {"id": {"key": True}, "own": draw(LEAVES)}
    start = (
        f"{parent}.ts" if parent else draw(st.sampled_from(["-5y", "2019-02-28T23:59:59", "-1d"]))
    )
    made["ts"] = {"datetime": {"from": start, "to": "as_of"}}
    made["later"] = {"datetime": {"from": f"ts + {draw(st.integers(0, 90))}m", "to": "ts + 2h"}}
    made["day"] = {"date": {"from": "ts", "to": draw(st.sampled_from(["as_of", "later"]))}}
    for number in range(draw(st.integers(0, 3))):
        made[f"x{number}"] = {**draw(LEAVES), "null": draw(NULLS)}
    made["u"] = draw(UNIQUE)
    if parent:
        made["up"] = {"ref": f"{parent}.id"}
        made["label"] = {"template": f"{{{parent}.u}} {{own}}"}
    for other in earlier:
        spread = draw(st.sampled_from(["uniform", "zipf"]))
        made[f"to_{other}"] = {
            "ref": {"to": f"{other}.id", "distribution": spread},
            "null": draw(NULLS),
        }
    order = draw(st.permutations(list(made)))
    return {name: made[name] for name in order}


@st.composite
def documents(draw: st.DrawFn) -> Spec:
    few = st.one_of(st.integers(0, 9), st.just({"poisson": 2.5}), st.just({"uniform": [0, 3]}))
    line, order = fields("order", ["shop"]), fields("customer", ["shop"])
    records = {
        "line": {"parent": "order", "count": draw(few), "fields": draw(line)},
        "order": {"parent": "customer", "count": draw(few), "fields": draw(order)},
        "customer": {"count": draw(few), "fields": draw(fields(None, []))},
        "shop": {"count": draw(st.integers(1, 9)), "fields": draw(fields(None, []))},
    }
    return {"version": 1, "dataset": "any", "as_of": "2025-11-01", "records": records}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(documents(), st.integers(0, 2**63))
def test_what_is_accepted_is_kept(document: Spec, random_seed: int) -> None:
    dataset = parse(json.loads(json.dumps(document)))
    compiled = compile_dataset(dataset, random_seed)
    units = []
    for number in UNITS:
        unit = compiled.unit(number)
        rows: Rows = {table.name: [] for table in dataset.tables}
        for line in unit.documents[0].content.decode().splitlines():
            row = json.loads(line)
            rows[row.pop("type")].append(row)
        assert {name: len(found) for name, found in rows.items()} == unit.records
        units.append(rows)
        assert_sound(dataset, rows)
    assert_unique(dataset, units)


def assert_sound(dataset: Dataset, rows: Rows) -> None:
    for table in dataset.tables:
        for column in table.columns:
            values = [row[column.name] for row in rows[table.name]]
            assert column.nullable or None not in values
            there = [value for value in values if value is not None]
            assert all(isinstance(value, PYTHON[column.type]) for value in there)
            if column.references:
                keys = {row[column.references.column] for row in rows[column.references.table]}
                assert set(there) <= keys
        assert_shaped(table, rows[table.name])
    assert_times(rows)


def assert_shaped(table: Table, rows: list[dict[str, Any]]) -> None:
    names = [column.name for column in table.columns]
    assert all(list(row) == names for row in rows)
    assert len({column.key for column in table.columns}) == 2


def assert_times(rows: Rows) -> None:
    parents = {"order": "customer", "line": "order"}
    for name, found in rows.items():
        above = {row["id"]: row for row in rows[parents[name]]} if name in parents else {}
        for row in found:
            assert row["ts"] <= row["later"]
            assert row["ts"][:10] <= row["day"] <= "2025-11-01" or row["day"] <= row["later"][:10]
            if above:
                parent = above[row["up"]]
                assert parent["ts"] <= row["ts"] <= "2025-11-01T00:00:00Z"
                assert row["label"].startswith(f"{parent['u']} ")


def assert_unique(dataset: Dataset, units: list[Rows]) -> None:
    for table in dataset.tables:
        for column in table.columns:
            if column.unique:
                values = [row[column.name] for rows in units for row in rows[table.name]]
                assert len(set(values)) == len(values)
