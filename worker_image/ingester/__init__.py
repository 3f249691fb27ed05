"""Documents become rows in a sink, exactly once."""

from .registry import open_sink
from .sink import Document, Loaded, Rejected, Sink, Surroundings

__all__ = ["Document", "Loaded", "Rejected", "Sink", "Surroundings", "open_sink"]
