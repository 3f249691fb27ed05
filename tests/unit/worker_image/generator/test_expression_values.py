"""What each function and operator of expressions gives, at its edges."""

import json
import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from support.generator import document, rows_of

from worker_image.generator import compile_dataset, parse

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")


def at(moment: str) -> dict[str, Any]:
    return {"datetime": {"from": moment, "to": moment}}


def on(day: str) -> dict[str, Any]:
    return {"date": {"from": day, "to": day}}


FIELDS: dict[str, Any] = {
    "seven": {"constant": 7},
    "minus": {"constant": -7},
    "zero": {"integer": {"min": 0, "max": 0}},
    "half": {"constant": 0.5},
    "cent": {"constant": -1.25},
    "most": {"constant": 2**63 - 1},
    "least": {"constant": -(2**63) + 1},
    "yes": {"constant": True},
    "no": {"constant": False},
    "word": {"constant": "käse"},
    "leap": on("2024-02-29"),
    "new_year": on("2025-01-01"),
    "old": at("1969-12-31T23:59:59"),
    "ancient": at("0001-01-01T00:00:00"),
    "last": at("9999-12-31T23:59:59"),
    "monday": at("2025-06-02T00:00:00"),
    "sunday": at("2025-06-01T23:59:59"),
    "short": {"duration": {"min": "1h 30m", "max": "1h 30m"}},
    "nil": {"integer": {"min": 1, "max": 9}, "null": 1},
    "nil_word": {"choice": ["x"], "null": 1},
    "nil_time": {**at("2020-01-01"), "null": 1},
}


def value(expression: str) -> Any:
    spec = document(1, **FIELDS, y={"expression": expression})
    (line,) = compile_dataset(parse(spec), 1).unit(0).documents[0].content.decode().splitlines()
    return json.loads(line, parse_float=Decimal)["y"]


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("seven + minus * 2", "-7"),
        ("(seven + minus) * 2", "0"),
        ("-seven - -minus", "-14"),
        ("seven - minus - minus", "21"),
        ("seven // 2", "3"),
        ("minus // 2", "-4"),
        ("seven // -2", "-4"),
        ("minus // -2", "3"),
        ("seven % 3", "1"),
        ("minus % 3", "2"),
        ("seven % -3", "-2"),
        ("minus % -3", "-1"),
        ("-minus // 2 * 2 % 4", "2"),
        ("half * half", "0.25"),
        ("half + 0.25", "0.75"),
        ("cent * 100", "-125.00"),
        ("most - 1", "9223372036854775806"),
        ("least + most", "0"),
        ("most // -1", "-9223372036854775807"),
        ("round(most / 2)", "4611686018427387904"),
        ("round(least / 2)", "-4611686018427387904"),
        ("round(most / most, 0)", "1"),
        ("round(0.5)", "1"),
        ("round(-0.5)", "-1"),
        ("round(2.5)", "3"),
        ("round(cent, 1)", "-1.3"),
        ("round(-cent, 1)", "1.3"),
        ("round(1.005, 2)", "1.01"),
        ("round(2.675, 2)", "2.68"),
        ("round(seven, 3)", "7.000"),
        ("round(1 / 3, 4)", "0.3333"),
        ("round(2 / -3, 4)", "-0.6667"),
        ("round(seven / 0.5, 1)", "14.0"),
        ("round(half / 3, 12)", "0.166666666667"),
        ("round(1 / 8, 2)", "0.13"),
        ("round(-1 / 8, 2)", "-0.13"),
        ("round(zero / 3, 2)", "0.00"),
        ("abs(minus)", "7"),
        ("abs(cent)", "1.25"),
        ("abs(least)", "9223372036854775807"),
        ("least(seven, half, minus)", "-7.0"),
        ("greatest(half, 0.25, cent)", "0.50"),
        ("least(seven)", "7"),
        ("coalesce(nil, seven)", "7"),
        ("coalesce(half, nil)", "0.5"),
        ("seven if yes else 0", "7"),
        ("0 if yes and no else half", "0.5"),
        ("1 if no else 2 if no else 3", "3"),
        ("1_000 + 0x10 + 0b1", "1017"),
    ],
)
def test_numbers(expression: str, meant: str) -> None:
    spec = document(1, **FIELDS, y={"expression": expression})
    text = compile_dataset(parse(spec), 1).unit(0).documents[0].content.decode()
    assert text.endswith(f'"y":{meant}}}\n')


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("seven > minus", True),
        ("seven >= 7", True),
        ("seven < 7.0", False),
        ("seven <= 7.0", True),
        ("half == 0.50", True),
        ("half != 0.5", False),
        ("-8 < minus < zero < seven", True),
        ("minus < zero > minus", True),
        ("minus < zero < zero", False),
        ("zero == zero != seven", True),
        ("seven in (1, 7)", True),
        ("seven in [1.5, 7.0]", True),
        ("seven not in (1, 2)", True),
        ("not seven in (1, 7)", False),
        ("word == 'käse'", True),
        ("word != 'kase'", True),
        ("word in ('a', 'käse')", True),
        ("word not in ('a', 'käse')", False),
        ("'a' == 'a'", True),
        ("yes and not no", True),
        ("no or no or yes", True),
        ("no or yes and no", False),
        ("not no and no", False),
        ("not (no and no)", True),
        ("yes == no", False),
        ("yes != no", True),
        ("yes in (True, False)", True),
        ("(seven > 1) == yes", True),
        ("leap < new_year", True),
        ("leap == '2024-02-29'", True),
        ("leap < '2024-02-29T00:00:01'", True),
        ("'2024-02-28' < leap < '2024-03-01'", True),
        ("'2024-02-29T02:00:00+02:00' == leap", True),
        ("as_of == '2025-01-01' == new_year", True),
        ("as_of == 'as_of'", True),
        ("monday > '-1d'", True),
        ("monday in ('2025-06-02', '2025-06-03')", True),
        ("short == '90m'", True),
        ("'1h' < short < '1h 31m'", True),
        ("monday - sunday == '1s'", True),
        ("monday - '2025-06-01' == '1d'", True),
        ("old + '1s' == '1970-01-01'", True),
        ("as_of - '365d' > leap", False),
        ("is_null(nil)", True),
        ("is_null(nil + seven)", True),
        ("is_null(seven)", False),
        ("is_null(coalesce(nil, 1))", False),
        ("is_null(nil) or nil > 1", None),
        ("nil > 1", None),
        ("yes or nil > 1", None),
        ("nil in (1, 2)", None),
        ("nil_word == 'x'", None),
        ("coalesce(nil_word, 'y') == 'y'", True),
    ],
)
def test_truths(expression: str, meant: bool | None) -> None:
    assert value(expression) is meant


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("year(leap)", 2024),
        ("month(leap)", 2),
        ("day(leap)", 29),
        ("day(leap + '1d')", 1),
        ("year(old)", 1969),
        ("month(old)", 12),
        ("day(old)", 31),
        ("hour(old)", 23),
        ("weekday(old)", 3),
        ("weekday(old + '1s')", 4),
        ("hour(old + '1s')", 0),
        ("weekday(monday)", 1),
        ("weekday(sunday)", 7),
        ("hour(sunday)", 23),
        ("hour(leap)", 0),
        ("year(ancient)", 1),
        ("month(ancient)", 1),
        ("day(ancient)", 1),
        ("weekday(ancient)", 1),
        ("year(last)", 9999),
        ("day(last)", 31),
        ("weekday(last)", 5),
        ("day(leap + '366d')", 1),
        ("year(as_of)", 2025),
        ("years(leap, '2025-02-28')", 0),
        ("years(leap, '2025-03-01')", 1),
        ("years(leap, '2028-02-29')", 4),
        ("years(leap, '2028-02-28')", 3),
        ("years(new_year, leap)", -1),
        ("years(leap, leap)", 0),
        ("years('2000-01-01', new_year)", 25),
        ("years(sunday, '2026-06-01')", 1),
        ("years(ancient, last)", 9998),
        ("days(short)", 0),
        ("hours(short)", 1),
        ("seconds(short)", 5400),
        ("days(-short)", -1),
        ("hours(-short)", -2),
        ("days(last - ancient)", 3652058),
        ("days(new_year - leap)", 307),
        ("hours(monday - sunday)", 0),
        ("hours(sunday - monday)", -1),
    ],
)
def test_parts_of_times(expression: str, meant: int) -> None:
    assert value(expression) == meant


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("leap", "2024-02-29"),
        ("leap + '0s'", "2024-02-29T00:00:00Z"),
        ("leap + '1d'", "2024-03-01T00:00:00Z"),
        ("'36h' + leap", "2024-03-01T12:00:00Z"),
        ("leap - '1s'", "2024-02-28T23:59:59Z"),
        ("monday + short", "2025-06-02T01:30:00Z"),
        ("short + monday - short", "2025-06-02T00:00:00Z"),
        ("monday - sunday", "PT1S"),
        ("sunday - monday", "PT-1S"),
        ("leap - old", "PT1709164801S"),
        ("short + '30m'", "PT7200S"),
        ("'2h' - short", "PT1800S"),
        ("short * 3", "PT16200S"),
        ("-2 * short", "PT-10800S"),
        ("'1h' * seven", "PT25200S"),
        ("-short", "PT-5400S"),
        ("abs(-short)", "PT5400S"),
        ("greatest(short, '2h')", "PT7200S"),
        ("least(leap, new_year)", "2024-02-29"),
        ("greatest('2024-03-01', leap)", "2024-03-01"),
        ("leap if no else new_year", "2025-01-01"),
        ("leap if no else monday", "2025-06-02T00:00:00Z"),
        ("leap if yes else 'as_of'", "2024-02-29"),
        ("coalesce(nil_time, leap)", "2024-02-29T00:00:00Z"),
        ("coalesce(nil_time, nil_time)", None),
        ("nil_time + '1d'", None),
        ("as_of", "2025-01-01T00:00:00Z"),
        ("word if yes else 'x'", "käse"),
        ("'ö' if no else '\"\\\\'", '"\\'),
        ("coalesce(nil_word, word)", "käse"),
        ("nil_word if no else word", None),
        ("'2024-01-01'", "2024-01-01"),
        ("'2d'", "2d"),
    ],
)
def test_times_durations_and_texts(expression: str, meant: str | None) -> None:
    assert value(expression) == meant


@pytest.mark.parametrize("period", ["24h", "7d", "90s", "365d", "999w"])
def test_a_wave_is_a_sine_over_time(period: str) -> None:
    fields = {
        "at": {"datetime": {"from": "1960-01-01", "to": "2024-12-31"}},
        "long": {"duration": {"min": period, "max": period}},
        "given": {"expression": f"wave(at, '{period}')"},
        "taken": {"expression": "wave(at, long)"},
        "seconds": {"expression": "seconds(long)"},
    }
    rows = rows_of(compile_dataset(parse(document(500, **fields)), 1).unit(0))["row"]
    for row in rows:
        seconds = (datetime.fromisoformat(row["at"]) - EPOCH) // timedelta(seconds=1)
        sine = math.sin(2 * math.pi * seconds / row["seconds"])
        assert row["given"] == row["taken"] == pytest.approx(sine, abs=0.0017)
    assert min(row["given"] for row in rows) < -0.95
    assert max(row["given"] for row in rows) > 0.95


def test_a_unit_knows_its_number() -> None:
    compiled = compile_dataset(parse(document(2, y={"expression": "unit * 2"})), 1)
    assert [rows_of(compiled.unit(n))["row"] for n in (0, 41)] == [[{"y": 0}] * 2, [{"y": 82}] * 2]
