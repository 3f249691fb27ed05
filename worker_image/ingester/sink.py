"""What documents bring and a sink takes: the one interface that all sinks have."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..contract import Reading
from ..tables import Table

Row = dict[str, Any]
"""Values by column: None, bool, int, float, Decimal, str, bytes, datetime, date, time, timedelta,
UUID, lists and dicts of these, or an `orjson.Fragment` that holds a number's own text."""


class Texts(Row):
    """A row of a format that has no JSON of its own: a text for a JSON column is JSON."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text of rows is written, in the words of PostgreSQL's COPY."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    null: str = ""


@dataclass(frozen=True, slots=True)
class CopyText:
    """Rows as CSV in UTF-8 that COPY reads as it is; perhaps not whole rows."""

    columns: tuple[str, ...]
    text: bytes
    dialect: Dialect


class Batch(Protocol):
    """Some rows of one record type, in the order of the document."""

    @property
    def record_type(self) -> str:
        """What the rows are."""

    def rows(self) -> list[Row]:
        """The rows as values."""

    def copy_text(
        self, json_columns: Collection[str], text_columns: Collection[str] = ()
    ) -> CopyText | None:
        """The same rows as text, if that is cheaper than their values.

        `json_columns` take JSON. `text_columns` show how a value is spelled: times as in JSON.
        """


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row where it stands: in line or row `number` of the document `name`.

    A row that cannot be read has a `fault` and none of the values; `raw` is its text or values.
    """

    name: str
    number: int
    record_type: str
    row: Row
    raw: Any
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that the sink did not take, and why."""

    row: SourceRow
    reason: str
    column: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document, or of several that are loaded as one.

    It may be read more than once: quickly in batches, or row by row, where bad rows come as such.
    `reading` is how the request said that it is read. `run` and `unit` say on whose behalf it is
    loaded. `keep_rejected` writes rows down beside the document: the same call again replaces what
    it wrote.
    """

    name: str
    etag: str
    batches: Callable[[], Iterator[Batch]]
    rows: Callable[[], Iterator[SourceRow]]
    reading: Reading = field(default_factory=Reading)
    run: str = ""
    unit: str = ""
    keep_rejected: Callable[[Sequence[Rejected]], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rows of a document by table, and how many were rejected; `repeated` if an earlier load
    had committed them.
    """

    rows: Mapping[str, int]
    rejected: int = 0
    repeated: bool = False


class Sink(Protocol):
    """Where documents go, each version of one exactly once; for one thread at a time.

    A PermanentError is the document's or the target's fault, a TargetBusyError that of the
    moment. After either, and after any other exception, nothing of the document is in the target,
    or all of it, and the same call may be made again.
    """

    def prepare(self, tables: tuple[Table, ...]) -> None:
        """Make what is missing for `tables`. Idempotent; many workers may call it at once."""

    def load(self, document: Document) -> Loaded:
        """Take all rows of a document, but for those that may be rejected, or none."""

    def finish(self, tables: tuple[Table, ...]) -> None:
        """Do what is left once every document is loaded. Idempotent."""

    def close(self) -> None:
        """Let go of what the sink holds; a later call opens it again. Idempotent."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a sink has from its worker, beside the members of the request.

    `postgresql_url` is asked before each connection; its password may be a token of the moment.
    """

    postgresql_url: Callable[[], str]
    secret: str = ""
    http_hosts: tuple[str, ...] = ()
    connections: int = 1
