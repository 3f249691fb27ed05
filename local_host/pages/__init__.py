"""What the code itself says in the pages of `docs`, in blocks between two comments:

<!-- by `make docs`: settings -->
…
<!-- end -->
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from . import costs, limits, settings

Blocks = Mapping[str, Callable[[], str]]

BLOCKS: Blocks = {
    "settings": settings.of_app,
    "worker": settings.of_worker,
    "prices": costs.prices,
    "job": costs.job,
    "idle": costs.idle,
    "azure": limits.of_azure,
    "ours": limits.ours,
}
"""What is in each block, by its name."""

_BLOCK = re.compile(r"(<!-- by `make docs`: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed(text: str, blocks: Blocks = BLOCKS) -> str:
    """A page with its blocks as they ought to be.

    Raises:
        KeyError: a block has a name that is none.
    """
    return _BLOCK.sub(lambda found: f"{found[1]}\n{blocks[found[2]]()}\n\n{found[3]}", text)


def pages(folder: Path) -> dict[Path, str]:
    """The pages of a folder that have blocks, each as it ought to be."""
    texts = {page: page.read_text() for page in sorted(folder.glob("*.md"))}
    return {page: renewed(text) for page, text in texts.items() if _BLOCK.search(text)}
