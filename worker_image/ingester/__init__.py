"""Documents become rows in a sink, exactly once."""

from .postgresql import PostgresqlSink
from .readers import read
from .sink import Batch, Document, Loaded, Sink

__all__ = ["Batch", "Document", "Loaded", "PostgresqlSink", "Sink", "read"]
