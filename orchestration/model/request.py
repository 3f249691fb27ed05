"""What a caller asks for, and how it is kept."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from .command import Command, Payloads
from .instances import Instances
from .limits import RunLimits
from .notifications import Notifications
from .sink import PostgresqlSink, Sink
from .source import ContainerName, Source
from .value import Name, Value

MOST_UNITS = 10_000_000  # they are numbered with seven digits


class Kind(StrEnum):
    """What a run does with its units."""

    GENERATE = "generate"
    INGEST = "ingest"
    PIPELINE = "pipeline"
    COMMAND = "command"


class Documents(Value):
    """Where a run writes its documents; `prefix` is a path of folders."""

    container: ContainerName = "documents"
    prefix: Annotated[str, Field(max_length=500)] = ""
    format: Literal["ndjson", "csv", "parquet"] = "ndjson"
    compression: Literal["none", "gzip", "zstd"] = "zstd"

    @field_validator("prefix")
    @classmethod
    def _is_a_path(cls, prefix: str) -> str:
        # Clients of HTTP resolve such a path before they send it: the blob would lie elsewhere.
        if "\\" in prefix or {".", ".."} & set(prefix.split("/")):
            raise ValueError("no folder may be '.' or '..', and none has a backslash in its name")
        return prefix


EXAMPLES: list[Any] = [
    {
        "kind": "generate",
        "dataset": {
            "version": 1,
            "dataset": "shop",
            "as_of": "2026-01-01",
            "records": {"customer": {"count": 3, "fields": {"id": {"key": True}}}},
        },
        "units": 10,
    },
    {"kind": "ingest", "source": {"container": "landing"}, "sink": {"schema": "shop"}},
]


class Expected(Value):
    """What a plan said that the run would come to: it is shown, and nothing is decided by it."""

    cost: Annotated[float, Field(ge=0)] | None = None
    minutes: Annotated[float, Field(ge=0)] | None = None


class RunRequest(Value):
    """What a caller asks for."""

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    kind: Kind
    dataset: Name | dict[str, Any] | None = None
    units: Annotated[int, Field(ge=1, le=MOST_UNITS)] | None = None
    random_seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    documents: Documents = Documents()
    source: Source | None = None
    sink: Sink | None = None
    command: Command | None = None
    payloads: Payloads | None = None
    instances: Instances = Instances()
    limits: RunLimits = RunLimits()
    notify: Notifications = Notifications()
    expected: Expected | None = None

    @model_validator(mode="after")
    def _members_fit_the_kind(self) -> Self:
        needed = {
            Kind.GENERATE: {"dataset", "units"},
            Kind.PIPELINE: {"dataset", "units", "sink"},
            Kind.INGEST: {"source", "sink"},
            Kind.COMMAND: {"command", "payloads"},
        }[self.kind]
        optional = {"dataset"} if self.kind is Kind.INGEST else set()
        for name in ("dataset", "units", "source", "sink", "command", "payloads"):
            given = getattr(self, name) is not None
            if name in needed and not given:
                raise ValueError(f"{name}: a {self.kind} run needs it")
            if given and name not in needed | optional:
                raise ValueError(f"{name}: a {self.kind} run has none")
        return self

    @model_validator(mode="after")
    def _sink_fits_the_run(self) -> Self:
        sink = self.sink
        if sink and sink.connections and sink.connections < self.instances.most:
            raise ValueError(
                f"sink.connections: {sink.connections} are too few for"
                f" {self.instances.most} container groups"
            )
        if isinstance(sink, PostgresqlSink) and self.dataset is None:
            if sink.constraints == "after":
                raise ValueError("sink.constraints: only tables of a dataset get them after")
            if sink.mode == "replace" and not (self.source and self.source.record_type):
                raise ValueError("sink.mode: replace needs a dataset or source.record_type")
        return self


class RunRecord(Value):
    """The accepted request as it is kept; a dataset's name in it has become the dataset.

    `traceparent` names the trace of the run and its own span in it, if anybody is told of it;
    `trace_share` is the share of units that are in it.
    """

    run: str
    created: datetime
    request: RunRequest
    schedule: str | None = None
    traceparent: str | None = None
    trace_share: float = 0.0

    @property
    def dataset(self) -> dict[str, Any] | None:
        """The dataset specification."""
        return self.request.dataset if isinstance(self.request.dataset, dict) else None

    @property
    def dataset_name(self) -> str | None:
        """What the specification calls itself."""
        return str(self.dataset["dataset"]) if self.dataset and "dataset" in self.dataset else None
