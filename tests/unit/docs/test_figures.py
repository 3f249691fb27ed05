"""What the README says was measured is what the benchmarks wrote down."""

import re

import pytest

from local_host.system import CHECKOUT

ROW = re.compile(r"^\| (.+?) \| (.+?) \| `(make [^`]+)` \|$", re.MULTILINE)
SECTION = re.compile(r"^## .+\n\n`([^`]+)`, (.+)$", re.MULTILINE)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# A number with what makes it a measurement.
MEASURED = re.compile(
    r"\d[\d,.]* ?(?:s|ms|seconds|minutes|MB|GB|%|times|x|\w+/s|\w+ a (?:second|unit))(?!\w)"
)
# Sizes that are set, not measured.
GIVEN = {"1 GB"}

README = (CHECKOUT / "README.md").read_text()
ROWS = ROW.findall(README)


def _sections() -> dict[str, str]:
    """Of each command, what it wrote."""
    page = (CHECKOUT / "benchmarks" / "RESULTS.md").read_text()
    found = list(SECTION.finditer(page))
    ends = [each.start() for each in found[1:]] + [len(page)]
    return {each[1]: page[each.end() : end] for each, end in zip(found, ends, strict=True)}


def test_there_are_figures() -> None:
    assert len(ROWS) >= 8


@pytest.mark.parametrize(("what", "figures", "command"), ROWS, ids=[row[2] for row in ROWS])
def test_each_figure_is_in_the_results_of_its_command(
    what: str, figures: str, command: str
) -> None:
    results = NUMBER.findall(_sections()[command])
    said = NUMBER.findall(figures)
    assert said, what
    assert [figure for figure in said if figure not in results] == []


def test_no_other_figure_is_told() -> None:
    others = ROW.sub("", README)
    assert {found[0] for found in MEASURED.finditer(others)} <= GIVEN
