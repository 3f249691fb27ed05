"""The environment of a container: written when a group is provisioned, read when it starts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

PREFIX = "ACI_JOBS_"


class ConfigurationError(Exception):
    """A variable is missing or wrong; the message names it and never shows a secret."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable; a secret one travels as a secure value."""

    name: str
    value: str
    secret: bool


def _secret() -> Any:
    return field(default="", repr=False, metadata={"secret": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEnvironment:
    """All that a worker is told. Times are in seconds.

    `concurrency` units are worked on at once, made by so many `processes`; at most `connections`
    of them are in a sink at once. `sink_secret` is what a sink other than PostgreSQL authenticates
    with, and `http_hosts` are those that one over HTTP may reach, separated by commas.

    Storage is reached by managed identity through the two endpoints, or by a connection string
    where an emulator knows no identities.
    """

    run: str
    worker: str
    queue_endpoint: str = ""
    blob_endpoint: str = ""
    identity_client_id: str = ""
    storage_connection_string: str = _secret()
    postgresql_url: str = _secret()
    sink_secret: str = _secret()
    http_hosts: str = ""
    applicationinsights_connection_string: str = _secret()
    otlp_endpoint: str = ""
    otlp_headers: str = _secret()
    concurrency: int = 2
    connections: int = 2
    processes: int = 1
    visibility_seconds: float = 120.0
    idle_seconds: float = 60.0
    poll_seconds: float = 1.0
    grace_seconds: float = 8.0
    heartbeat_seconds: float = 5.0
    retry_seconds: float = 5.0

    def variables(self) -> tuple[Variable, ...]:
        """As environment variables, without the empty ones."""
        return tuple(
            Variable(
                name=PREFIX + item.name.upper(),
                value=str(getattr(self, item.name)),
                secret=bool(item.metadata.get("secret")),
            )
            for item in fields(self)
            if getattr(self, item.name) != ""
        )

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "WorkerEnvironment":
        """Read the process's environment.

        Raises:
            ConfigurationError: a variable is missing or is not a number where one is needed.
        """
        values: dict[str, Any] = {}
        for item in fields(cls):
            text = environment.get(PREFIX + item.name.upper())
            if text is not None:
                values[item.name] = _convert(item.name, item.type, text)
        for required in ("run", "worker"):
            if not values.get(required):
                raise ConfigurationError(f"{PREFIX}{required.upper()} is missing")
        _check_storage(values)
        return cls(**values)


def _convert(name: str, kind: object, text: str) -> object:
    if kind is str:
        return text
    try:
        number = int(text) if kind is int else float(text)
    except ValueError:
        number = -1
    if not 0 < number < math.inf:
        raise ConfigurationError(f"{PREFIX}{name.upper()}={text!r}: a number above 0 is needed")
    return number


def _check_storage(values: Mapping[str, Any]) -> None:
    endpoints = values.get("queue_endpoint") and values.get("blob_endpoint")
    if not endpoints and not values.get("storage_connection_string"):
        raise ConfigurationError(
            f"{PREFIX}QUEUE_ENDPOINT and {PREFIX}BLOB_ENDPOINT are missing "
            f"(or {PREFIX}STORAGE_CONNECTION_STRING, for an emulator)"
        )
