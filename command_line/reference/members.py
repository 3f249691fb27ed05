"""Tables of what may be written where, from the schema of the language."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from command_line.reference.markdown import code, table
from command_line.schema import FIELD, Schema, target

_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
_MANY = {
    "a text": "texts",
    "a whole number": "whole numbers",
    "a number": "numbers",
    "true or false, a number, a text": "texts, numbers, booleans",
    "a field": "fields",
    "a record": "records",
    "a list of texts": "lists of texts",
}
_LARGEST = (1 << 63) - 1
_HEAD = ("member", "value", "default", "allowed", "meaning")

Defs = Mapping[str, Schema]


def members(model: Schema, defs: Defs, names: Iterable[str] | None = None) -> str:
    """A table of the members of a mapping, all or some of them, and of the mappings in it."""
    rows = _rows(model, defs, "")
    chosen = None if names is None else set(names)
    return table(_HEAD, (row for name, row in rows if chosen is None or name in chosen))


def forms(schema: Schema, defs: Defs) -> str:
    """What may stand in a place: its type and limits, for each form that it may have."""
    several = len(mappings(schema, defs)) > 1
    return "; or ".join(_form(form, defs, several) for form in alternatives(schema))


def _form(schema: Schema, defs: Defs, several: bool) -> str:
    name = target(schema)
    remark = defs[name]["title"] if name and several else limits(schema)
    return phrase(schema, defs) + (f" ({remark})" if remark else "")


def mappings(schema: Schema, defs: Defs) -> list[Schema]:
    """The mappings with known members that may stand in a place."""
    names = map(target, alternatives(schema))
    return [defs[name] for name in names if name and name != FIELD]


def alternatives(schema: Schema) -> list[Schema]:
    """The forms that a value may have."""
    return list(schema.get("oneOf") or schema.get("anyOf") or [schema])


def phrase(schema: Schema, defs: Defs) -> str:
    """What a value is, in a few words."""
    if "const" in schema:
        return code(_written(schema["const"]))
    if "enum" in schema:
        return " or ".join(map(code, schema["enum"]))
    if name := target(schema):
        return f"a {name}" if name in (FIELD, "record") else "a mapping"
    if len(alternatives(schema)) > 1:
        return " or ".join(dict.fromkeys(phrase(each, defs) for each in alternatives(schema)))
    if isinstance(schema["type"], list):
        kinds = dict.fromkeys(_TYPES[each] for each in schema["type"] if each != "integer")
        return ", ".join(kinds)
    return _collection(schema, defs)


def _collection(schema: Schema, defs: Defs) -> str:
    name = _TYPES[schema["type"]]
    inner = schema.get("items") or next(iter(schema.get("patternProperties", {}).values()), None)
    inner = inner or schema.get("additionalProperties")
    if not isinstance(inner, dict):
        return name
    one = phrase(inner, defs)
    many = _MANY.get(one, f"({one})")
    return f"{name} of {many}" if schema["type"] == "array" else f"{name} of names to {many}"


def limits(schema: Schema) -> str:
    """Which values are allowed, as far as one value alone decides it."""
    parts = [
        _range(schema.get("minimum"), schema.get("maximum"), schema.get("exclusiveMinimum")),
        _counted(schema, "Items", ""),
        _counted(schema, "Properties", ""),
        _counted(schema, "Length", "characters"),
        code(schema["pattern"]) if "pattern" in schema else "",
    ]
    inner = schema.get("items") or schema.get("additionalProperties")
    if isinstance(inner, dict) and limits(inner):
        parts.append(f"each {limits(inner)}")
    return ", ".join(filter(None, parts))


def _range(low: Any, high: Any, above: Any) -> str:
    if above is not None:
        return f"above {above:,}" + (f", up to {high:,}" if high is not None else "")
    if high == _LARGEST:
        return "64 bits"
    if low is not None and high is not None:
        return f"{low:,} to {high:,}"
    return f"{low:,} or more" if low is not None else ""


def _counted(schema: Schema, of: str, what: str) -> str:
    low, high = schema.get(f"min{of}"), schema.get(f"max{of}")
    if low is None and high is None:
        return ""
    number = f"{low or 0}" if low == high else f"{low or 0} to {high}" if high else f"{low} or more"
    return f"{number} {what}".strip()


def _rows(model: Schema, defs: Defs, path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, member in model["properties"].items():
        needed = name in model.get("required", ())
        default = "needed" if needed else code(_written(member.get("default", "")))
        short = [each for each in alternatives(member) if target(each) is None]
        allowed = "; ".join(filter(None, map(limits, short)))
        yield (
            name,
            (
                code(path + name),
                phrase(member, defs),
                default,
                allowed,
                member["description"],
            ),
        )
        for inner in mappings(member, defs):
            if inner["title"] != "record":
                yield from _rows(inner, defs, f"{path}{name}.")


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value == [] else str(value)
