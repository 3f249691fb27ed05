"""Lists of values that stand in files of their own, taken into the specification.

So a specification says everything, and a unit depends on nothing else.
"""

import csv
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from .problems import Problem, Refusal, SpecError, instead, located
from .source import DEPTH_LIMIT

VALUES_LIMIT = 100_000
WEIGHT_LIMIT = 1e12


def resolve(document: Any, read: Callable[[str], bytes | None]) -> Any:
    """The document with the values of every `choice: {of: ..., column: ...}` in its place.

    `read` gives the content of a file, None if there is none.

    Raises:
        SpecError: with every list that cannot be had.
    """
    problems: list[Problem] = []
    resolved = _resolved(document, read, (), problems)
    if problems:
        raise SpecError(problems)
    return resolved


def _resolved(
    part: Any,
    read: Callable[[str], bytes | None],
    path: tuple[str, ...],
    problems: list[Problem],
) -> Any:
    if len(path) > DEPTH_LIMIT or not isinstance(part, dict | list):
        return part  # what is nested deeper is refused later
    if isinstance(part, list):
        return [_resolved(one, read, (*path, str(n)), problems) for n, one in enumerate(part)]
    choice = part.get("choice")
    if isinstance(choice, dict) and isinstance(choice.get("of"), str):
        try:
            return {**part, "choice": _values(choice, read)}
        except Refusal as refusal:
            where = ".".join((*path, "choice", *refusal.path))
            problems.append(Problem(where, refusal.value, refusal.reason))
    return {name: _resolved(one, read, (*path, str(name)), problems) for name, one in part.items()}


def _values(choice: dict[str, Any], read: Callable[[str], bytes | None]) -> dict[str, Any]:
    with located("of"):
        names, rows = _table(choice["of"], read)
    taken = {name: value for name, value in choice.items() if name not in ("of", "column")}
    with located("column"):
        taken["values"] = _column(names, rows, choice.get("column"))
    with located("weights"):
        if "weights" in choice:
            taken["weights"] = list(map(_weight, _column(names, rows, choice["weights"])))
    return taken


def _table(
    path: str, read: Callable[[str], bytes | None]
) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """The names and the rows of a CSV file; lines with nothing in them are none."""
    content = read(path)
    if content is None:
        raise Refusal("there is no such file", path)
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        names = next(reader, [])
        rows = []
        for row in filter(None, reader):
            if len(row) != len(names):
                reason = f"line {reader.line_num} has {len(row)} values, not {len(names)}"
                raise Refusal(reason, path)
            rows.append(row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refusal(f"not CSV in UTF-8 with a line of names: {error}", path) from None
    if not 0 < len(rows) <= VALUES_LIMIT:
        raise Refusal(f"{len(rows)} values; 1 to {VALUES_LIMIT} are allowed", path)
    return names, rows


def _column(names: Sequence[str], rows: Sequence[Sequence[str]], name: Any) -> list[str]:
    if name not in names:
        raise Refusal(instead(str(name), names), name)
    if names.count(name) > 1:
        raise Refusal("more than one column has this name", name)
    place = names.index(name)
    return [row[place] for row in rows]


def _weight(text: str) -> float:
    with suppress(ValueError):
        if 0 < (weight := float(text)) <= WEIGHT_LIMIT:
            return weight
    raise Refusal(f"a weight must be a number above 0, at most {WEIGHT_LIMIT:g}", text)
