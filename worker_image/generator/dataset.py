"""What a specification says, once it is known to be sound."""

from dataclasses import dataclass

from ..tables import Table
from .frame import Field
from .kinds.keys import UNITS_LIMIT
from .samplers import Sampler


@dataclass(frozen=True, slots=True)
class Record:
    """A record type: `fields` as written, `making` in the order in which they can be made."""

    name: str
    parent: str | None
    count: Sampler
    rows_limit: int
    fields: tuple[Field, ...]
    making: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A sound dataset; a record type comes after those that it belongs to or refers to."""

    name: str
    records: tuple[Record, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that the records fill, parents first."""
        return tuple(
            Table(record.name, tuple(field.column for field in record.fields))
            for record in self.records
        )

    @property
    def max_units(self) -> int:
        """Units that there may be before a key or a unique field would run out of values."""
        fields = (field for record in self.records for field in record.fields)
        return min([UNITS_LIMIT, *(f.units for f in fields if f.units and f.column.unique)])
