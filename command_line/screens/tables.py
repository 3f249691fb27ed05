"""The parts that screens are made of. A text from anywhere is shown as it is, never as markup."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from command_line.printable import printable

_FOLDED = 16
_BETWEEN = 2  # two columns are so far apart

View = dict[str, Any]
"""An answer of the API."""


def table(
    names: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    right: Collection[str] = (),
    folded: Collection[str] = (),
) -> Table:
    """A table with a head; columns with numbers go to the `right`, long texts are `folded`.

    The first column, by which a person goes on, is never cut. A column without a value is left out.
    """
    cells = [[text(value) for value in row] for row in rows]
    shown = [place for place, _ in enumerate(names) if any(row[place] for row in cells)]
    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for place in shown:
        name = names[place]
        made.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=name not in folded,
            overflow="fold" if name in folded else "ellipsis",
            min_width=_FOLDED if name in folded else 0,
        )
    if shown:
        made.columns[0].min_width = max(row[0].cell_len for row in cells)
    for row in cells:
        made.add_row(*(row[place] for place in shown))
    return made


@dataclass(frozen=True)
class Fitting:
    """The same, without as many of the `less` important columns, in their order, as do not fit."""

    names: Sequence[str]
    rows: Sequence[Sequence[str | Text]]
    right: Collection[str] = ()
    folded: Collection[str] = ()
    less: Sequence[str] = ()

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """As many columns as the terminal is wide enough for."""
        left = list(self.names)
        for name in self.less:
            if sum(map(self._width, left)) <= options.max_width + _BETWEEN:
                break
            left.remove(name)
        places = [self.names.index(name) for name in left]
        rows = [[row[place] for place in places] for row in self.rows]
        yield table(left, rows, right=self.right, folded=self.folded)

    def _width(self, name: str) -> int:
        """What a column needs, with what is behind it; nothing if it has no value."""
        cells = [text(row[self.names.index(name)]).cell_len for row in self.rows]
        widest = max(cells, default=0)
        if not widest:
            return 0
        return _BETWEEN + (min(widest, _FOLDED) if name in self.folded else max(widest, len(name)))


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
