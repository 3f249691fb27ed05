"""Rows that are there as values."""

from collections.abc import Collection
from dataclasses import dataclass

from ..sink import CopyText, Row


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch whose rows have been read already."""

    record_type: str
    values: list[Row]

    def rows(self) -> list[Row]:
        """The rows."""
        return self.values

    def copy_text(self, json_columns: Collection[str]) -> CopyText | None:  # noqa: ARG002 - a batch
        """None: their text is gone."""
        return None
