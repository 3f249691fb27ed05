"""The payload of each stage: what a worker needs to do one unit, and nothing else.

No secret is ever part of a payload; how a sink is reached is the worker's environment.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


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
        return asdict(self)

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
class IngestPayload:
    """Load one document into the tables of `schema`.

    With a dataset the tables are made from it where they are missing; without one they exist.
    `record_type` names the table of a document whose lines carry no type of their own.
    """

    container: str
    path: str
    schema: str
    dataset: DatasetSource | None = None
    record_type: str | None = None

    def members(self) -> dict[str, Any]:
        """As JSON members of a message."""
        return asdict(self)

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> "IngestPayload":
        """From the JSON members of a message.

        Raises:
            KeyError: a member is missing.
        """
        dataset = members.get("dataset")
        return cls(
            container=members["container"],
            path=members["path"],
            schema=members["schema"],
            dataset=DatasetSource(**dataset) if dataset else None,
            record_type=members.get("record_type"),
        )


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
        return asdict(self)

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
