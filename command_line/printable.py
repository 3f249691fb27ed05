"""Texts from anywhere, made fit for a terminal."""

from rich.text import Text


def printable(text: str) -> str:
    """The text with everything that a terminal would obey or hide written as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def cell(text: str, width: int, style: str = "") -> Text:
    """A cell of a table: the text as it is, never markup, cut to a width on the screen."""
    shown = Text(printable(text[: 4 * width]), style, no_wrap=True, overflow="ellipsis")
    if shown.cell_len > width or len(text) > 4 * width:
        shown.truncate(width, overflow="ellipsis")
    return shown
