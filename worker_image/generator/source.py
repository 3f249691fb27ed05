"""From text to plain data: a document is data alone and costs no more than its size to read."""

import json
import math
import re
from collections.abc import Hashable, Iterator
from contextlib import suppress
from typing import Any

import yaml

from .problems import Problem, SpecError

SIZE_LIMIT = 1 << 20  # bytes
DEPTH_LIMIT = 32
_SHOWN = 40


class _Loader(yaml.CSafeLoader):
    """YAML with the plain scalars of version 1.2: `no` and dates are texts, as is every name.

    So a document means the same whether it is written in YAML or travels as JSON.
    """

    yaml_implicit_resolvers = {}  # noqa: RUF012 - pyyaml's own way to say it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        for name, _ in node.value:
            name.tag = "tag:yaml.org,2002:str"
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            raise yaml.constructor.ConstructorError(
                None, None, "a name is there twice", node.start_mark
            )
        return mapping


for _tag, _shape, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_shape})$"), _first
    )


def load(text: str | bytes) -> object:
    """Read YAML or JSON into plain data: mappings, lists, texts, numbers, booleans, null.

    Raises:
        SpecError: not YAML, over `SIZE_LIMIT` bytes, nested too deep, a name twice in one
            mapping, or with a tag, an anchor or an alias.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > SIZE_LIMIT:
        raise _refused(len(raw), f"at most {SIZE_LIMIT} bytes are allowed")
    try:
        if raw.lstrip()[:1] == b"{":
            with suppress(json.JSONDecodeError):  # then it may be YAML in braces
                return json.loads(raw, object_pairs_hook=_once)
        return _yaml(raw)
    except yaml.MarkedYAMLError as error:
        raise SpecError([_marked(raw, error)]) from None
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        reason = getattr(error, "reason", None) or str(error) or "nested too deep"
        raise _refused(raw[:_SHOWN].decode("utf-8", "replace"), reason) from None


def plain_problems(document: object, path: str = "", depth: int = 0) -> Iterator[Problem]:
    """Find what JSON could not carry or a database could not store."""
    if depth > DEPTH_LIMIT:
        yield Problem(path, "...", f"at most {DEPTH_LIMIT} levels are allowed")
    elif isinstance(document, dict):
        for name, value in document.items():
            below = f"{path}.{name}".lstrip(".")
            if reason := _name_fault(name):
                yield Problem(below, name, reason)
            yield from plain_problems(value, below, depth + 1)
    elif isinstance(document, list):
        for position, value in enumerate(document):
            yield from plain_problems(value, f"{path}.{position}", depth + 1)
    elif reason := _scalar_fault(document):
        yield Problem(path, document, reason)


def _name_fault(name: object) -> str | None:
    return _scalar_fault(name) if isinstance(name, str) else "a name must be a text: quote it"


def text_fault(text: str) -> str | None:
    """What is wrong with a text, if anything is."""
    whole = not re.search("[\0\ud800-\udfff]", text)
    return None if whole else "a text must be Unicode without NUL and lone surrogates"


def _scalar_fault(value: object) -> str | None:
    if isinstance(value, str):
        return text_fault(value)
    if isinstance(value, float):
        return None if math.isfinite(value) else "a number must be finite"
    if isinstance(value, int):
        return None if abs(value) < 1 << 63 else "a whole number must fit 64 bits"
    return None if value is None else "allowed: mappings, lists, texts, numbers, booleans, null"


def _yaml(raw: bytes) -> object:
    depth = 0
    for event in yaml.parse(raw, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ValueError("anchors and aliases are not allowed")
        if tag := getattr(event, "tag", None):
            raise ValueError(f"tags are not allowed: {tag}")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_LIMIT:
            raise ValueError(f"at most {DEPTH_LIMIT} levels are allowed")
    return yaml.load(raw, Loader=_Loader)  # noqa: S506 - a safe loader


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name is there twice")
    return members


def _marked(raw: bytes, error: yaml.MarkedYAMLError) -> Problem:
    """What YAML finds wrong, at its line; at the end of the text, where it began to be."""
    lines = raw.decode("utf-8", "replace").split("\n")
    marks = (mark.line for mark in (error.problem_mark, error.context_mark) if mark)
    number = next((line for line in marks if "".join(lines[line : line + 1]).strip()), 0)
    reason = ", ".join(filter(None, (error.context, error.problem)))
    return Problem(f"line {number + 1}", lines[number].strip()[:_SHOWN], reason)


def _refused(value: object, reason: str) -> SpecError:
    return SpecError([Problem("", value, reason)])
