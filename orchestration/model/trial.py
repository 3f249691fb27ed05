"""What came of making some units of a dataset."""

from typing import Any

from .value import Value


class Size(Value):
    """Rows by record type, documents, and their bytes before and after compression."""

    records: dict[str, float]
    documents: float
    raw: float
    stored: float

    @property
    def rows(self) -> float:
        """Rows of all record types."""
        return sum(self.records.values())


class Trial(Value):
    """Units that were `made` in `seconds` each on one core: an average one, and all of the run's.

    `rows` are the first of unit 0, by record type.
    """

    made: int
    seconds: float
    each: Size
    total: Size
    rows: dict[str, list[dict[str, Any]]]
