"""What the code says in the pages is what it says now."""

import re

import pytest

from local_host import pages
from local_host.pages import costs, settings
from local_host.system import CHECKOUT
from orchestration.settings import Settings

DOCS = CHECKOUT / "docs"
RESULTS = (CHECKOUT / "benchmarks" / "RESULTS.md").read_text()
PAGES = pages.pages(DOCS)


@pytest.mark.parametrize("name", ["settings.md", "costs.md", "limits.md"])
def test_a_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[DOCS / name], "it is stale: make docs"


def test_every_block_has_its_place_in_a_page() -> None:
    found = re.findall(r"by `make docs`: (\w+) -->", "".join(PAGES.values()))
    assert sorted(found) == sorted(pages.BLOCKS)


def test_what_stands_around_a_block_is_left_alone() -> None:
    page = "a\n<!-- by `make docs`: x -->\nold\n<!-- end -->\nb\n"
    new = "a\n<!-- by `make docs`: x -->\n\nnew\n\n<!-- end -->\nb\n"
    blocks = {"x": lambda: "new"}
    assert pages.renewed(page, blocks) == pages.renewed(new, blocks) == new


def test_a_block_of_an_unknown_name_is_no_block() -> None:
    with pytest.raises(KeyError, match="y"):
        pages.renewed("<!-- by `make docs`: y -->\n<!-- end -->", {})


def test_every_setting_has_a_section_and_says_what_it_is() -> None:
    assert next(iter(settings.SECTIONS)) == next(iter(Settings.model_fields))
    assert set(settings.SECTIONS) <= set(Settings.model_fields)
    for name, schema in Settings.described().items():
        assert schema.get("description"), name
        assert f"`{name}`" in PAGES[DOCS / "settings.md"]


def test_the_pace_that_costs_are_reckoned_with_is_that_of_the_results() -> None:
    headline = costs.Headline()
    heading = f"{headline.units:,} units, .*, {headline.groups} container\\s+groups"
    assert re.search(heading, RESULTS)
    assert re.search(rf"from the request to the proof +{headline.seconds} ", RESULTS)
    made = re.search(r"ours +retail NDJSON, zstd +([\d,.]+)", RESULTS)
    assert made
    assert float(made[1].replace(",", "")) * 1_000 >= costs.ROWS_MADE_A_SECOND
