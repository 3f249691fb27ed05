"""The payload of each stage: what a worker needs to do one unit, and nothing else.

No secret is ever part of a payload; how a sink is reached is the worker's environment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .message import known_fields, members_of


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """A dataset specification, in the message or, when too large, in a blob of the run.

    `blob` is a path in the container of the runs that ends in the digest of its content.
    """

    inline: Mapping[str, Any] | None = None
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class GeneratePayload:
    """Make the documents of one group of related records under `container`/`prefix`."""

    dataset: DatasetSource
    container: str
    prefix: str
    compression: str
    format: str = "ndjson"

    def members(self) -> dict[str, Any]:
        """As JSON members of a message."""
        return members_of(self)

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> "GeneratePayload":
        """From the JSON members of a message.

        Raises:
            KeyError: a member is missing.
        """
        return cls(
            dataset=DatasetSource(**members["dataset"]),
            container=members["container"],
            prefix=members["prefix"],
            compression=members["compression"],
            format=members.get("format", "ndjson"),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """How documents are read; what is empty is found by their names, or else by their content.

    `record_type` is that of all rows; without it NDJSON lines carry their own, and documents of
    other formats lie in a folder that is named like it. Of CSV: without `header` the columns are
    named by `columns`; unquoted text that is `null` is no value; `escape` is the character before
    a quote in quoted text, where it is not the quote itself. `unknown_columns` says whether
    columns that a table does not have are an error or passed over: fail | ignore.
    """

    format: str = ""
    compression: str = ""
    record_type: str = ""
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    header: bool = True
    columns: tuple[str, ...] = ()
    null: str = ""
    encoding: str = "utf-8"
    unknown_columns: str = "fail"

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> "Reading":
        """From JSON members; those that a newer writer added are passed over."""
        return known_fields(cls, {**members, "columns": tuple(members.get("columns", ()))})


@dataclass(frozen=True, slots=True)
class IngestPayload:
    """Load one document into a sink: a `kind` with the members that are its own.

    With a dataset the tables are made from it where they are missing; without one they exist.
    With `each_record` the path has a `*` in place of the folder of each record type of the
    dataset: these documents are loaded as one. `etag` is the version that a listing has found.
    """

    container: str
    path: str
    sink: Mapping[str, Any]
    dataset: DatasetSource | None = None
    reading: Reading = field(default_factory=Reading)
    each_record: bool = False
    etag: str | None = None

    def members(self) -> dict[str, Any]:
        """As JSON members of a message."""
        return members_of(self)

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> "IngestPayload":
        """From the JSON members of a message.

        Raises:
            KeyError: a member is missing.
        """
        dataset = members.get("dataset")
        reading = {"record_type": members.get("record_type") or "", **members.get("reading", {})}
        return cls(
            container=members["container"],
            path=members["path"],
            sink=sink_members(members),
            dataset=DatasetSource(**dataset) if dataset else None,
            reading=Reading.read(reading),
            each_record=members.get("each_record", False),
            etag=members.get("etag"),
        )


@dataclass(frozen=True, slots=True)
class FinishPayload:
    """Do what is left once all documents of a run are in the sink: constraints and indexes."""

    sink: Mapping[str, Any]
    dataset: DatasetSource | None = None

    def members(self) -> dict[str, Any]:
        """As JSON members of a message."""
        return members_of(self)

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> "FinishPayload":
        """From the JSON members of a message.

        Raises:
            KeyError: a member is missing.
        """
        dataset = members.get("dataset")
        return cls(members["sink"], DatasetSource(**dataset) if dataset else None)


def sink_members(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """The sink in a payload; the first writers knew a schema of PostgreSQL alone.

    Raises:
        KeyError: there is neither.
    """
    if "sink" in members:
        sink: Mapping[str, Any] = members["sink"]
        return sink
    return {"kind": "postgresql", "schema": members["schema"]}


@dataclass(frozen=True, slots=True)
class CommandPayload:
    """Start `program` with the JSON `text` on its standard input.

    `environment` are variables of its own. `exit_codes` says what an exit code, written as a
    decimal number, means for the unit (an `Ending`); one that is not in it is a retry. With
    `connection_string` the program gets the worker's, where an emulator gives the worker one.
    """

    program: tuple[str, ...]
    text: str
    environment: Mapping[str, str]
    exit_codes: Mapping[str, str]
    connection_string: bool = False

    def members(self) -> dict[str, Any]:
        """As JSON members of a message."""
        return members_of(self)

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> "CommandPayload":
        """From the JSON members of a message.

        Raises:
            KeyError: a member is missing.
        """
        return cls(
            program=tuple(members["program"]),
            text=members["text"],
            environment=members["environment"],
            exit_codes=members["exit_codes"],
            connection_string=members.get("connection_string", False),
        )
