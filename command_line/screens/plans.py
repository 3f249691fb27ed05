"""What a request would come to."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from command_line.figures import count, money
from command_line.printable import cell
from command_line.profiles import as_text
from command_line.screens.tables import View, facts, table, text

_ROWS, _CELL = 3, 30


def outline(plan: View) -> Group:
    """Units, groups, time, money and warnings: what a person decides by."""
    warnings = (Text.assemble(("warning: ", "yellow"), text(line)) for line in plan["warnings"])
    return Group(facts(_facts(plan)), *warnings)


def whole(plan: View) -> Group:
    """All that a plan says, with the first rows of what would be made."""
    parts: list[RenderableType] = [outline(plan)]
    if plan["data"]:
        parts += [Text(), _records(plan["data"])]
    for record, rows in (plan["rows"] or {}).items():
        if rows:
            parts += [Text(), _first(record, rows[:_ROWS])]
    assumed = [text(f"- {line}") for line in plan["assumptions"]]
    return Group(*parts, *([Text(), Text("assumed", "bold"), *assumed] if assumed else []))


def _facts(plan: View) -> Iterator[tuple[str, str]]:
    yield "kind", plan["kind"]
    yield "units", f"{plan['units']:,}"
    yield "messages", ", ".join(f"{n:,} {stage}" for stage, n in plan["messages"].items())
    if documents := plan["documents"]:
        more = "at least " if documents["at_least"] else ""
        yield "documents", f"{more}{documents['count']:,}, {decimal(documents['bytes'])}"
    if data := plan["data"]:
        stored = decimal(data["bytes_stored"])
        yield "makes", f"{data['rows']:,} rows, {count(data['documents'], 'document')}, {stored}"
    if plan["groups"] is not None:
        yield "groups", f"{plan['groups']:,}"
        yield "time", f"{plan['minutes']:,.1f} minutes"
        yield "cost", f"{money(plan['cost'])} for {plan['billed_seconds']:,} s billed"


def _records(data: View) -> Table:
    rows = ((name, f"{number:,}") for name, number in data["records"].items())
    return table(("rows of", "number"), rows, right=("number",))


def _first(record: str, rows: list[View]) -> Table:
    cells = ([cell(as_text(value), _CELL) for value in row.values()] for row in rows)
    made = table(list(rows[0]), cells)
    made.title, made.title_justify = f"{record}: first rows of unit 0", "left"
    return made
