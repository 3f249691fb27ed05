"""The message on the work queue: everything that one unit of work needs.

JSON in ASCII without `<`, `>` and `&`, so that the storage service's XML carries it as it is and
a person can read it in any queue viewer. Fields are added, never renamed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from .failure import Failure

VERSION = 1
SIZE_LIMIT = 48 * 1024
DEPTH_LIMIT = 100  # levels of JSON: what is read can be written again, wherever that is called
HISTORY_LIMIT = 5

T = TypeVar("T")

_NOT_OURS = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
_XML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


class UndecodableMessageError(ValueError):
    """A queue message is not one of ours, or of a version that this code does not know."""


class Stage(StrEnum):
    """What a worker does with a unit."""

    GENERATE = "generate"
    INGEST = "ingest"
    COMMAND = "command"
    FINISH = "finish"  # a single unit after all others


@dataclass(frozen=True, slots=True)
class Limits:
    """How often and how long a unit is tried."""

    attempts: int = 5
    timeout_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Message:
    """One unit of work. `payload` belongs to the stage; `then` is the next stage's payload.

    `released` counts deliveries that ended without a try, when a worker was asked to leave;
    `busy` those that a target turned away which was away or had too much to do.
    """

    run: str
    stage: Stage
    unit: int
    payload: Mapping[str, Any]
    random_seed: int = 0
    limits: Limits = field(default_factory=Limits)
    history: tuple[Failure, ...] = ()
    released: int = 0
    busy: int = 0
    traceparent: str | None = None
    then: Mapping[str, Any] | None = None
    version: int = VERSION

    def encode(self) -> str:
        """The message as queue text.

        Raises:
            ValueError: the text is over `SIZE_LIMIT`.
        """
        text = encoded(members_of(self))
        if len(text) > SIZE_LIMIT:
            raise ValueError(
                f"the message of unit {self.unit} has {len(text)} bytes; {SIZE_LIMIT} are allowed"
            )
        return text

    @classmethod
    def decode(cls, text: str) -> "Message":
        """Read queue text; fields that a newer writer added are passed over.

        Raises:
            UndecodableMessageError: `text` is not a message of a known version.
        """
        try:
            members = parsed(text)
            if members["version"] != VERSION:
                raise UndecodableMessageError(
                    f"version {members['version']!r}: this worker knows {VERSION}"
                )
            return cls(
                run=str(members["run"]),
                stage=Stage(members["stage"]),
                unit=int(members["unit"]),
                payload=dict(members["payload"]),
                random_seed=int(members.get("random_seed", 0)),
                limits=known_fields(Limits, members.get("limits", {})),
                history=tuple(known_fields(Failure, item) for item in members.get("history", ())),
                released=int(members.get("released", 0)),
                busy=int(members.get("busy", 0)),
                traceparent=members.get("traceparent"),
                then=None if members.get("then") is None else dict(members["then"]),
            )
        except UndecodableMessageError:
            raise
        except _NOT_OURS as error:
            raise UndecodableMessageError(f"{type(error).__name__}: {error}") from error

    def failed(self, failure: Failure) -> "Message":
        """The message to try again, with the newest failures on it, oldest dropped to fit.

        Only the newest keeps its traceback.
        """
        earlier = tuple(replace(item, traceback="") for item in self.history)
        history = (*earlier, failure)[-HISTORY_LIMIT:]
        while True:
            message = replace(self, history=history)
            try:
                message.encode()
            except ValueError:
                if not history:
                    raise
                history = history[1:]
            else:
                return message


def members_of(value: Any) -> dict[str, Any]:
    """The fields of a dataclass as JSON members, those of dataclasses in it as well.

    What else is in it is not copied, which of a dataset takes longer than all the rest.
    """
    return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return members_of(value)
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value


def encoded(members: object) -> str:
    """JSON members as they stand in a message's text."""
    return json.dumps(members, separators=(",", ":")).translate(_XML)


def parsed(text: str | bytes) -> Any:
    """Read JSON that anybody may have written.

    Raises:
        ValueError: it is none, or nested deeper than `DEPTH_LIMIT`.
    """
    try:
        members = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    brackets = ("{", "[") if isinstance(text, str) else (b"{", b"[")
    if sum(map(text.count, brackets)) > DEPTH_LIMIT:  # type: ignore[arg-type]  # as the text
        _check_depth(members)
    return members


def _check_depth(members: object) -> None:
    level = [members]
    for _ in range(DEPTH_LIMIT + 1):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ValueError("nested too deep")


def known_fields(cls: type[T], members: Mapping[str, Any]) -> T:
    """Build the dataclass `cls` from the members that it knows.

    Raises:
        TypeError: they are none, one is missing, or is not of the plain type of its field.
    """
    if not isinstance(members, Mapping):
        raise TypeError(f"members are needed, not {type(members).__name__}")
    kinds = {item.name: item.type for item in fields(cls)}  # type: ignore[arg-type]  # a dataclass, by contract
    known = {name: value for name, value in members.items() if name in kinds}
    for name, value in known.items():
        kind = kinds[name]
        if isinstance(kind, type) and not isinstance(
            value, (int, float) if kind is float else kind
        ):
            raise TypeError(f"{name} is of type {type(value).__name__}, not {kind.__name__}")
    return cls(**known)
