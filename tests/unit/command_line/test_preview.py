"""Previews of datasets that are hard to show."""

import re
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from support.command_line import RETAIL, WIDTH, printed, written
from support.generator import EVERY_KIND, document

HARD: dict[str, Any] = {
    "markup": {"choice": ["[bold]b[/bold]", "[/red]", "\\[x]", ":smile:", "[link=x]"]},
    "control": {"constant": "a\tb\nc\x1b[31mred\u202eevil\x07"},
    "wide": {"constant": "東京都港区六本木六丁目" * 9},
    "emoji": {"choice": ["🍷🍷🍷", "👩‍👩‍👧", "é"]},
    "nested": {
        "object": {
            "a": {"array": {"of": {"decimal": {"min": 0, "max": 9}}, "max": 5}},
            "b": {"object": {"c": {"text": {"min": 10, "max": 20}}}},
        }
    },
    "long": {"text": {"min": 200, "max": 300}},
    "n" * 63: {"integer": {"min": -(2**63) + 1, "max": 2**63 - 1}},
    "never": {"boolean": 0.5, "null": 1},
}


def lines(*words: object, stdin: str | None = None) -> list[str]:
    found = printed("preview", *words, stdin=stdin).splitlines()
    assert max(map(cell_len, found)) <= WIDTH
    return found


def field(found: list[str], name: str) -> str:
    """The line on a field, its continuations included, with single spaces."""
    profiles = found[next(n for n, line in enumerate(found) if line.startswith("Values")) :]
    first = next(n for n, line in enumerate(profiles) if re.match(rf"{name}\b", line))
    last = next((n for n in range(first + 1, len(profiles)) if profiles[n][:1] != " "), None)
    return " ".join(" ".join(profiles[first:last]).split())


def test_rows_and_fields_of_a_record_type() -> None:
    found = lines(RETAIL, "--record", "order_line", "--rows", 3)
    assert re.fullmatch(r"order_line: [\d,]+ rows in unit 0, parent order", found[1])
    assert found[2].split()[:4] == ["id", "order_id", "line", "sku"]
    assert [line.split()[:3] for line in found[4:7]] == [
        ["100000000000", "100000000000", "1"],
        ["100000000001", "100000000001", "1"],
        ["100000000002", "100000000001", "2"],
    ]
    assert re.fullmatch(r"quantity integer 12 1 · 1 · 12 █[▁▂▃▄]{11}", field(found, "quantity"))
    assert field(found, "discount").startswith("discount choice, decimal 4 0.00 70 %, 0.0")
    assert "customer" not in found


def test_what_does_not_fit_in_rows_is_shown_a_field_a_line() -> None:
    found = lines(RETAIL, "--record", "customer")
    assert found[2].split() == ["row", "1", "row", "2", "row", "3", "row", "4", "row", "5"]
    assert found[4].split() == ["id", *(f"10000000000{n}" for n in range(5))]
    assert field(found, "phone").startswith("phone faker, text 16 % ")


def test_another_unit_and_seed_have_other_values() -> None:
    first, again = lines(RETAIL), lines(RETAIL)
    assert first == again
    assert lines(RETAIL, "--seed", 1) != first
    assert "customer: 106 rows in unit 7" in lines(RETAIL, "--unit", 7, "--units", 1)


def test_hard_values_stay_in_their_place(tmp_path: Path) -> None:
    found = lines(written(tmp_path, document(30, **HARD)))
    assert found[1] == "row: 30 rows in unit 0"
    text = "\n".join(found)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert r"a\tb\nc\x1b[31mred\u202eevil\x07 100 %" in field(found, "control")
    for value in HARD["markup"]["choice"]:
        assert value in field(found, "markup")
    assert field(found, "never") == "never boolean 100 % 0"
    assert '{"a": [' in field(found, "nested")


def test_forty_fields_are_forty_lines(tmp_path: Path) -> None:
    fields = {f"field_{n}": {"pattern": "??-####"} for n in range(40)}
    found = lines(written(tmp_path, document(100, **fields)), "--rows", 200)
    assert sum(line.startswith("field_") for line in found) == 80


def test_shared_rows_are_there_for_every_unit(tmp_path: Path) -> None:
    path = written(tmp_path, EVERY_KIND)
    found = lines(path, "--unit", 3, "--record", "country")
    assert found[1] == "country: 3 rows for all units"
    assert {line.split()[0] for line in found[4:7]} == {"7", "8", "9"}


def test_a_record_type_without_rows_says_so(tmp_path: Path) -> None:
    found = lines(written(tmp_path, document(0, x={"constant": 1})), "--units", 2)
    assert found[1:] == ["row: 0 rows in unit 0", "none in units 0 to 1"]


@pytest.mark.parametrize("record", EVERY_KIND["records"])
def test_every_kind_can_be_shown(tmp_path: Path, record: str) -> None:
    found = lines(written(tmp_path, EVERY_KIND), "--record", record, "--units", 2)
    for name in EVERY_KIND["records"][record]["fields"]:
        if name != "noise":  # which is hidden
            assert field(found, name)


def test_large_units_are_few(tmp_path: Path) -> None:
    path = written(tmp_path, document(150_000, x={"integer": {"min": 1, "max": 9}}))
    found = lines(path, "--unit", 3)
    assert found[1] == "row: 150,000 rows in unit 3"
    (said,) = (line for line in found if line.startswith("Values"))
    assert said.startswith("Values of 20,000 rows of units 3 to 4: ")


def test_rows_are_those_of_the_unit_that_is_named(tmp_path: Path) -> None:
    ids = {"id": {"key": {"start": 1}}}
    found = lines(written(tmp_path, document(1, **ids)), "--unit", 4)
    assert found[1:5] == ["row: 1 row in unit 4", "id", "──", " 5"]
    assert field(found, "id") == "id key, integer 10 5 to 14"
