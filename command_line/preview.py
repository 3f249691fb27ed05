"""Rows of a dataset, and what its fields are like, for a terminal."""

from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from command_line import profiles
from command_line.printable import cell, printable
from command_line.reading import Written
from worker_image.generator.dataset import Record
from worker_image.generator.sampling import Row, Sample
from worker_image.tables import Column, ColumnType

_CELL, _NAME, _KIND = 26, 24, 22
_NARROW = 14
_READ_AS = "least · median · most, or the most frequent"
_NUMBERS = (ColumnType.INTEGER, ColumnType.DECIMAL)


def show(console: Console, written: Written, sample: Sample, record: Record, rows: int) -> None:
    """Print a record type: `rows` of its rows, then a line on each field."""
    found = sample.rows[record.name]
    columns = [field.column for field in record.written]
    console.print()
    console.print(Text(_title(record, sample), "bold"))
    if not found:
        console.print(f"none in {_units(sample.units)}", style="dim")
        return
    shown = found[: min(rows, sample.counts[record.name])]
    if shown:
        console.print(_rows(console, columns, shown))
        console.print()
    where = "unit 0" if record.shared else _units(sample.units)
    console.print(Text(f"Values of {len(found):,} rows of {where}: {_READ_AS}", "dim"))
    console.print(_profiles(written, record.name, columns, found))


def _title(record: Record, sample: Sample) -> str:
    count = sample.counts.get(record.name, 0)
    number = f"{count:,} {'row' if count == 1 else 'rows'}"
    where = "for all units" if record.shared else f"in unit {sample.units[0]}"
    return f"{record.name}: {number} {where}" + (
        f", parent {record.parent}" if record.parent else ""
    )


def _units(units: range) -> str:
    return f"unit {units[0]}" if len(units) == 1 else f"units {units[0]} to {units[-1]}"


def _rows(console: Console, columns: list[Column], rows: list[Row]) -> RenderableType:
    """A row a line where that fits the screen, else a field a line."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        right = column.type in _NUMBERS
        header = cell(column.name, _CELL)
        table.add_column(header, no_wrap=True, justify="right" if right else "left")
    for row in rows:
        table.add_row(*(_value(row[column.name], _CELL) for column in columns))
    unbounded = console.options.update(max_width=1 << 20)
    if Measurement.get(console, unbounded, table).maximum <= console.width:
        return table
    return _turned(console.width, columns, rows)


def _turned(width: int, columns: list[Column], rows: list[Row]) -> Table:
    names = min(_NAME, max(len(column.name) for column in columns))
    fitting = rows[: max(1, (width - names) // _NARROW)]
    each = min(_CELL, (width - names) // len(fitting) - 2)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("", no_wrap=True)
    for number, _ in enumerate(fitting, 1):
        table.add_column(f"row {number}", no_wrap=True)
    for column in columns:
        values = (_value(row[column.name], each) for row in fitting)
        table.add_row(cell(column.name, names, "bold"), *values)
    return table


def _value(value: Any, width: int) -> Text:
    return cell(profiles.as_text(value), width, "dim" if value is None else "")


def _profiles(
    written: Written, record: str, columns: list[Column], rows: list[Row]
) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("field", "kind"):
        table.add_column(name, no_wrap=True)
    table.add_column("null", justify="right", no_wrap=True)
    table.add_column("distinct", justify="right", no_wrap=True)
    table.add_column("values", overflow="fold")
    for column in columns:
        kind = written.kind(record, column.name)
        found = profiles.profile(column, kind, [row[column.name] for row in rows])
        table.add_row(
            cell(column.name, _NAME),
            cell(kind if kind == column.type else f"{kind}, {column.type}", _KIND),
            profiles.percent(found.nulls) if found.nulls else "",
            f"{found.distinct:,}",
            Text(printable(found.summary)),
        )
    return Group(table)
