"""Lists of values that stand in files of their own, taken into the specification.

So a specification says everything, and a unit depends on nothing else.
"""

import csv
import io
from collections.abc import Callable
from typing import Any

from .problems import Problem, Refusal, SpecError, instead

VALUES_LIMIT = 100_000


def resolve(document: Any, read: Callable[[str], bytes | None]) -> Any:
    """The document with the values of every `choice: {of: ..., column: ...}` in its place.

    `read` gives the content of a file, None if there is none.

    Raises:
        SpecError: with every list that cannot be had.
    """
    problems: list[Problem] = []
    resolved = _resolved(document, read, "", problems)
    if problems:
        raise SpecError(problems)
    return resolved


def _resolved(
    part: Any, read: Callable[[str], bytes | None], path: str, problems: list[Problem]
) -> Any:
    if isinstance(part, list):
        return [_resolved(one, read, f"{path}.{n}", problems) for n, one in enumerate(part)]
    if not isinstance(part, dict):
        return part
    choice = part.get("choice")
    if isinstance(choice, dict) and isinstance(choice.get("of"), str):
        try:
            return {**part, "choice": _values(choice, read)}
        except Refusal as refusal:
            where = f"{path}.choice".lstrip(".")
            problems.append(Problem(where, refusal.value, str(refusal)))
    return {
        name: _resolved(one, read, f"{path}.{name}".lstrip("."), problems)
        for name, one in part.items()
    }


def _values(choice: dict[str, Any], read: Callable[[str], bytes | None]) -> dict[str, Any]:
    content = read(choice["of"])
    if content is None:
        raise Refusal("there is no such file", choice["of"])
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refusal(f"not CSV with a line of names: {error}", choice["of"]) from None
    if not 0 < len(rows) <= VALUES_LIMIT:
        raise Refusal(f"{len(rows)} values; 1 to {VALUES_LIMIT} are allowed", choice["of"])
    taken = {name: value for name, value in choice.items() if name not in ("of", "column")}
    taken["values"] = _column(rows, choice.get("column"))
    if "weights" in choice:
        taken["weights"] = list(map(_weight, _column(rows, choice["weights"])))
    return taken


def _column(rows: list[dict[str, Any]], name: Any) -> list[str]:
    if name not in rows[0]:
        raise Refusal(instead(str(name), rows[0]), name)
    values = [row[name] for row in rows]
    if None in values:
        raise Refusal(f"line {values.index(None) + 2} has no such value", name)
    return values


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refusal("a weight must be a number", text) from None
