"""Tables as a dataset describes them and a sink creates them."""

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """The logical type of a column; each sink maps it to its own."""

    INTEGER = "integer"  # 64 bits
    DECIMAL = "decimal"  # exact
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"  # with time zone, UTC
    DURATION = "duration"
    UUID = "uuid"
    JSON = "json"

    @property
    def is_time(self) -> bool:
        """Whether values are points in time."""
        return self in (ColumnType.DATE, ColumnType.TIMESTAMP)


@dataclass(frozen=True, slots=True)
class Reference:
    """A column's values are those of another table's column.

    A `shared` table is filled by one document and referred to by all: until everything is loaded,
    a row may be missing that another one refers to.
    """

    table: str
    column: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `precision` and `scale` are decimal digits, for DECIMAL alone."""

    name: str
    type: ColumnType
    nullable: bool = False
    unique: bool = False
    key: bool = False
    references: Reference | None = None
    precision: int | None = None
    scale: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One record type. A dataset lists its tables so that references point backwards.

    `unique` has the combinations of columns that never occur twice. The rows of a `shared` one
    come with unit 0 alone.
    """

    name: str
    columns: tuple[Column, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    shared: bool = False
