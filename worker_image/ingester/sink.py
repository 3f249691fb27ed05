"""What a reader gives and a sink takes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..tables import Table

Row = dict[str, Any]
# Rows of a part of a document by record type, types in the order of their first row there.
Batch = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document; `run` and `unit` only say on whose behalf it is loaded."""

    name: str
    etag: str
    run: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rows of a document by table; `repeated` if an earlier load had committed them."""

    rows: Mapping[str, int]
    repeated: bool


class Sink(Protocol):
    """Where documents go, each version of one exactly once.

    A PermanentError is the document's or the target's fault; after any other exception nothing of
    the document is in the target, or all of it, and the same call may be made again.
    """

    def prepare(self, tables: tuple[Table, ...]) -> None:
        """Make what is missing for `tables`. Idempotent; many workers may call it at once."""

    def load(self, document: Document, batches: Iterable[Batch]) -> Loaded:
        """Take all rows of a document, or none."""

    def close(self) -> None:
        """Let go of what the sink holds; a later call opens it again. Idempotent."""
