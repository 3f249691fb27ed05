"""Bicep files as tests see them: what a file declares, what it calls, what it names.

There is a parser, and no compiler: what a compiler would refuse is found by `tests/deployment`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from lark import Token, Tree
from pycep import BicepParser

INFRA = Path(__file__).parents[2] / "infra"
_INTERPOLATED = re.compile(r"\$\{((?:[^{}]|\{[^{}]*\})*)\}")
_LOADED = re.compile(r"load(?:Json|Text)Content\('([^']+)'")
_LOOPS = ("loop_array", "loop_array_index", "loop_object")


@cache
def _parser() -> BicepParser:
    return BicepParser()


@cache
def _json(text: str) -> dict[str, Any]:
    return dict(_parser().parse(text=text))


@cache
def _tree(text: str) -> Tree[Token]:
    return _parser().lark_parser.parse(text)


@dataclass(frozen=True)
class Module:
    """A call of another file."""

    path: Path
    params: Mapping[str, Any]
    scope: str | None


@dataclass(frozen=True)
class Bicep:
    """One file; values are as pycep gives them, where a symbol looks like a text."""

    path: Path

    @cached_property
    def text(self) -> str:
        """What is in the file."""
        return self.path.read_text()

    @cached_property
    def json(self) -> dict[str, Any]:
        """What pycep makes of it; raises what it raises."""
        return _json(self.text)

    @property
    def scope(self) -> str:
        """What it is deployed to."""
        scopes = self.json.get("globals", {}).get("scope", {})
        return str(scopes.get("value", "resourceGroup"))

    @property
    def params(self) -> dict[str, dict[str, Any]]:
        """Its parameters."""
        return dict(self.json.get("parameters", {}))

    @property
    def required(self) -> set[str]:
        """Names of the parameters that have no default."""
        return {name for name, param in self.params.items() if param.get("default") is None}

    @property
    def variables(self) -> dict[str, Any]:
        """Its variables."""
        return {name: var["value"] for name, var in self.json.get("variables", {}).items()}

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Its resources, those that exist already too."""
        return dict(self.json.get("resources", {}))

    @property
    def outputs(self) -> set[str]:
        """Names of its outputs."""
        return set(self.json.get("outputs", {}))

    @property
    def modules(self) -> dict[str, Module]:
        """What it calls."""
        return {name: self._module(call) for name, call in self.json.get("modules", {}).items()}

    def _module(self, call: dict[str, Any]) -> Module:
        path = (self.path.parent / call["detail"]["path"]).resolve()
        config = body(call)
        return Module(path, config.get("params", {}), config.get("scope"))

    @property
    def loaded(self) -> set[Path]:
        """Files whose content it takes in."""
        return {(self.path.parent / name).resolve() for name in _LOADED.findall(self.text)}

    @cached_property
    def declared(self) -> set[str]:
        """Every symbol of the file."""
        kinds = ("parameters", "variables", "resources", "modules")
        return {name for kind in kinds for name in self.json.get(kind, {})}

    @cached_property
    def named(self) -> set[tuple[str, ...]]:
        """Every symbol that an expression names, with the properties that it goes on to.

        Names that a loop or a lambda makes for itself are not among them.
        """
        return set(_named(_tree(self.text), frozenset()))


def body(element: dict[str, Any]) -> dict[str, Any]:
    """What a resource or module says, without its loop and its condition."""
    config: dict[str, Any] = element["config"]
    while "config" in config:
        config = config["config"]
    return config


def reachable(path: Path) -> dict[Path, Bicep]:
    """A file and all that it calls, by their paths."""
    found: dict[Path, Bicep] = {}
    waiting = [path]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found[here] = Bicep(here)
            waiting += [module.path for module in found[here].modules.values()]
    return found


def _named(tree: Tree[Token] | Token | None, own: frozenset[str]) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, Token):
        for inner in _INTERPOLATED.findall(tree):
            yield from _named(_tree(f"var x = {inner}"), own)
    elif tree is None:
        return
    elif _is_symbol(tree):
        yield from {(str(tree.children[0]),)} - {(name,) for name in own}
    elif tree.data == "property_accessor":
        yield from _accessed(tree, own)
    else:
        own |= _own(tree)
        for child in tree.children:
            yield from _named(child, own)


def _own(tree: Tree[Token]) -> set[str]:
    """The names that a loop or a lambda makes for what is in it."""
    if tree.data == "loop":
        heads = [child for child in tree.children if getattr(child, "data", "") in _LOOPS]
        return {str(name) for head in heads for name in _tokens(head)}
    if tree.data == "lambda_expression":
        return {name for child in tree.children[:-1] for (name,) in _named(child, frozenset())}
    return set()


def _tokens(tree: Tree[Token] | Token | None) -> list[Token]:
    assert isinstance(tree, Tree)
    return [child for child in tree.children if isinstance(child, Token)]


def _accessed(tree: Tree[Token], own: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """`a.b.c` names `a` with its properties; what is in brackets on the way is named by itself."""
    first, rest = tree.children
    heads = list(_named(first, own))
    tail = tuple(str(node.children[0]) for node in _symbols(rest))
    yield from ((*head, *tail) if len(head) == 1 else head for head in heads)


def _symbols(tree: Tree[Token] | Token | None) -> Iterator[Tree[Token]]:
    if isinstance(tree, Tree):
        if _is_symbol(tree):
            yield tree
        elif tree.data in ("operator", "property_accessor"):
            for child in tree.children:
                yield from _symbols(child)


def _is_symbol(tree: Tree[Token]) -> bool:
    """Whether it is a name; a text in quotes is of another type."""
    token = tree.children[0] if tree.data == "string" else None
    return isinstance(token, Token) and token.type == "STRING"
