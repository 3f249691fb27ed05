"""Documents of any format that a sink can take."""

from .documents import batches, rows

__all__ = ["batches", "rows"]
