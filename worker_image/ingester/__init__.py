"""Documents become rows in a sink, exactly once."""

from .registry import OpenSink, open_sink
from .sink import Document, Loaded, Rejected, Sink, Surroundings

__all__ = ["Document", "Loaded", "OpenSink", "Rejected", "Sink", "Surroundings", "open_sink"]
