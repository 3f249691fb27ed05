"""Every link in a page leads somewhere, and every page of `docs` can be found from its map."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_host.system import CHECKOUT

LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)")
CODE = re.compile(r"^```.*?^```|^    .*?$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def _pages() -> list[Path]:
    """Those of the repository: what is installed or kept beside it is not ours."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    done = subprocess.run(listing, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return [CHECKOUT / name for name in done.stdout.split("\n") if name]


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    """The files that a page leads to, with the anchor in them."""
    for path, anchor in LINK.findall(CODE.sub(_emptied, page.read_text())):
        yield (page.parent / path).resolve() if path else page, anchor


def _emptied(found: re.Match[str]) -> str:
    """Code is no link; what is code in the text of a link leaves the link."""
    return "code" if not found[0].startswith("    ") else ""


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    titles = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title) for title in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


PAGES = _pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in _links(page):
        assert target.exists(), target
        assert not anchor or anchor in _anchors(target), f"{target.name}#{anchor}"


def test_every_page_is_found_from_the_map() -> None:
    docs = CHECKOUT / "docs"
    found, ahead = set[Path](), [docs / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in found and page.suffix == ".md" and page.is_relative_to(docs):
            found.add(page)
            ahead += [target for target, _ in _links(page)]
    assert {page for page in PAGES if page.is_relative_to(docs)} == found
