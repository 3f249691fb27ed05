"""The Markdown that the reference is made of."""

from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """A text as it is written; nothing for nothing."""
    if not text:
        return ""
    fence = "``" if "`" in text else "`"
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, without the columns that have nothing in any row."""
    lines = [list(row) for row in rows]
    kept = [place for place, _ in enumerate(head) if any(line[place] for line in lines)]
    body = [[line[place] for place in kept] for line in lines]
    return "\n".join(
        _line(cells) for cells in ([head[p] for p in kept], ["---"] * len(kept), *body)
    )


def document(parts: Iterable[str]) -> str:
    """Blocks with a blank line between, as a file."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(escaped)} |"
