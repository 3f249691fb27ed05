"""Expressions: what each function and operator gives, and what is no expression."""

import time
from typing import Any

import pytest
from support.generator import document, rows_of

from worker_image.generator import compile_dataset, parse

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
