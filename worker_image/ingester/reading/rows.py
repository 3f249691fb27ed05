"""Rows that are there as values."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ...errors import PermanentError
from ..sink import CopyText, Row


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch whose rows have been read already."""

    record_type: str
    values: list[Row]

    def rows(self) -> list[Row]:
        """The rows."""
        return self.values

    def copy_text(
        self,
        json_columns: Collection[str],  # noqa: ARG002 - a batch
        text_columns: Collection[str] = (),  # noqa: ARG002 - a batch
    ) -> CopyText | None:
        """None: their text is gone."""
        return None


def checked_names(names: Sequence[str], document: str) -> tuple[str, ...]:
    """The names of a document's columns.

    Raises:
        PermanentError: there are none, or one is empty or there twice.
    """
    if not names:
        raise PermanentError(f"{document}: neither a header nor anything else names its columns")
    if "" in names:
        raise PermanentError(f"{document}: column {names.index('') + 1} has no name")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise PermanentError(f"{document}: {times} columns are named {name[:80]!r}")
    return tuple(names)
