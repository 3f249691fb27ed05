"""From a document to a dataset, or to everything that is wrong with it."""

from typing import Any, TypeAlias

from pydantic import ValidationError

from .building import Build
from .dataset import Dataset
from .kinds.base import TAG
from .language import DatasetSpec
from .problems import Problem, SpecError
from .source import plain_problems

_KEY = "[key]"  # what pydantic puts behind a name that is wrong itself
_Place: TypeAlias = tuple[str, str]
"""A record type and a field of it."""


def parse(document: object) -> Dataset:
    """Check a document, as `load` gives it, and prepare what needs no random seed.

    Raises:
        SpecError: with every problem that was found.
    """
    problems = list(plain_problems(document))
    spec, broken = (None, set[_Place]()) if problems else _validated(document, problems)
    if spec is None:
        raise SpecError(problems)
    build = Build(spec, broken, problems)
    dataset = build.dataset()
    if dataset is None or problems:
        raise SpecError(problems)
    return dataset


def _validated(document: Any, problems: list[Problem]) -> tuple[DatasetSpec | None, set[_Place]]:
    """The document as models, without the fields with problems, so that the rest is checked."""
    try:
        return DatasetSpec.model_validate(document), set()
    except ValidationError as error:
        lines = error.errors()
    problems += map(_problem, lines)
    broken = {_field(line["loc"]) for line in lines}
    sources = {source for source in broken if source}
    if len(sources) < len(broken):
        return None, set()
    records = {
        name: {**record, "fields": _without(sources, name, record["fields"])}
        for name, record in document["records"].items()
    }
    try:
        return DatasetSpec.model_validate({**document, "records": records}), sources
    except ValidationError:  # nothing is left of a record type
        return None, set()


def _field(path: tuple[int | str, ...]) -> _Place | None:
    inside = path[:1] == ("records",) and path[2:3] == ("fields",) and len(path) > 3
    return (str(path[1]), str(path[3])) if inside and path[4:] != (_KEY,) else None


def _without(broken: set[_Place], record: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {name: field for name, field in fields.items() if (record, name) not in broken}


def _problem(line: Any) -> Problem:
    parts = (str(part) for part in line["loc"] if part != _KEY and not str(part).startswith(TAG))
    return Problem(".".join(parts), line["input"], line["msg"])
