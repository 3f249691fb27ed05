"""Every benchmark has its own section of the results."""

from pathlib import Path

import pytest

from benchmarks.results import COMMAND, Page


def _publish(results: Path, title: str, text: str) -> None:
    page = Page(title)
    page.print(text)
    page.publish(results=results)


def test_a_section_replaces_the_one_before_it_and_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "RESULTS.md"
    for command, title, text in (
        ("make one", "One", "## no heading, but a figure: 1"),
        ("make two", "Two", "2"),
        ("make one MB=5", "One", "3"),
    ):
        monkeypatch.setenv(COMMAND, command)
        _publish(results, title, text)
    page = results.read_text()
    assert page.count("\n## One\n") == page.count("\n## Two\n") == 1
    assert page.index("## One") < page.index("## Two")
    assert "`make one MB=5`, 20" in page
    assert page.count("\n    3\n") == 1
    assert "no heading" not in page


def test_what_is_run_in_another_way_is_not_kept(tmp_path: Path) -> None:
    _publish(tmp_path / "RESULTS.md", "One", "1")
    assert not list(tmp_path.iterdir())
