"""Random datasets of all that the language has: what is accepted is kept, in every format."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeAlias

import pyarrow.parquet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker_image.generator import Dataset, Form, Format, compile_dataset, parse
from worker_image.tables import Column, ColumnType, Table

Spec: TypeAlias = dict[str, Any]
Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, list[Row]]

UNITS = (0, 1, 7)
PARENTS = {"city": "country", "customer": "shop", "order": "customer"}
CONDITIONS: dict[str, Callable[[Row], Any]] = {
    "n > 3": lambda row: row["n"] is not None and row["n"] > 3,
    "b and n <= 5": lambda row: row["n"] is not None and row["b"] and row["n"] <= 5,
    "is_null(n) or b": lambda row: row["n"] is None or row["b"],
    "coalesce(n, 9) in (2, 9)": lambda row: row["n"] in (None, 2, 9),
    "not b": lambda row: not row["b"],
    "id % 2 == 0 or c == 'x'": lambda row: row["id"] % 2 == 0 or row["c"] == "x",
    "1 > 2": lambda _: False,
}

PLAIN = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.one_of(
    st.text(PLAIN, max_size=8), st.text(st.sampled_from("\",\n\r\\'; \t{}äx"), max_size=8)
)
SHARE = st.sampled_from([0, 0.2, 0.6, 1])


def kind(name: str, *options: Any) -> st.SearchStrategy[Spec]:
    return st.one_of(
        [one if isinstance(one, st.SearchStrategy) else st.just(one) for one in options]
    ).map(lambda written: {name: written})


SCALARS: st.SearchStrategy[Spec] = st.one_of(
    kind("integer", {"min": -9, "max": 9}, {"normal": {"mean": 0, "deviation": 1e9}}),
    kind("decimal", {"min": -5, "max": 99_999, "scale": 3}, {"exponential": {"mean": 3}}),
    kind("boolean", 0.3),
    kind("constant", TEXTS, st.integers(-(2**63) + 1, 2**63 - 1), 0.25, False),
    kind("choice", st.lists(TEXTS, min_size=1, max_size=4), {"a": 1, 'b"': 9}, [1, 2], [0.5, 2]),
    kind("pattern", TEXTS.filter(bool), "#?&%-##"),
    kind("text", {"min": 0, "max": 3}, {"min": 0, "max": 9, "of": "characters"}),
    kind("uuid", True),
    kind("sequence", {"start": 7, "step": -2}),
    kind("duration", {"min": "0s", "max": "2d"}, {"min": "1s", "max": "9w", "median": "1h"}),
    kind("date", {"from": "1899-12-31", "to": "1900-03-02"}),
    kind("datetime", {"from": "-5y", "to": "as_of"}),
    kind("faker", "street_name"),
    kind("template", "{b} {c}", "{{{id}}}", "{n:upper},{c}"),
    kind("expression", "n * 2", "id % 7", "coalesce(n, 0) > 1", "'\"' if b else c"),
)


def nested(inner: st.SearchStrategy[Spec]) -> st.SearchStrategy[Spec]:
    member = st.builds(lambda spec, null: {**spec, "null": null}, inner, SHARE)
    sizes = st.sampled_from([(0, 1), (0, 3), (1, 1), (2, 3)])
    return st.one_of(
        st.dictionaries(TEXTS, member, min_size=1, max_size=3).map(lambda o: {"object": o}),
        st.builds(
            lambda of, size: {"array": {"of": of, "min": size[0], "max": size[1]}}, member, sizes
        ),
    )


LEAVES = st.one_of(SCALARS, st.recursive(SCALARS, nested, max_leaves=4))
COUNTS = st.one_of(st.integers(0, 4), st.sampled_from([{"poisson": 1.5}, {"uniform": [0, 3]}]))
SOME = st.one_of(st.integers(1, 5), st.just({"uniform": [1, 4]}))
KEYS = st.sampled_from([{"key": True}, {"key": {"start": 1}}, {"key": {"start": 50}}])
UNIQUE: list[Spec] = [
    {"uuid": True},
    {"pattern": "?&-#####"},
    {"template": "{id}/{c}"},
    {"integer": {"min": -(10**6), "max": 10**6}},
    {"decimal": {"min": 0, "max": 99_999}},
    {"datetime": {"from": "-1y", "to": "as_of"}},
    {"duration": {"min": "0s", "max": "90d"}},
    {"date": {"from": "1700-01-01", "to": "as_of"}},
    {"choice": list(range(8000))},
]


@st.composite
def basics(draw: st.DrawFn) -> Spec:
    """What every record type has, and conditions use."""
    made: Spec = {
        "id": draw(KEYS),
        "n": {"integer": {"min": 1, "max": 6}, "null": draw(SHARE)},
        "b": {"boolean": 0.5},
        "c": {"choice": ["x", "y", "z"]},
        "u": {**draw(st.sampled_from(UNIQUE)), "unique": True},
    }
    if "template" in made["u"]:  # of what always has the same length
        made["id"] = {"key": True}
    for number in range(draw(st.integers(0, 3))):
        made[f"x{number}"] = {
            **draw(LEAVES),
            **draw(st.sampled_from([{}, {"null": 0.5}, {"hidden": True}])),
        }
    if draw(st.booleans()):
        made["w"] = {**draw(LEAVES), "when": draw(st.sampled_from(sorted(CONDITIONS)))}
    return made


def ordered(draw: st.DrawFn, members: Spec) -> Spec:
    return {name: members[name] for name in draw(st.permutations(list(members)))}


@st.composite
def customers(draw: st.DrawFn) -> Spec:
    start = draw(st.sampled_from(["-5y", "2019-02-28T23:59:59", "-1d"]))
    fields = draw(basics()) | {
        "shop_id": {"ref": "shop.id"},
        "city_id": {"ref": "city.id", "null": draw(SHARE)},
        "since": {"datetime": {"from": start, "to": "as_of"}},
        "orders": {"expression": "count(order)"},
        "spent": {"expression": "sum(order.amount)"},
        "waited": {"expression": "sum(order.took)"},
        "lines": {"expression": "sum(order.n)"},
        "where": {"template": "{city_id.u}: {shop.c}"},
    }
    return {"parent": "shop", "count": draw(COUNTS), "fields": ordered(draw, fields)}


@st.composite
def orders(draw: st.DrawFn) -> Spec:
    way = draw(st.sampled_from(SERIES))
    fields = draw(basics()) | {
        "customer_id": {"ref": "customer.id"},
        "shop_id": {"ref": "shop.id", "hidden": draw(st.booleans())},
        "line": {"sequence": {}},
        "slot": {"integer": {"min": 1, "max": 60}},
        "at": {"datetime": {"from": "customer.since", **way}},
        "paid": {"datetime": {"from": "at + 5m", "to": "at + 2d"}, "null": draw(SHARE)},
        "day": {"date": {"from": "at", "to": "paid"}},
        "took": {"duration": {"min": "1s", "max": "9h"}},
        "late": {"expression": "paid - at"},
        "product_id": {"ref": {"to": "product.id", "distribution": draw(SPREADS)}},
        "gift_id": {"ref": "product.id", "null": draw(SHARE)},
        "up": {"ref": "order.id"},
        "up_slot": {"expression": "up.slot"},
        "amount": {"expression": "round(slot * product_id.price, 1)"},
        "balance": {"expression": "cumulative(amount)"},
        "gift": {"template": "{gift_id.price} of {product_id.c}"},
        "first": {"expression": "line == 1", "hidden": draw(st.booleans())},
    }
    unique = draw(
        st.sampled_from(
            [
                [["customer_id", "slot"]],
                [["line", "customer_id"], ["slot", "b", "customer_id"]],
                [["slot", "c", "product_id"]],
                [],
            ]
        )
    )
    if ["slot", "c", "product_id"] in unique:
        fields["product_id"] = {"ref": "product.id"}
        fields["slot"] = {"integer": {"min": 1, "max": 6000}}
    when = draw(st.sampled_from([None, *sorted(CONDITIONS)]))
    made = {"parent": "customer", "count": draw(COUNTS), "fields": ordered(draw, fields)}
    return {**made, "unique": unique, **({"when": when} if when else {})}


SERIES: list[Spec] = [
    {"every": "1h", "jitter": "59m 59s", "gaps": {"share": 0.4, "to": "3d"}},
    {"every": "1s"},
    {"every": "2d", "jitter": "1d"},
]
SPREADS = st.sampled_from(["uniform", "zipf"])


@st.composite
def datasets(draw: st.DrawFn) -> Spec:
    country = {"shared": True, "count": draw(SOME), "fields": draw(basics())}
    city_fields = draw(basics()) | {"country_id": {"ref": "country.id"}}
    city = {"shared": True, "parent": "country", "count": draw(SOME), "fields": city_fields}
    product = draw(basics()) | {"price": {"decimal": {"min": 0, "max": 99}}}
    records = {
        "country": country,
        "city": city,
        "shop": {"count": draw(SOME), "fields": draw(basics())},
        "customer": draw(customers()),
        "order": draw(orders()),
        "product": {"count": draw(SOME), "fields": ordered(draw, product)},
    }
    spec = {"version": 1, "dataset": "any", "as_of": "2025-11-01", "locale": "de_DE"}
    return {**spec, "records": ordered(draw, records)}


@settings(
    max_examples=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=True,
)
@given(datasets(), st.integers(0, 2**63))
def test_what_is_accepted_is_kept_in_every_format(spec: Spec, random_seed: int) -> None:
    dataset = parse(json.loads(json.dumps(spec)))
    forms = [compile_dataset(dataset, random_seed, Form(one)) for one in Format]
    units = []
    for unit in UNITS:
        ndjson, commas, parquet = (form.unit(unit).documents for form in forms)
        rows = lines(dataset, ndjson[0].content)
        units.append(rows)
        own = [
            table for table in dataset.tables if not (unit and spec_of(spec, table).get("shared"))
        ]
        for table, one, other in zip(own, commas, parquet, strict=True):
            assert (one.record, other.record) == (table.name, table.name)
            values = [[as_typed(row[c.name], c) for c in table.columns] for row in rows[table.name]]
            assert list(from_csv(table, one.content)) == values
            assert list(from_parquet(table, other.content)) == values
    shared = {name: units[0][name] for name in ("country", "city")}
    for rows in units:
        check_shapes(spec, dataset, rows)
        check_references(dataset, rows | shared)
        check_conditions(spec, rows)
        check_orders(rows | shared)
    check_unique(dataset, units)


def spec_of(spec: Spec, table: Table) -> Spec:
    found: Spec = spec["records"][table.name]
    return found


def lines(dataset: Dataset, content: bytes) -> Rows:
    rows: Rows = {table.name: [] for table in dataset.tables}
    for line in content.decode().split("\n")[:-1]:
        row = json.loads(line, parse_float=Decimal)
        rows[row.pop("type")].append(row)
    return rows


def as_typed(value: Any, column: Column) -> Any:
    """A value of JSON as its column has it."""
    match column.type:
        case _ if value is None:
            return None
        case ColumnType.DECIMAL:
            return Decimal(value)
        case ColumnType.DATE:
            return date.fromisoformat(value)
        case ColumnType.TIMESTAMP:
            return datetime.fromisoformat(value)
        case ColumnType.DURATION:
            return int(value[2:-1])
    return value


def from_csv(table: Table, content: bytes) -> Iterator[list[Any]]:
    text = content.decode()
    read = list(csv.reader(io.StringIO(text, newline=""), strict=True, lineterminator="\n"))
    names, *rows = cells(text)
    assert [[cell for cell, _ in row] for row in (names, *rows)] == read
    assert read[0] == [column.name for column in table.columns]
    for row in rows:
        values = zip(row, table.columns, strict=True)
        yield [from_cell(cell, quoted, column) for (cell, quoted), column in values]


def cells(text: str) -> Iterator[list[tuple[str, bool]]]:
    """CSV as RFC 4180 has it; each cell with whether it is in quotes, which null never is."""
    row: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        end, quoted = at, text[at] == '"'
        if quoted:
            end = text.index('"', at + 1)
            while text[end + 1] == '"':
                end = text.index('"', end + 2)
            row.append((text[at + 1 : end].replace('""', '"'), True))
            end += 1
        else:
            end = min(text.index(mark, at) for mark in ",\n" if mark in text[at:])
            row.append((text[at:end], False))
        if text[end] == "\n":
            yield row
            row = []
        else:
            assert text[end] == ","
        at = end + 1


def from_cell(cell: str, quoted: bool, column: Column) -> Any:
    if not cell and not quoted:
        return None
    match column.type:
        case ColumnType.INTEGER:
            return int(cell)
        case ColumnType.BOOLEAN:
            return {"true": True, "false": False}[cell]
        case ColumnType.JSON:
            return json.loads(cell, parse_float=Decimal)
    return as_typed(cell, column)


def from_parquet(table: Table, content: bytes) -> Iterator[list[Any]]:
    read = pyarrow.parquet.read_table(io.BytesIO(content))
    assert read.column_names == [column.name for column in table.columns]
    for row in read.to_pylist():
        yield [
            json.loads(value, parse_float=Decimal)
            if column.type is ColumnType.JSON and value is not None
            else value
            for value, column in zip(row.values(), table.columns, strict=True)
        ]


def check_shapes(spec: Spec, dataset: Dataset, rows: Rows) -> None:
    for table in dataset.tables:
        fields = spec_of(spec, table)["fields"]
        names = [name for name, field in fields.items() if not field.get("hidden")]
        assert [column.name for column in table.columns] == names
        for row in rows[table.name]:
            assert list(row) == names
            for column in table.columns:
                assert column.nullable or row[column.name] is not None
                if "object" in fields[column.name] and row[column.name] is not None:
                    assert list(row[column.name]) == list(fields[column.name]["object"])
                if "array" in fields[column.name] and row[column.name] is not None:
                    size = fields[column.name]["array"]
                    assert size["min"] <= len(row[column.name]) <= size["max"]


def check_references(dataset: Dataset, rows: Rows) -> None:
    for table in dataset.tables:
        for column in table.columns:
            if column.references:
                keys = {row[column.references.column] for row in rows[column.references.table]}
                assert {row[column.name] for row in rows[table.name]} <= keys | {None}


def check_conditions(spec: Spec, rows: Rows) -> None:
    for name, record in spec["records"].items():
        condition = record["fields"].get("w", {}).get("when")
        follows = json.dumps(record["fields"].get("w"))
        for row in rows[name] if condition else []:
            if not CONDITIONS[condition](row):
                assert row["w"] is None
            elif "{n:upper}" not in follows and "n * 2" not in follows:
                assert row["w"] is not None
    condition = spec["records"]["order"].get("when")
    owners = {row["customer_id"] for row in rows["order"]}
    fixed = spec["records"]["order"]["count"]
    for row in rows["customer"] if condition else []:
        assert CONDITIONS[condition](row) or row["id"] not in owners
        if isinstance(fixed, int) and CONDITIONS[condition](row):
            assert row["orders"] == fixed


def check_orders(rows: Rows) -> None:
    products = {row["id"]: row for row in rows["product"]}
    slots: dict[int, int] = {}
    of_customer = defaultdict(list)
    for row in rows["order"]:
        product, gift = products[row["product_id"]], products.get(row["gift_id"])
        exact = row["slot"] * product["price"]
        assert row["amount"] == exact.quantize(Decimal("0.1"), "ROUND_HALF_UP")
        assert row["gift"] == (f"{gift['price']} of {product['c']}" if gift else None)
        assert row["up_slot"] == slots.get(row["up"])
        assert (row["up"] is None) == (not slots)
        slots[row["id"]] = row["slot"]
        check_times(row)
        of_customer[row["customer_id"]].append(row)
    cities = {row["id"]: row for row in rows["city"]}
    shops = {row["id"]: row for row in rows["shop"]}
    for row in rows["customer"]:
        check_customer(row, of_customer[row["id"]])
        city = cities.get(row["city_id"])
        shop = shops[row["shop_id"]]["c"]
        assert row["where"] == (f"{city['u']}: {shop}" if city else None)


def check_times(row: Row) -> None:
    assert (row["late"] is None) == (row["day"] is None) == (row["paid"] is None)
    if row["paid"] is not None:
        at, paid = datetime.fromisoformat(row["at"]), datetime.fromisoformat(row["paid"])
        assert 5 * 60 <= (paid - at).total_seconds() <= 2 * 86_400
        assert row["late"] == f"PT{int((paid - at).total_seconds())}S"
        assert row["at"][:10] <= row["day"] <= row["paid"][:10]


def check_customer(row: Row, orders: list[Row]) -> None:
    assert row["orders"] == len(orders)
    assert row["spent"] == sum(order["amount"] for order in orders)
    assert row["waited"] == f"PT{sum(int(order['took'][2:-1]) for order in orders)}S"
    assert row["lines"] == sum(order["n"] or 0 for order in orders)
    balance = Decimal(0)
    for line, order in enumerate(orders, start=1):
        balance += order["amount"]
        assert (order["line"], order["balance"]) == (line, balance)
        assert order.get("first", line == 1) == (line == 1)
        assert order["at"] >= row["since"]
    assert all(one["at"] < other["at"] for one, other in pairwise(orders))


def check_unique(dataset: Dataset, units: list[Rows]) -> None:
    for table in dataset.tables:
        rows = [row for unit in units for row in unit[table.name]]
        for column in table.columns:
            if column.unique:
                assert_different(row[column.name] for row in rows)
        for names in table.unique:
            assert_different(tuple(row[name] for name in names) for row in rows)


def assert_different(values: Iterable[Any]) -> None:
    there = [value for value in values if value is not None]
    assert len(set(there)) == len(there)
