"""What a specification says, once it is known to be sound."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ..tables import Table
from .frame import Field, Frame, Mask
from .randomness import UNITS_LIMIT
from .samplers import Sampler


@dataclass(frozen=True, slots=True)
class Record:
    """A record type: how many rows it has, and its fields as written, hidden ones included.

    `when` says which rows of the parent have any. A `shared` one is made for unit 0 and serves all.
    `units` is how many units its values stay unique for.
    """

    name: str
    parent: str | None
    shared: bool
    count: Sampler
    when: Callable[[Frame], Mask] | None
    rows_limit: int
    fields: tuple[Field, ...]
    unique: tuple[tuple[str, ...], ...]
    units: int

    @property
    def written(self) -> tuple[Field, ...]:
        """The fields that documents have."""
        return tuple(field for field in self.fields if not field.hidden)


class Step(NamedTuple):
    """To count the rows of a record type, or to make one of its fields."""

    record: str
    field: str | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A sound dataset; a record type comes after those that it belongs to or refers to.

    `steps` is an order in which everything can be made.
    """

    name: str
    records: tuple[Record, ...]
    steps: tuple[Step, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that the records fill, parents first."""
        return tuple(
            Table(
                record.name,
                tuple(field.column for field in record.written),
                record.unique,
                record.shared,
            )
            for record in self.records
        )

    @property
    def max_units(self) -> int:
        """Units that there may be before a key or a unique field would run out of values."""
        return min([UNITS_LIMIT, *(record.units for record in self.records if not record.shared)])
