"""The dataset language as JSON Schema: what an editor completes, explains and checks."""

import json
import re
from typing import Any

from worker_image.generator import load
from worker_image.generator.language import KINDS, DatasetSpec

Schema = dict[str, Any]

FIELD = "field"
"""The definition that stands for a field of any kind."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/"
_LONE_LINE_FEED = re.compile(r"(?<!\n)\n(?!\n)")


def dataset_schema() -> Schema:
    """The schema of draft 2020-12, made from the models that read a dataset.

    What it refuses the language refuses too, but for a `null` that stands for a member left out.
    The language refuses more: what does not hold together.
    """
    raw = DatasetSpec.model_json_schema()
    models = {_name(name): model for name, model in raw.pop("$defs").items()}
    defs = {FIELD: _any_field()} | {name: _model(name, models[name]) for name in sorted(models)}
    for name, kind in KINDS.items():
        _exemplify(defs[name], name, [load(text) for text in kind.examples])
    top = _model("dataset", raw)
    for name in models:
        _describe(defs[name], defs)
    return {"$schema": _DIALECT, **top, "$defs": defs}


def rendered(schema: Schema) -> str:
    """The schema as a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def target(schema: Schema) -> str | None:
    """The definition that a schema refers to."""
    reference = schema.get("$ref")
    return reference.removeprefix(_REF) if isinstance(reference, str) else None


def _any_field() -> Schema:
    return {
        "title": FIELD,
        "description": "One member names the kind of the field, the others hold for every kind.",
        "oneOf": [{"$ref": _REF + name} for name in KINDS],
    }


def _name(model: str) -> str:
    """What a model's definition is called: in words, or as its kind is written."""
    kinds = {kind.__name__: name for name, kind in KINDS.items()}
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", model).lower().removesuffix("-spec")
    return kinds.get(model, words)


def _model(name: str, raw: Schema) -> Schema:
    model = _cleaned(raw)
    members = {member: {"title": member, **each} for member, each in model["properties"].items()}
    return {"title": name.replace("-", " "), **model, "properties": members}


def _exemplify(model: Schema, kind: str, examples: list[Any]) -> None:
    """Give a kind its examples; the member that names it says what the kind says."""
    model["examples"] = examples
    member = model["properties"][kind]
    member["description"] = model["description"]
    member["examples"] = [example[kind] for example in examples]


def _describe(model: Schema, defs: dict[str, Schema]) -> None:
    """A member without a word of its own says what it refers to."""
    for member in model["properties"].values():
        if "description" not in member:
            member["description"] = defs[target(member) or ""]["description"]


def _cleaned(raw: Schema) -> Schema:
    """Without generated titles, names of models, and null for what may be left out."""
    schema = {
        name: _part(name, value)
        for name, value in raw.items()
        if name not in ("title", "anyOf", "oneOf") and (name, value) != ("default", None)
    }
    if "patternProperties" in schema:
        schema["additionalProperties"] = False
    for name in raw.keys() & {"anyOf", "oneOf"}:
        schema = _joined(name, raw[name]) | schema
    return schema


def _part(name: str, value: Any) -> Any:
    """The value of one keyword."""
    if name in ("properties", "patternProperties"):
        return {key: _cleaned(each) for key, each in value.items()}
    if name in ("items", "additionalProperties") and isinstance(value, dict):
        return _cleaned(value)
    if name == "$ref":
        return _REF + _name(value.removeprefix(_REF))
    return _plain(value)


def _joined(name: str, raw: list[Schema]) -> Schema:
    """Alternatives in the shortest way: one of them alone, a list of types, or any field."""
    choices = [_cleaned(each) for each in raw if each != {"type": "null"}]
    if [target(each) for each in choices] == list(KINDS):
        return {"$ref": _REF + FIELD}
    if len(choices) == 1:
        return choices[0]
    if all(set(each) == {"type"} for each in choices):
        return {"type": [each["type"] for each in choices]}
    return {name: choices}


def _plain(value: Any) -> Any:
    """A number without a needless point, a text in one line a paragraph."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _LONE_LINE_FEED.sub(" ", value) if isinstance(value, str) else value
