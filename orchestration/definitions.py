"""Jobs as they are stored and as one run wants them, and who uses a definition."""

import json
from collections.abc import Iterator
from typing import Any, get_type_hints

from pydantic import create_model

from .model import RunRequest, Value
from .problems import by_place
from .services import Noun, Services
from .services.threads import side_by_side

_HINTS = get_type_hints(RunRequest, include_extras=True)
_MEMBERS: dict[str, Any] = {name: (_HINTS[name] | None, None) for name in RunRequest.model_fields}
JobChanges: type[Value] = create_model(
    "JobChanges",
    __base__=Value,
    __doc__="Members that take the place of a job's own, each as a whole; null takes one away.",
    **_MEMBERS,
)


def read_job(content: bytes) -> RunRequest:
    """A job from its text.

    Raises:
        InvalidRequestError: every fault by its place.
    """
    with by_place(RunRequest):
        return RunRequest.model_validate_json(content)


def stored_job(services: Services, name: str) -> RunRequest | None:
    """The job of this name, None if there is none; raises what `read_job` does."""
    stored = services.records.definitions(Noun.JOB).read(name)
    return read_job(stored.content) if stored else None


def changed(job: RunRequest, changes: Value) -> RunRequest:
    """A job as one run wants it; `changes` are `JobChanges`. Raises what `read_job` does."""
    given = {name: getattr(changes, name) for name in changes.model_fields_set}
    members = {name: value for name, value in {**dict(job), **given}.items() if value is not None}
    with by_place(RunRequest):
        return RunRequest.model_validate(members)


def users(services: Services, noun: Noun, name: str) -> list[str]:
    """The jobs and schedules that name a definition, as `job nightly`; faulty ones too."""
    found = []
    for other in (Noun.JOB, Noun.SCHEDULE):
        definitions = services.records.definitions(other)
        for stored in side_by_side(definitions.read, definitions.names()):
            if stored and (noun, name) in used(stored.content):
                found.append(f"{other} {stored.name}")
    return found


def used(content: bytes) -> set[tuple[Noun, str]]:
    """What the text of a job or a schedule names, whatever else is wrong with it."""
    try:
        said = json.loads(content)
    except ValueError:
        return set()
    return set(_named(said)) if isinstance(said, dict) else set()


def _named(said: dict[str, Any]) -> Iterator[tuple[Noun, str]]:
    request = said.get("request")
    for noun, members in ((Noun.DATASET, said), (Noun.DATASET, request), (Noun.JOB, said)):
        value = members.get(noun) if isinstance(members, dict) else None
        if isinstance(value, str):
            yield noun, value
