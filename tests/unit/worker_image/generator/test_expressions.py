"""Expressions: what each function and operator gives, and what is no expression."""

import json
import re
import time
from decimal import Decimal
from typing import Any

import pytest
from support.generator import document, rows_of

from worker_image.generator import SpecError, compile_dataset, parse

FIELDS: dict[str, Any] = {
    "x": {"integer": {"min": -9, "max": 9}},
    "b": {"boolean": 0.5},
    "c": {"choice": ["a", "b", "ä"]},
}


def values(expression: str, count: int = 20, **fields: Any) -> list[tuple[dict[str, Any], Any]]:
    """Rows of `FIELDS` and `fields`, each with what an expression gives there."""
    spec = document(count, **{**FIELDS, **fields}, y={"expression": expression})
    rows = rows_of(compile_dataset(parse(spec), 3).unit(0))["row"]
    return [(row, row.pop("y")) for row in rows]


def nested(inner: str, outer: str, levels: int) -> str:
    for _ in range(levels):
        inner = outer.format(inner)
    return inner


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        (f"x in ({','.join(map(str, range(300)))})", lambda row: row["x"] >= 0),
        ("c in (" + "'b', 'a', " * 190 + "'b')", lambda row: row["c"] in "ab"),
        (f"{'x<=' * 600}x", lambda row: row is not None),
        (f"least({','.join(['x', '3'] * 400)})", lambda row: min(row["x"], 3)),
        (" and ".join(["b"] * 270), lambda row: row["b"]),
        (" or ".join(["b"] * 300), lambda row: row["b"]),
    ],
)
def test_lists_may_be_long(expression: str, meant: Any) -> None:
    for row, value in values(expression):
        assert value == meant(row)


@pytest.mark.parametrize("outer", ["({}) in (b, b)", "b == ({}) == b", "b if ({}) == b else b"])
def test_what_is_used_twice_is_worked_out_once(outer: str) -> None:
    begun = time.process_time()
    assert len(values(nested("b", outer, 40))) == 20
    assert time.process_time() - begun < 5


OPTIONAL: dict[str, Any] = {
    "n": {"integer": {"min": 1, "max": 5}, "null": 0.5},
    "m": {"integer": {"min": 11, "max": 15}, "null": 0.5},
}


def test_coalesce_is_null_where_all_is() -> None:
    found = values("coalesce(n, m)", 60, **OPTIONAL)
    assert {(row["n"] is None, row["m"] is None) for row, _ in found} == {
        (a, b) for a in (True, False) for b in (True, False)
    }
    for row, value in found:
        assert value == (row["m"] if row["n"] is None else row["n"])


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("coalesce(n, x)", lambda row: row["x"] if row["n"] is None else row["n"]),
        ("coalesce(x, n)", lambda row: row["x"]),
        ("coalesce(n, coalesce(m, 0))", lambda row: row["n"] or row["m"] or 0),
        ("coalesce(n, m) + 1", lambda row: (row["n"] or row["m"] or -1) + 1 or None),
        ("coalesce(n + m, m)", lambda row: row["m"] and row["m"] + (row["n"] or 0)),
    ],
)
def test_coalesce_among_others(expression: str, meant: Any) -> None:
    for row, value in values(expression, 60, **OPTIONAL):
        assert value == meant(row)


def test_what_cannot_be_null_is_not_said_to_be() -> None:
    fields = {"y": {"expression": "coalesce(n, x)"}, "z": {"expression": "coalesce(n, m)"}}
    (table,) = parse(document(**FIELDS, **OPTIONAL, **fields)).tables
    assert {column.name: column.nullable for column in table.columns} == {
        **dict.fromkeys(FIELDS, False),
        "n": True,
        "m": True,
        "y": False,
        "z": True,
    }


def test_null_within_conditions_sums_and_objects() -> None:
    either = "coalesce(n, m)"
    inside = {"object": {"v": {"expression": either}}}
    fields = {
        "w": {"constant": 1, "when": f"{either} > 0"},
        "s": {"expression": f"cumulative({either})"},
        "o": inside,
        "a": {"array": {"of": inside, "min": 1, "max": 2}},
    }
    total = 0
    for row, value in values(either, 60, **OPTIONAL, **fields):
        total += value or 0
        assert row["w"] == (None if value is None else 1)
        assert row["s"] == total
        assert row["o"] == (None if value is None else {"v": value})
        assert row["a"] in ([None] if value is None else [[{"v": value}], [{"v": value}] * 2])


def refused(expression: str, **fields: Any) -> str:
    """Why an expression is refused, after where and what it is."""
    with pytest.raises(SpecError) as caught:
        parse(document(3, **{**FIELDS, **fields}, y={"expression": expression}))
    (problem,) = caught.value.problems
    assert problem.path == "records.row.fields.y.expression"
    assert problem.value
    return problem.reason


@pytest.mark.parametrize(
    "literal",
    ["0.1", "1e3", "1E-12", "1_000.5", ".5", "5.", "9007199254740993.0", "123456789.123456789"],
)
def test_numbers_are_as_they_are_written(literal: str) -> None:
    spec = document(1, y={"expression": f"{literal} + 0"})
    (line,) = compile_dataset(parse(spec), 1).unit(0).documents[0].content.decode().splitlines()
    assert json.loads(line, parse_float=Decimal)["y"] == Decimal(literal)


@pytest.mark.parametrize(
    ("literal", "reason"),
    [
        ("9" * 1900, "a number must fit 64 bits"),
        ("9223372036854775808", "a number must fit 64 bits"),
        ("1e400", "a number must fit 64 bits"),
        ("9223372036854775808.5", "a number must fit 64 bits"),
        ("0.1234567890123", "at most 12 digits"),
        ("1.0000000000000000000000000000000000001", "at most 12 digits"),
        ("1e-99999999999999999999", "at most 12 digits"),
        ("1e-99999999", "at most 12 digits"),
        ("x * 1e-10 * 1e-9", "19 digits after the point; at most 18 are allowed: use round"),
        (r"'a\x00b' == c", "without NUL and lone surrogates"),
        (r"c if b else '\ud800'", "without NUL and lone surrogates"),
        ("round(x * 0.01, True)", "it is called as round"),
        ("round(x, -1)", "it is called as round"),
        ("round(x, 13)", "it is called as round"),
        ("round(x, y)", "it is called as round"),
        ("x +", "^cannot be read: invalid syntax$"),
        ("(" * 300 + "x" + ")" * 300, "^cannot be read: too many nested parentheses$"),
        ("+".join(["x"] * 102), "at most 100 levels"),
        ("-" * 1900 + "x", "nested too deep"),
        ("not " * 400 + "b", "nested too deep"),
        ("x" + " + x" * 500, "at most 2000 characters"),
        ("x // round(x * 0.1 + 0.9, 0)", r"the divisor could be zero: it is in \[0, 2\]"),
        ("round(1 / (x * 0.25), 2)", r"the divisor could be zero: it is in \[-2.25, 2.25\]"),
    ],
)
def test_refuses_what_does_not_fit(literal: str, reason: str) -> None:
    assert re.search(reason, refused(literal)), refused(literal)


def test_as_many_levels_as_are_said() -> None:
    assert all(value == 100 * row["x"] for row, value in values("+".join(["x"] * 100)))


TIMES: dict[str, Any] = {
    "day": {"date": {"from": "1960-01-01", "to": "2024-12-31"}},
    "ts": {"datetime": {"from": "1960-01-01", "to": "2024-12-31"}},
    "long": {"duration": {"min": "0s", "max": "9000000d"}},
}


@pytest.mark.parametrize("two", ["day, ts", "ts, day"])
@pytest.mark.parametrize("function", ["greatest({})", "least({})", "coalesce({})"])
def test_a_day_among_times_is_a_time(function: str, two: str) -> None:
    choices: dict[str, Any] = {"g": max, "l": min, "c": lambda pair: pair[0]}
    for row, value in values(function.format(two), 60, **TIMES):
        times = {"day": f"{row['day']}T00:00:00Z", "ts": row["ts"]}
        assert value == choices[function[0]]([times[name] for name in two.split(", ")])


@pytest.mark.parametrize(
    "expression",
    [
        "greatest(day, '2000-01-01', day)",
        "least('2999-01-01', day)",
        "coalesce(day, as_of)",
        "day if b else '2000-01-01'",
    ],
)
def test_a_midnight_among_days_is_a_day(expression: str) -> None:
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", value) for _, value in values(expression, **TIMES))


def test_years_may_have_more_than_four_digits() -> None:
    found = [value for _, value in values("year(ts + long)", 200, **TIMES)]
    assert all(1960 <= value <= 26_665 for value in found)
    assert max(found) > 20_000


def test_refuses_a_wave_that_could_overflow() -> None:
    assert refused("wave(ts, (long + '1s') * 1000000)", **TIMES) == "the period could be too long"


@pytest.mark.parametrize("truth", [True, False])
def test_a_truth_is_no_field(truth: bool) -> None:
    assert {value for _, value in values(str(truth))} == {truth}


def test_refuses_durations_that_no_database_could_have() -> None:
    assert "at most 9000000000000 seconds" in refused("long * 1000000", **TIMES)
