"""What each kind of field promises beyond its distribution."""

import re
import uuid
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest
from support.generator import EVERY_KIND, column, document, every_kind, retail, rows_of

from worker_image.generator import SpecError, compile_dataset, parse
from worker_image.tables import Column, ColumnType, Reference

Rows = dict[str, list[dict[str, Any]]]


def one_unit(spec: dict[str, Any], unit: int = 0) -> Rows:
    return rows_of(compile_dataset(parse(spec), 1).unit(unit))


@pytest.fixture(scope="module")
def every() -> list[Rows]:
    compiled = compile_dataset(every_kind(), 1)
    return [rows_of(compiled.unit(unit)) for unit in range(5)]


def test_keys_number_the_run() -> None:
    compiled = compile_dataset(parse(document(3, id={"key": True})), 1)
    assert [row["id"] for row in rows_of(compiled.unit(0))["row"]] == [10**11 + n for n in range(3)]
    last = rows_of(compiled.unit(8_999_999))["row"][-1]["id"]
    assert last == 10**11 + 8_999_999 * 100_000 + 2 < 2**53


def test_keys_grow_a_digit_for_very_large_units() -> None:
    values = [row["id"] for row in one_unit(document(150_000, id={"key": True}), 7)["row"]]
    assert values == list(range(1_000_007_000_000, 1_000_007_150_000))


@pytest.mark.parametrize(
    ("least", "most"),
    [(0, 9), (-5, 20_000), (9_990, 40_000), (10**15, 10**15 + 10**6), (-(2**63) + 1, 2**63 - 1)],
)
def test_integers_are_spelt_as_python_does(least: int, most: int) -> None:
    unit = compile_dataset(parse(document(3000, x={"integer": {"min": least, "max": most}})), 1)
    texts = re.findall(r'"x":(\S+)}', unit.unit(0).documents[0].content.decode())
    assert all(str(int(text)) == text and least <= int(text) <= most for text in texts)
    assert len(texts) == 3000


@pytest.mark.parametrize("scale", range(7))
@pytest.mark.parametrize(("least", "most"), [(-0.5, 0.5), (-150, 40_000), (99_999, 10_000_001)])
def test_decimals_have_all_their_digits(least: float, most: float, scale: int) -> None:
    spec = {"decimal": {"min": least, "max": most, "scale": scale}}
    data = compile_dataset(parse(document(1000, x=spec)), 1).unit(0).documents[0].content.decode()
    shape = r"-?(0|[1-9]\d*)" + (rf"\.\d{{{scale}}}" if scale else "")
    texts = re.findall(r'"x":(\S+)}', data)
    assert len(texts) == 1000
    assert all(re.fullmatch(shape, text) for text in texts)
    assert all(Decimal(str(least)) <= Decimal(text) <= Decimal(str(most)) for text in texts)


def test_decimals_stay_in_a_range_finer_than_their_scale() -> None:
    assert set(column(decimal={"min": 0.005, "max": 0.0199, "scale": 2})) == {0.01}


def test_choices_and_constants_keep_their_types() -> None:
    assert set(column(choice=[1, 2])) == {1, 2}
    assert set(column(choice=[True, False])) == {True, False}
    assert set(column(choice={"1": 1, "true": 1})) == {"1", "true"}
    assert set(column(choice={"values": [0, 0.05, -1.5]})) == {0, 0.05, -1.5}
    assert set(column(constant=-0.25)) == {-0.25}
    assert set(column(constant=False)) == {False}


@pytest.mark.parametrize(
    "text", ["", 'a "b" \\ {c} \t\n\x01', "東京 🍷 \u2028", "NULL", "\\u0000", "x" * 3000, "'"]
)
def test_any_text_comes_back(text: str) -> None:
    assert set(column(20, constant=text, null=0.4)) == {text, None}
    assert set(column(20, choice=[text, "other"])) == {text, "other"}


def test_patterns_have_their_shape() -> None:
    values = column(2000, pattern=r"\#%#-??&&\\ äö ####")
    assert all(re.fullmatch(r"#[1-9]\d-[A-Z]{2}[a-z]{2}\\ äö \d{4}", value) for value in values)
    assert len(set(values)) == 2000


def test_unique_patterns_use_up_all_values() -> None:
    values = column(25, pattern="&%", unique=True, units=9)
    assert len(set(values)) == 225 < 26 * 9


@pytest.mark.parametrize(
    "spec",
    [
        {"pattern": "??-####"},
        {"pattern": "#########################"},
        {"integer": {"min": -10, "max": 10**6}},
        {"integer": {"min": -(2**63) + 1, "max": 2**63 - 1}},
        {"uuid": True},
    ],
)
def test_unique_is_unique_over_the_run(spec: dict[str, Any]) -> None:
    values = column(20_000, **spec, unique=True, units=10)
    assert len(set(values)) == 200_000
    assert values != sorted(values)


def test_uuids_are_valid() -> None:
    parsed = [uuid.UUID(value) for value in column(100, uuid=True)]
    assert {(value.version, value.variant) for value in parsed} == {(8, uuid.RFC_4122)}


def test_templates_join_fields_of_row_and_ancestors(every: list[Rows]) -> None:
    rows = every[0]
    shops = {row["customer_id"]: row["shop_id"] for row in rows["sale"]}
    codes = {row["id"]: row["code"] for row in rows["shop"]}
    for row in rows["customer"]:
        assert re.fullmatch(rf"[a-z0-9]+\.{row['uid']}@s\d-[a-z][a-z]\.example", row["mail"])
        if row["id"] in shops:
            assert row["mail"].split("@")[1] == f"{codes[shops[row['id']]].lower()}.example"


def test_template_changes_and_braces() -> None:
    spec = document(
        name={"constant": "Zoë O'Brien-Łuczak"},
        n={"integer": {"min": -12345, "max": 12345}},
        x={"template": "{{{name:upper}}} {name:slug} {name:lower} {n}"},
    )
    for row in one_unit(spec)["row"]:
        assert row["x"] == f"{{ZOË O'BRIEN-ŁUCZAK}} zoeobrienuczak zoë o'brien-łuczak {row['n']}"


def test_sequences_count_within_the_parent(every: list[Rows]) -> None:
    sales = every[3]["sale"]
    lines = [
        [row["line"] for row in rows] for _, rows in groupby(sales, lambda row: row["customer_id"])
    ]
    assert lines == [[10 * n for n in range(1, len(rows) + 1)] for rows in lines]
    assert max(map(len, lines)) == 5


def test_sequences_count_the_unit_without_a_parent() -> None:
    assert column(4, sequence={"start": 5, "step": -2}) == [5, 3, 1, -1]


def test_times_follow_each_other(every: list[Rows]) -> None:
    for rows in every:
        customers = {row["id"]: row for row in rows["customer"]}
        shops = {row["id"]: row for row in rows["shop"]}
        for sale in rows["sale"]:
            customer = customers[sale["customer_id"]]
            times = [customer["since"], sale["sold"], sale["shipped"], sale["paid"]]
            assert times == sorted(times)
            assert sale["sold"] < sale["paid"]
            assert shops[sale["shop_id"]]["since"] <= customer["since"]
            assert (customer["contacted"] or "9") >= customer["since"][:10]


@pytest.mark.parametrize(
    ("start", "end", "value"),
    [
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
        ("2024-03-01T01:00:00+02:00", "2024-02-29T23:00:00", "2024-02-29T23:00:00Z"),
        ("as_of", "as_of", "2025-01-01T00:00:00Z"),
        ("-10mo", "as_of - 10mo", "2024-03-01T00:00:00Z"),
        ("+2w", "as_of + 14d", "2025-01-15T00:00:00Z"),
        ("- 90s", "-90s", "2024-12-31T23:58:30Z"),
        ("0001-01-01", "0001-01-01", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59", "9999-12-31T23:59:59", "9999-12-31T23:59:59Z"),
    ],
)
def test_moments_as_they_are_written(start: str, end: str, value: str) -> None:
    assert set(column(3, datetime={"from": start, "to": end})) == {value}


def test_months_end_where_they_must() -> None:
    spec = document(1, x={"date": {"from": "-1mo", "to": "-1mo"}})
    assert one_unit({**spec, "as_of": "2024-03-31"})["row"] == [{"x": "2024-02-29"}]


def test_text_has_as_many_words_as_asked() -> None:
    lengths = {len(text.split()) for text in column(500, text={"min": 3, "max": 6})}
    assert lengths == {3, 4, 5, 6}


def test_references_reach_ancestors_and_earlier_types(every: list[Rows]) -> None:
    rows = every[2]
    keys = {name: {row.get("id") for row in rows[name]} for name in rows}
    assert {row["product_id"] for row in rows["sale"]} <= keys["product"]
    assert {row["customer_id"] for row in rows["sale"]} <= keys["customer"]
    assert {row["shop_id"] for row in rows["sale"]} <= keys["shop"]
    assert {row["gift_id"] for row in rows["sale"]} <= keys["product"] | {None}


def test_no_rows_are_no_lines() -> None:
    unit = compile_dataset(parse(document(0, x={"sequence": {}}, y={"faker": "name"})), 1).unit(0)
    assert (unit.records, unit.documents[0].content) == ({"row": 0}, b"")


def test_tables_say_what_a_sink_needs() -> None:
    tables = {table.name: table for table in every_kind().tables}
    assert list(tables) == ["country", "shop", "staff", "customer", "visit", "product", "sale"]
    customer = {column.name: column for column in tables["customer"].columns}
    assert list(customer) == list(EVERY_KIND["records"]["customer"]["fields"])
    assert (customer["id"].key, customer["id"].unique, customer["id"].nullable) == (
        True,
        True,
        False,
    )
    assert (customer["mail"].type, customer["mail"].unique) == (ColumnType.TEXT, True)
    assert customer["card"].nullable
    product = {column.name: column for column in tables["product"].columns}
    assert product["weight"] == Column("weight", ColumnType.DECIMAL, precision=11, scale=6)
    assert product["tax"] == Column("tax", ColumnType.DECIMAL, precision=3, scale=2)
    sale = {column.name: column for column in tables["sale"].columns}
    assert sale["gift_id"].references == Reference("product", "id")


def test_retail_is_as_large_as_it_says() -> None:
    compiled = compile_dataset(retail(), 1)
    units = [compiled.unit(unit).records for unit in range(20)]
    assert {unit["customer"] for unit in units} == {106}
    assert 3400 < sum(sum(unit.values()) for unit in units) / 20 < 3600
    assert retail().max_units == 9_000_000


def test_a_reference_to_an_ancestors_type_may_lead_to_another_row() -> None:
    spec = document(30, id={"key": True})
    other = {"ref": {"to": "row.id", "distribution": "uniform"}}
    fields = {"own": {"ref": "row.id"}, "other": other}
    spec["records"]["child"] = {"parent": "row", "count": 20, "fields": fields}
    rows = one_unit(spec)
    assert {row["other"] for row in rows["child"]} == {row["id"] for row in rows["row"]}
    assert sum(row["own"] == row["other"] for row in rows["child"]) < 60


def test_the_last_of_a_series_is_no_later_than_it_can_be() -> None:
    spec = document(
        2,
        t={"datetime": {"from": "-2d", "every": "1d"}},
        x={"datetime": {"from": "t", "to": "as_of - 1d"}},
    )
    assert [row["t"] for row in one_unit(spec)["row"]] == [
        "2024-12-30T00:00:00Z",
        "2024-12-31T00:00:00Z",
    ]


def test_a_span_may_end_where_an_expression_says() -> None:
    spec = document(
        50,
        begun={"datetime": {"from": "-9d", "to": "-5d"}},
        stay={"duration": {"min": "1h", "max": "3d"}},
        ended={"expression": "begun + stay"},
        n={"integer": {"min": 2, "max": 4}},
        check={"datetime": {"from": "begun + 1h", "to": "ended"}},
        late={"expression": "ended + '1d' * n"},
        copy={"expression": "late"},
        after={"datetime": {"from": "ended", "to": "copy"}},
    )
    for row in one_unit(spec)["row"]:
        assert row["begun"] < row["check"] <= row["ended"] <= row["after"] <= row["late"]


def test_a_condition_may_ask_for_null() -> None:
    spec = document(200, y={"boolean": 0.5, "null": 0.5}, x={"expression": "is_null(y)"})
    for row in one_unit(spec)["row"]:
        assert row["x"] == (row["y"] is None)


def test_a_field_named_like_a_word_of_the_syntax_is_told_so() -> None:
    spec = document(3, x={"expression": "class == 'a'"})
    spec["records"]["row"]["fields"]["class"] = {"choice": ["a", "b"]}
    with pytest.raises(SpecError, match="class is a word of the syntax"):
        parse(spec)


def test_texts_of_any_length_are_cut_in_bounded_memory() -> None:
    texts = column(40, text={"min": 1, "max": 60_000, "of": "characters"})
    assert all(1 <= len(text) <= 60_000 for text in texts)
    assert max(map(len, texts)) > 40_000
    words = column(5, text={"min": 9_000, "max": 10_000})
    assert all(9_000 <= len(text.split()) <= 10_000 for text in words)


def test_a_list_may_be_long() -> None:
    known = [f"v{number}" for number in range(100_000)]
    assert set(column(choice=known)) < set(known)
