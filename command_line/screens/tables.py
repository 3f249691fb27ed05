"""The parts that screens are made of. A text from anywhere is shown as it is, never as markup."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from command_line.printable import printable

View = dict[str, Any]
"""An answer of the API."""


def table(
    names: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    right: Collection[str] = (),
    folded: Collection[str] = (),
) -> Table:
    """A table with a head; columns with numbers go to the `right`, long texts are `folded`."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in names:
        made.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=name not in folded,
            overflow="fold" if name in folded else "ellipsis",
        )
    for row in rows:
        made.add_row(*map(text, row))
    return made


def facts(pairs: Iterable[tuple[str, str | Text]]) -> Table:
    """Names and values, a line each; a value that is empty has no line."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            made.add_row(name, text(value))
    return made


def text(value: str | Text) -> Text:
    """A text for a terminal."""
    return value if isinstance(value, Text) else Text(printable(value))


def lines(value: str) -> Text:
    """A text of many lines, such as a traceback."""
    return Text("\n".join(printable(line) for line in value.splitlines()))
