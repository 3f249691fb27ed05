"""The reference: the committed file, and that everything it shows is true."""

import re

import pytest
from support.command_line import CHECKOUT, printed

from command_line.reference import FIRST
from command_line.reference.examples import rows, values
from command_line.reference.expressions import EXAMPLES
from command_line.reference.markdown import code, table
from worker_image.generator import compile_dataset, load, parse
from worker_image.generator.expressions.functions import USAGE
from worker_image.generator.language import KINDS

WRITTEN = [(kind, text) for kind in KINDS for text in KINDS[kind].examples]


@pytest.fixture(scope="module")
def text() -> str:
    return printed("reference")


def test_the_committed_file_is_up_to_date(text: str) -> None:
    committed = (CHECKOUT / "docs" / "dataset-reference.md").read_text()
    assert committed == text, "make dataset-docs"


def test_the_first_dataset_is_sound() -> None:
    assert compile_dataset(parse(load(FIRST)), 0).unit(0).records["customer"] == 2


def test_every_kind_has_an_example() -> None:
    assert {kind for kind, _ in WRITTEN} == set(KINDS)


@pytest.mark.parametrize(("kind", "example"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_every_example_is_of_its_kind_and_makes_values(kind: str, example: str) -> None:
    assert kind in load(example)  # type: ignore[operator]
    found = rows({"example": load(example)})
    assert len(found) == 6
    assert any(row["example"] is not None for row in found)
    assert values(example).startswith("`")


def test_everything_of_the_language_is_in_it(text: str) -> None:
    for kind in KINDS:
        assert f"\n### {kind}\n" in text
        assert f"(#{kind})" in text
    for usage, meaning in USAGE.values():
        assert f"| {code(usage)} | {meaning} |" in text
    for example in EXAMPLES:
        assert f"| {code(example)} |" in text


def test_its_tables_are_whole(text: str) -> None:
    """As many cells in each line as in the head; no line of a table alone."""
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(cells) == 1, block
        assert block.splitlines()[1].startswith("| ---")


def test_decimals_are_shown_with_all_their_digits(text: str) -> None:
    assert re.search(r"^\| `\{decimal: \{min: 0, max: 100\}\}` \| `\d+\.\d\d`,", text, re.MULTILINE)


def test_markdown_keeps_what_is_written() -> None:
    assert code("a|b") == "`a|b`"
    assert code("`") == "`` ` ``"
    assert code("") == ""
    assert table(("a", "b", "c"), [["1|2", "", "x\ny"]]) == (
        "| a | c |\n| --- | --- |\n| 1\\|2 | x y |"
    )
