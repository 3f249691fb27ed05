"""Where rows go, as a request says it."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from .value import Value

Name = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[^\x00]*$")]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=32)]
Connections = Annotated[int, Field(ge=1, le=10_000)]


class Index(Value):
    """An index that is built when everything is loaded."""

    table: Name
    columns: Names
    unique: bool = False


class PostgresqlSink(Value):
    """Tables in a schema of the configured PostgreSQL database.

    Rows are appended; or they replace what was in the tables before the run; or they are put in
    the place of rows with the same `key`, each table's primary key if none is named. A document
    that the ledger knows is not loaded again unless `repeat` says so. With `constraints` after
    the load, tables that the run makes get their keys and foreign keys as its last step. At most
    `reject_limit` bad rows of a document are set aside with `on_bad_row: reject`. A run has at
    most so many `connections`.
    """

    kind: Literal["postgresql"] = "postgresql"
    schema_name: Annotated[
        str, Field(alias="schema", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=63)
    ]
    mode: Literal["append", "replace", "upsert"] = "append"
    key: Names | None = None
    constraints: Literal["inline", "after"] = "inline"
    indexes: Annotated[tuple[Index, ...], Field(max_length=100)] = ()
    repeat: bool = False
    on_bad_row: Literal["fail", "reject"] = "fail"
    reject_limit: Annotated[int, Field(ge=1, le=10_000)] = 100
    connections: Connections | None = None

    @model_validator(mode="after")
    def _members_agree(self) -> Self:
        if self.mode == "upsert" and self.constraints == "after":
            raise ValueError("constraints: an upsert needs the keys inline")
        if self.key and self.mode != "upsert":
            raise ValueError(f"key: {self.mode} has none")
        return self


class HttpSink(Value):
    """An address that takes batches of rows by POST, each with an idempotency key."""

    kind: Literal["http"]
    url: Annotated[str, Field(max_length=2_000, pattern=r"^https?://[^\s@]+$")]
    format: Literal["ndjson", "json"] = "ndjson"
    batch_rows: Annotated[int, Field(ge=1, le=100_000)] = 500
    connections: Connections | None = None


class OtherSink(Value):
    """A sink that the worker's image knows by its name; `options` are for it alone."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    options: dict[str, Any] = Field(default_factory=dict)
    connections: Connections | None = None


_KNOWN = ("postgresql", "http")


def _tag(given: Any) -> str:
    members = given if isinstance(given, dict) else getattr(given, "__dict__", {})
    kind = members.get("kind", "postgresql")
    return kind if kind in _KNOWN else "other"


Sink = Annotated[
    Annotated[PostgresqlSink, Tag("postgresql")]
    | Annotated[HttpSink, Tag("http")]
    | Annotated[OtherSink, Tag("other")],
    Discriminator(_tag),
]
"""One of them by its `kind`; PostgreSQL where there is none."""


def sink_payload(sink: PostgresqlSink | HttpSink | OtherSink) -> dict[str, Any]:
    """What the workers are told of a sink, as JSON members."""
    return sink.model_dump(mode="json", by_alias=True, exclude={"connections"})
