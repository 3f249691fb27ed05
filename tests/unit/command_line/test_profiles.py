"""What is said of the values of a field."""

from decimal import Decimal
from typing import Any

import pytest

from command_line.histogram import histogram
from command_line.printable import cell, printable
from command_line.profiles import as_text, duration, percent, profile
from worker_image.tables import Column, ColumnType


def summary(of: ColumnType, values: list[Any], kind: str = "") -> str:
    return profile(Column("x", of), kind, values).summary


@pytest.mark.parametrize(
    ("numbers", "bins", "bars"),
    [
        ([1], 3, "█"),
        ([5, 5, 5], 3, "█"),
        ([0, 9], 3, "█_█"),
        ([0] * 8 + [4] + [9] * 4, 3, "█▁▄"),
        ([0] * 1000 + [1], 2, "█▁"),
        ([-1.5, 0, 1.5], 3, "███"),
    ],
)
def test_bars_are_as_high_as_there_are_numbers(numbers: list[float], bins: int, bars: str) -> None:
    assert histogram(numbers, bins) == bars


def test_nulls_and_distinct_values_are_counted() -> None:
    found = profile(Column("x", ColumnType.TEXT), "text", ["a", None, "b", "a"])
    assert (found.nulls, found.distinct) == (0.25, 2)
    assert profile(Column("x", ColumnType.TEXT), "text", [None]).summary == ""


@pytest.mark.parametrize(
    ("of", "values", "said"),
    [
        (ColumnType.INTEGER, [3, 1, 2], "1 · 2 · 3  ███"),
        (ColumnType.DECIMAL, [Decimal("0.1"), Decimal("5.00")], "0.1 · 0.1 · 5.00  █__________█"),
        (ColumnType.DATE, ["2024-02-29", "2024-03-01"], "2024-02-29 · 2024-02-29 · 2024-03-01  ██"),
        (
            ColumnType.TIMESTAMP,
            ["2025-01-01T00:00:00Z", "2025-01-01T00:00:09Z"],
            "2025-01-01T00:00:00Z · 2025-01-01T00:00:00Z · 2025-01-01T00:00:09Z  █__________█",
        ),
        (
            ColumnType.TIMESTAMP,
            ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
            "0001-01-01 · 0001-01-01 · 9999-12-31  █__________█",
        ),
        (ColumnType.DURATION, ["PT5400S"], "1h 30m · 1h 30m · 1h 30m  █"),
        (ColumnType.BOOLEAN, [True, False, True, True], "true 75 %, false 25 %"),
        (ColumnType.TEXT, ["a", "", "a", "a"], "a 75 %, (empty) 25 %"),
        (ColumnType.TEXT, ["a", "b", "c"], "such as a"),
        (ColumnType.TEXT, ["x" * 200, "y"], f"such as {'x' * 99}…"),
        (ColumnType.UUID, ["8564bf11"], "such as 8564bf11"),
        (ColumnType.JSON, [{"a": [1, None]}, []], 'such as {"a": [1, null]}'),
    ],
)  # fmt: skip
def test_each_type_is_told_in_its_own_way(of: ColumnType, values: list[Any], said: str) -> None:
    assert summary(of, values) == said


def test_numbers_of_a_choice_are_told_by_frequency() -> None:
    assert summary(ColumnType.INTEGER, [1, 1, 1, 2], "choice") == "1 75 %, 2 25 %"


def test_keys_are_told_by_their_range() -> None:
    assert summary(ColumnType.INTEGER, [7, 5, 9], "key") == "5 to 9"


def test_the_rest_of_many_values_is_counted() -> None:
    assert summary(ColumnType.TEXT, list("aaabbccddeeffgghh")).endswith(", 2 more")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (90, "1m 30s"), (86_400, "1d"), (90_061, "1d 1h 1m 1s"), (-60, "-1m")],
)
def test_durations_are_written_as_in_a_dataset(seconds: int, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.001, "<1 %"), (0.5, "50 %"), (0.999, ">99 %"), (1, "100 %")],
)
def test_shares_do_not_look_like_none_or_all(share: float, text: str) -> None:
    assert percent(share) == text


def test_nested_decimals_are_numbers() -> None:
    assert as_text([Decimal("0.5"), "é"]) == '[0.5, "é"]'


def test_a_terminal_obeys_no_value() -> None:
    assert printable("a\x1b]0;x\x07\u202e\u2028é東") == "a\\x1b]0;x\\x07\\u202e\\u2028é東"
    assert cell("東京" * 50, 7).cell_len <= 7
    assert cell("x" * 10_000, 20).plain == f"{'x' * 19}…"
    assert cell("[red]x[/]", 20).plain == "[red]x[/]"
